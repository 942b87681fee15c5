"""What `Client` and `AsyncClient` have in common: everything but waiting."""

import ssl
import threading
from datetime import datetime
from typing import Callable, List, Optional, Union

from event_grpc.events import PATH, Header
from event_grpc.item import Item, encode, make
from event_grpc.journal import Journal
from event_grpc.kinds import Invalid
from event_grpc.message import Event
from event_grpc.options import (
    DENIED,
    GRANTED,
    Limits,
    Options,
    check_consent,
    check_endpoint,
    check_key,
    check_tls,
)
from event_grpc.processes import open_for_fork, opened
from event_grpc.queue import Queue
from event_grpc.results import Counters, GivenUp, Tracked
from event_grpc.sender import Sender
from event_grpc.state import State, Waiter


class BaseClient:
    """Takes events, and sends them from a thread of its own."""

    def __init__(
        self,
        endpoint: str,
        key: Optional[str] = None,
        *,
        header: Optional[Header] = None,
        storage: Optional[str] = None,
        consent: str = GRANTED,
        on_given_up: Optional[Callable[[GivenUp], None]] = None,
        tls: Optional[ssl.SSLContext] = None,
        insecure: bool = False,
        limits: Optional[Limits] = None,
    ) -> None:
        """Opens a client.

        endpoint: where the server is, such as https://events.example.com.
        key: write key, if the server asks for one.
        header: who and what sends; holds for all events until `set_header`.
        storage: a folder, which is made if it isn't there, for a queue that outlives the process. Without it the
            queue is in memory.
        consent: `granted`, `pending` or `denied`.
        on_given_up: called with each event that was taken and can't be sent, from the thread that finds out.
        tls: a context that trusts more than the system does, or has a client certificate.
        insecure: allows http to what isn't this machine.

        Raises ValueError if an option is wrong, `QueueInUse` if another client has the folder, and OSError if the
        folder can't be used.
        """
        check_endpoint(endpoint, insecure)
        check_key(key)
        check_tls(tls)
        check_consent(consent)
        self._options = Options(endpoint, key, storage, on_given_up, tls, limits or Limits())
        journal = None if storage is None else Journal(storage)
        self._begin(journal, consent, _encode(header, self._options.limits))
        opened.add(self)
        if consent == DENIED:
            self.set_consent(DENIED)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._options.endpoint!r})"

    def track(
        self,
        event: Event,
        *,
        id: Optional[str] = None,
        timestamp: Union[int, datetime, None] = None,
        current_url: Optional[str] = None,
    ) -> Tracked:
        """Takes an event; the answer says whether it did, and why not.

        timestamp: when it happened: a datetime with a zone, or milliseconds since the epoch. Now, if left out.
        current_url: where it happened.
        """
        state = self._state
        with state.changed:
            if state.closed:
                return self._refuse("closed", "the client is closed")
            if state.consent == DENIED:
                return self._refuse("no_consent", "consent is denied")
            header = state.header
        try:
            item = make(event, header, id, timestamp, current_url)
            if len(item.event) > self._options.limits.max_event_bytes:
                raise Invalid(f"is {len(item.event)} bytes, more than max_event_bytes")
        except Invalid as invalid:
            return self._refuse("invalid", str(invalid))
        except Exception as error:
            # Lists and maps may be anybody's classes.
            return self._refuse("invalid", f"can't be read: {type(error).__name__}")
        return self._take(item)

    def set_header(self, header: Optional[Header]) -> None:
        """Sets who and what sends, for events that are taken from now on. Raises ValueError if it can't be sent."""
        encoded = _encode(header, self._options.limits)
        with self._state.changed:
            self._state.header = encoded

    def set_online(self, online: bool) -> None:
        """Stops requests, or lets them go on at once. Events are taken meanwhile."""
        state = self._state
        with state.changed:
            state.online = online
            if online:
                state.hurry()
            state.settle_waiters()
            self._sender.wake()

    def set_consent(self, consent: str) -> None:
        """Sets whether events may be stored and sent: `granted`, `pending` or `denied`, which empties the queue."""
        check_consent(consent)
        state = self._state
        given_up: List[GivenUp] = []
        with state.changed:
            if state.ended:
                return
            state.consent = consent
            if consent == DENIED:
                state.epoch += 1
                given_up = state.give_up(list(state.queue.items), "consent")
            if consent == GRANTED:
                state.queue.store()
                state.hurry()
            state.settle_waiters()
            self._sender.wake()
        state.call_back(given_up)

    def counters(self) -> Counters:
        """Numbers since the client was opened."""
        state = self._state
        with state.changed:
            return state.counts.copy(len(state.queue.items))

    def _begin(self, journal: Optional[Journal], consent: str, header: bytes) -> None:
        """Starts with a state of its own: at first, and in a forked process."""
        self._state = State(self._options, Queue(self._options.limits, journal), consent)
        self._sender = Sender(self._state, PATH)
        self._state.header = header
        self._state.found(journal)
        self._needs_storage = False
        self._closing = threading.Lock()
        self._closed: Optional[bool] = None
        """What `close` returned."""
        with self._state.changed:
            self._sender.wake()

    def _take(self, item: Item) -> Tracked:
        state = self._state
        with state.changed:
            if state.closed:
                return self._refuse("closed", "the client is closed")
            if not state.queue.has_room_for(item):
                return self._refuse(
                    "queue_full", f"{len(state.queue.items)} events wait to be sent"
                )
            try:
                self._reopen()
                state.queue.append(item, state.consent == GRANTED)
            except OSError as error:
                return self._refuse("storage", f"can't be stored: {error.strerror or error}")
            state.counts.taken += 1
            if state.may_be_due(item):
                self._sender.wake()
        return Tracked(item.id)

    def _refuse(self, reason: str, message: str) -> Tracked:
        with self._state.changed:
            self._state.counts.refused[reason] += 1
        return Tracked(None, reason, message)

    def _start_flush(self, wake: Callable[[], object]) -> Waiter:
        """Begins to wait until everything is settled; `wake` is called when it is."""
        state = self._state
        waiter = Waiter(wake)
        with state.changed:
            state.waiters.append(waiter)
            state.pacing.cut()
            state.settle_waiters()
            self._sender.wake()
        return waiter

    def _stop_flush(self, waiter: Waiter) -> bool:
        """Ends waiting."""
        with self._state.changed:
            if waiter in self._state.waiters:
                self._state.waiters.remove(waiter)
            return waiter.settled is True

    def _wait(self, timeout: float) -> bool:
        """Flushes, and keeps the thread waiting meanwhile."""
        settled = threading.Event()
        waiter = self._start_flush(settled.set)
        settled.wait(timeout)
        return self._stop_flush(waiter)

    def _exit(self) -> None:
        """Closes a client that nobody closed, at the end of the interpreter."""
        timeout = self._options.limits.exit_timeout
        if timeout > 0:
            self._start_close()
            self._closed = self._wait(timeout)
            self._end()

    def _start_close(self) -> None:
        with self._state.changed:
            self._state.closed = True

    def _end(self) -> None:
        """Ends all activity; what isn't in storage is given up."""
        state = self._state
        with state.changed:
            state.ended = True
            state.epoch += 1
            left = [item for item in state.queue.items if not item.stored]
            given_up = state.give_up(left, "closed")
            state.queue.close()
            state.settle_waiters()
            self._sender.end()
        state.call_back(given_up)
        opened.discard(self)

    def _reopen(self) -> None:
        """In a forked process: a folder of its own for what this process takes. Raises OSError."""
        if self._needs_storage and self._options.storage is not None:
            journal = open_for_fork(self._options.storage)
            self._state.found(journal)
            self._state.queue.use(journal)
            self._needs_storage = False

    def _forked(self) -> None:
        """Begins anew in a forked process: what was taken before belongs to the other one."""
        before = self._state
        self._sender.let_go()
        if before.queue.journal is not None and not before.ended:
            before.queue.journal.close()
        closed = self._closed
        self._begin(None, before.consent, before.header)
        self._needs_storage = self._options.storage is not None
        self._closed = closed
        self._state.online = before.online
        self._state.closed = before.closed
        self._state.ended = before.ended


def _encode(header: Optional[Header], limits: Limits) -> bytes:
    if header is None:
        return b"{}"
    if not isinstance(header, Header):
        raise Invalid(f"header: should be a Header, is a {type(header).__name__}")
    try:
        encoded = encode(header.to_json())
    except Invalid as invalid:
        raise invalid.within("header") from None
    if len(encoded) > limits.max_event_bytes:
        raise Invalid(f"header: is {len(encoded)} bytes, more than max_event_bytes")
    return encoded
