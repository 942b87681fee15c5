"""Requests: which events go together, and their body."""

from collections.abc import Iterable
from typing import List, Tuple

from event_grpc.item import Item

# Bytes of a request beside its header and its events.
AROUND = len(b'{"header":,"events":[]}')


def front(items: Iterable[Item], most_events: int, most_bytes: int) -> Tuple[List[Item], bool]:
    """The events that are sent together, and whether no further one could join them.

    The first goes in any case, however large it is.
    """
    batch: List[Item] = []
    size = AROUND
    for item in items:
        if not batch:
            size += len(item.header) + len(item.event)
        else:
            size += 1 + len(item.event)
            if size > most_bytes or item.header != batch[0].header:
                return batch, True
        batch.append(item)
        if len(batch) >= most_events:
            return batch, True
    return batch, size >= most_bytes


def body(batch: List[Item]) -> bytes:
    """The request of a batch, as JSON."""
    events = b",".join(item.event for item in batch)
    return b'{"header":%b,"events":[%b]}' % (batch[0].header, events)
