"""When the next request may go out, and how large it may be after one that was too large."""

import random
from typing import List, Optional, Tuple

from event_grpc.options import Limits

LONGEST_RETRY_AFTER = 3600.0


class Pacing:
    """The pause after failures. All times are those of one monotonic clock, in seconds."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._row = 0
        self._floor = 0.0
        self.until = 0.0
        """No request goes out before."""
        self.failed_last = False
        """Whether the last answer was a failure."""

    def failed(self, now: float, retry_after: Optional[float]) -> None:
        """Begins a pause with full jitter, of at least what the server asked for."""
        # 2^60 seconds are beyond every bound.
        longest = min(
            self._limits.backoff_max, self._limits.backoff_base * 2.0 ** min(self._row, 60)
        )
        self._row += 1
        self._floor = now + min(retry_after or 0.0, LONGEST_RETRY_AFTER)
        self.until = max(now + random.random() * longest, self._floor)
        self.failed_last = True

    def succeeded(self) -> None:
        """Ends the row of failures."""
        self._row = 0
        self._floor = self.until = 0.0
        self.failed_last = False

    def settled(self) -> None:
        """Notes an answer that is neither: there is no pause, and the row goes on."""
        self.failed_last = False

    def cut(self) -> None:
        """Ends the pause, but not before what the server asked for."""
        self.until = min(self.until, self._floor)


class Division:
    """Batches that were too large: until each is settled, batches have at most half as many events."""

    def __init__(self) -> None:
        self._parts: List[Tuple[int, int]] = []

    def divide(self, last: int, events: int) -> None:
        """Notes that a batch of so many events was too large, whose last one has this number."""
        self._parts.append((last, max(1, events // 2)))

    def most(self, front: int, otherwise: int) -> int:
        """How many events a batch may have that begins with this number."""
        self._parts = [part for part in self._parts if part[0] >= front]
        return min([otherwise, *(events for _, events in self._parts)])
