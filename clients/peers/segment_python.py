"""Segment's library for Python."""

import logging
import time
from typing import Any, Dict

from segment.analytics.client import Client

from driver import drive

# As many as our queue holds. What comes to a full one is dropped, and track says so.
ROOM = 1000


class Peer:
    """A client, which reports nothing of what went well: what it took counts as accepted, unless it reports an error."""

    def __init__(self, endpoint: str, session: str) -> None:
        self.session = session
        self.accepted = 0
        self.client = Client(
            "key", host=endpoint, max_queue_size=ROOM, upload_size=50, on_error=self.failed
        )

    def failed(self, _error: Exception, items: Any) -> None:
        self.accepted -= len(items)

    def track(self, fields: Dict[str, Any]) -> None:
        while not self.client.track(
            anonymous_id=self.session, event="addToCartEvent", properties=fields
        )[0]:
            time.sleep(0.005)
        self.accepted += 1

    def flush(self) -> bool:
        self.client.flush()
        return True


# It warns of each event that finds the queue full, which happens here all the time.
logging.getLogger("segment").setLevel(logging.ERROR)
drive(Peer)
