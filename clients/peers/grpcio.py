"""grpcio with the stubs that its tools make of proto/: requests of 50 events, one after the other."""

import os
import sys
import time
import uuid
from typing import Any, Dict, List

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "generated"))

import grpc
from event.cart_pb2 import AddToCartEvent
from event.envelope_pb2 import Event, Events, Header
from event.service_pb2_grpc import EventServiceStub

from driver import drive

BATCH = 50


class Peer:
    """A channel, and the events of the next request."""

    def __init__(self, _endpoint: str, session: str) -> None:
        channel = grpc.insecure_channel(os.environ["EVENT_GRPC_PEER_GRPC"])
        self.service = EventServiceStub(channel)
        self.header = Header(sessionId=session)
        self.batch: List[Event] = []
        self.accepted = 0

    def track(self, fields: Dict[str, Any]) -> None:
        self.batch.append(
            Event(
                id=str(uuid.uuid4()),
                timestamp=str(time.time_ns() // 1_000_000),
                addToCartEvent=AddToCartEvent(**fields),
            )
        )
        if len(self.batch) == BATCH:
            self.send()

    def send(self) -> None:
        answer = self.service.dispatch(Events(header=self.header, events=self.batch), timeout=30)
        self.accepted += answer.accepted
        self.batch = []

    def flush(self) -> bool:
        if self.batch:
            self.send()
        return True


drive(Peer)
