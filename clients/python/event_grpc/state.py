"""The state of a client: queue, pauses, consent, and who waits for what."""

import logging
import threading
from typing import Callable, List, Optional, Set, Tuple

from event_grpc.batch import AROUND, front
from event_grpc.counting import Counts
from event_grpc.item import Item
from event_grpc.journal import Journal
from event_grpc.options import GRANTED, Options
from event_grpc.pacing import Division, Pacing
from event_grpc.queue import Queue
from event_grpc.results import GivenUp

_log = logging.getLogger("event_grpc")


class Waiter:
    """One call of `flush` that waits."""

    def __init__(self, wake: Callable[[], object]) -> None:
        self.wake = wake
        """Called once, with the lock held, when it is known what `flush` returns."""
        self.settled: Optional[bool] = None
        """What it returns."""


class State:
    """The state of a client. All of it is used with `changed` held."""

    def __init__(self, options: Options, queue: Queue, consent: str) -> None:
        self.options = options
        self.changed = threading.Condition()
        self.queue = queue
        self.counts = Counts()
        self.consent = consent
        self.online = True
        self.header = b"{}"
        self.closed = False
        """No event is taken any more."""
        self.ended = False
        """Nothing is sent any more."""
        self.pacing = Pacing(options.limits)
        self.division = Division()
        self.again: List[Item] = []
        """The batch that failed, which is sent again as it is."""
        self.epoch = 0
        """Raised when an answer that is awaited changes nothing any more."""
        self.at_once = 0
        """Events up to this number don't wait for others."""
        self.waiters: List[Waiter] = []
        self.calling: List[int] = []
        """The threads that call back."""
        self._fills_at = 0
        """How many events fill the batch that waits for others; 0 if none waits."""
        self._told: Set[str] = set()

    def found(self, journal: Optional[Journal]) -> None:
        """Counts what was found in storage."""
        if journal is not None:
            self.counts.taken += len(journal.items)
            self.counts.damaged += journal.damaged

    def batch(self) -> List[Item]:
        """The events that are sent next."""
        return self.again or self._front()[0]

    def due(self) -> Optional[float]:
        """When they are sent, by the monotonic clock; None for not at all as things are."""
        self._fills_at = 0
        if not self.queue.items or self.consent != GRANTED or not self.online:
            return None
        if self.again:
            return self.pacing.until
        batch, is_full = self._front()
        first = batch[0]
        if is_full or self.waiters or first.number <= self.at_once:
            return self.pacing.until
        self._fills_at = self._most()
        return max(self.pacing.until, first.taken + self.options.limits.batch_wait)

    def may_be_due(self, item: Item) -> bool:
        """Whether it is worth it to look at `due` again after this event was taken."""
        events = len(self.queue.items)
        if events == 1:
            return True
        if self._fills_at == 0:
            return False
        size = self.queue.bytes + len(item.header) + events + AROUND
        is_full = events >= self._fills_at or size > self.options.limits.batch_bytes
        return is_full or item.header != self.queue.items[0].header

    def hurry(self) -> None:
        """Lets what is queued go out at once, but not before what the server asked for."""
        self.pacing.cut()
        if self.queue.items:
            self.at_once = self.queue.items[-1].number

    def give_up(
        self,
        items: List[Item],
        reason: str,
        code: Optional[str] = None,
        message: Optional[str] = None,
        status: Optional[int] = None,
    ) -> List[GivenUp]:
        """Removes events from the queue. `call_back` has to be called with what it returns."""
        self.queue.remove(items)
        self.counts.given_up[reason] += len(items)
        self.again = [item for item in self.again if item not in items]
        if items:
            self.calling.append(threading.get_ident())
        return [GivenUp(item.id, item.type, reason, code, message, status) for item in items]

    def call_back(self, given_up: List[GivenUp]) -> None:
        """Tells of events that were given up. This alone is called without the lock."""
        for event in given_up:
            self._tell(event)
        with self.changed:
            me = threading.get_ident()
            self.calling = [thread for thread in self.calling if thread != me]
            self.settle_waiters()

    def settled(self) -> Optional[bool]:
        """What `flush` returns now; None if it has to wait."""
        called_back = all(thread == threading.get_ident() for thread in self.calling)
        if not self.queue.items and called_back:
            return True
        if self.consent != GRANTED or not self.online or self.ended:
            return not self.queue.items
        return None

    def settle_waiters(self) -> None:
        """Answers those who wait in `flush`, if there is an answer."""
        settled = self.settled()
        if settled is None:
            return
        for waiter in self.waiters:
            waiter.settled = settled
            waiter.wake()
        self.waiters = []

    def _front(self) -> Tuple[List[Item], bool]:
        return front(self.queue.items, self._most(), self.options.limits.batch_bytes)

    def _most(self) -> int:
        first = self.queue.items[0]
        return self.division.most(first.number, self.options.limits.batch_events)

    def log_failure(self, failure: str) -> None:
        """Tells of the first failure of each kind."""
        kind = failure.partition(":")[0]
        if kind not in self._told:
            self._told.add(kind)
            _log.warning(
                "a request to %s failed: %s; its events wait and are sent again, more of these are counted",
                self.options.endpoint,
                failure,
            )

    def _tell(self, event: GivenUp) -> None:
        if self.options.on_given_up is not None:
            try:
                self.options.on_given_up(event)
            except (Exception, SystemExit):
                # sys.exit() in the client's own thread ends no program, but would end the thread.
                _log.exception("on_given_up failed")
        elif event.reason not in self._told:
            self._told.add(event.reason)
            status = "" if event.status is None else f", status {event.status}: {event.message}"
            _log.warning(
                "gave up %s (%s%s); more of these are counted, and told to on_given_up",
                event.type,
                event.reason,
                status,
            )
