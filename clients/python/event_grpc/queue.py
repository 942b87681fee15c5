"""The queue: events that were taken, in order, in memory and, where there is storage, in a file."""

from collections import deque
from collections.abc import Collection
from typing import Deque, List, Optional

from event_grpc.item import Item
from event_grpc.journal import Journal
from event_grpc.options import Limits


class Queue:
    """Events until they are settled. Who uses it holds a lock."""

    def __init__(self, limits: Limits, journal: Optional[Journal]) -> None:
        self._limits = limits
        self.journal: Optional[Journal] = None
        self.items: Deque[Item] = deque()
        self.bytes = 0
        self._next = 1
        if journal is not None:
            self.use(journal)

    def use(self, journal: Journal) -> None:
        """Begins to use storage, with what is found in it."""
        self.journal = journal
        for item in journal.items:
            self._add(item)

    def has_room_for(self, item: Item) -> bool:
        """Whether an event fits into the limits."""
        item.size = len(item.event)
        # Events share their header; the first one that has it counts it.
        if not self.items or self.items[-1].header != item.header:
            item.size += len(item.header)
        return (
            len(self.items) < self._limits.max_events
            and self.bytes + item.size <= self._limits.max_bytes
        )

    def append(self, item: Item, store: bool) -> None:
        """Takes an event, into storage too if there is one and it is asked for. Raises OSError."""
        item.number = self._next
        if store and self.journal is not None:
            self.journal.append(item)
        self._add(item)

    def store(self) -> None:
        """Writes to storage what isn't there yet. What can't be written stays in memory."""
        try:
            for item in self.items:
                if self.journal is not None and not item.stored:
                    self.journal.append(item)
        except OSError:
            pass

    def remove(self, gone: Collection[Item]) -> None:
        """Removes events that were settled."""
        if not gone:
            return
        numbers = {item.number for item in gone}
        self.items = deque(item for item in self.items if item.number not in numbers)
        self.bytes -= sum(item.size for item in gone)
        if self.journal is not None:
            self.journal.settled(gone)

    def expired(self, now: float) -> List[Item]:
        """The events that are too old."""
        return [item for item in self.items if now - item.taken > self._limits.max_age]

    def close(self) -> None:
        """Lets go of the storage; what is in it stays there."""
        journal, self.journal = self.journal, None
        if journal is not None:
            journal.close()

    def _add(self, item: Item) -> None:
        self.items.append(item)
        self.bytes += item.size
        self._next = max(self._next, item.number + 1)
