"""The thread that sends: waits until a batch is due, posts it, and settles it by the answer."""

import threading
import time
from typing import List, Optional, Tuple

from event_grpc import answer
from event_grpc.answer import Answer
from event_grpc.batch import body
from event_grpc.item import Item
from event_grpc.results import GivenUp
from event_grpc.state import State
from event_grpc.transport import Transport


class Sender:
    """Sends what is queued. There is one thread, which the first event starts."""

    def __init__(self, state: State, path: str) -> None:
        self._state = state
        self._transport = Transport(state.options, path)
        self._thread: Optional[threading.Thread] = None

    def wake(self) -> None:
        """Lets the thread look at the state again. The lock is held."""
        if self._thread is None and self._state.queue.items and not self._state.ended:
            thread = threading.Thread(target=self._run, name="event-grpc", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # There are no more threads, or the interpreter is ending; the next event tries it again.
                return
            self._thread = thread
        self._state.changed.notify()

    def end(self) -> None:
        """Ends the thread, and cuts the request that is under way. The lock is held."""
        self._transport.end()
        self._state.changed.notify_all()

    def let_go(self) -> None:
        """In a forked process: forgets the connection, which is the other process's."""
        self._transport.close()

    def _run(self) -> None:
        state = self._state
        while True:
            with state.changed:
                if not self._wait():
                    break
                expired = state.give_up(state.queue.expired(time.monotonic()), "expired")
                batch: List[Item] = state.batch() if state.queue.items else []
                epoch = state.epoch
                if batch and not expired:
                    state.counts.requests += 1
                    state.counts.retries += state.pacing.failed_last
            if expired:
                state.call_back(expired)
                continue
            said = self._transport.post(body(batch))
            with state.changed:
                given_up: List[GivenUp] = []
                quiet = state.ended
                if epoch == state.epoch:
                    given_up = self._settle(batch, said)
                else:
                    state.pacing.settled()
            state.call_back(given_up)
            if said.failure and not quiet:
                state.log_failure(said.failure)
        self._transport.close()

    def _wait(self) -> bool:
        """Waits until a request is due; false if there will be none any more."""
        state = self._state
        while not state.ended:
            due = state.due()
            left = None if due is None else due - time.monotonic()
            if left is not None and left <= 0:
                return True
            # Longer than this no platform's wait is sure to take.
            state.changed.wait(None if left is None else min(left, 3600.0))
        return False

    def _settle(self, batch: List[Item], said: Answer) -> List[GivenUp]:
        state = self._state
        now = time.monotonic()
        state.counts.last_failure = said.failure
        if said.outcome == answer.FAILED:
            state.again = batch
            state.pacing.failed(now, said.retry_after)
            return []
        state.again = []
        if said.outcome == answer.ACCEPTED:
            return self._accepted(batch, said, now)
        state.pacing.settled()
        if said.outcome == answer.TOO_LARGE and len(batch) > 1:
            state.division.divide(batch[-1].number, len(batch))
            return []
        reason = "too_large" if said.outcome == answer.TOO_LARGE else "refused"
        return state.give_up(batch, reason, None, said.message, said.status)

    def _accepted(self, batch: List[Item], said: Answer, now: float) -> List[GivenUp]:
        state = self._state
        accepted, rejected, waiting = _sort(batch, said)
        state.queue.remove(accepted)
        state.counts.accepted += len(accepted)
        given_up: List[GivenUp] = []
        for item, code, message in rejected:
            given_up += state.give_up([item], "rejected", code, message, said.status)
        if waiting:
            state.pacing.failed(now, said.retry_after)
        else:
            state.pacing.succeeded()
        return given_up


def _sort(
    batch: List[Item], said: Answer
) -> Tuple[List[Item], List[Tuple[Item, str, str]], List[Item]]:
    """Events that were accepted, that were rejected with code and reason, and that are to be sent again."""
    accepted: List[Item] = []
    rejected: List[Tuple[Item, str, str]] = []
    waiting: List[Item] = []
    for index, item in enumerate(batch):
        told = said.rejected.get(index)
        if told is None:
            accepted.append(item)
        elif told.retryable:
            waiting.append(item)
        else:
            rejected.append((item, told.code, told.message))
    return accepted, rejected, waiting
