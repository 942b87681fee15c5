"""Sends events to an event-grpc server: typed, queued, and never lost in silence.

from event_grpc import Client
from event_grpc.events import AddToCartEvent

client = Client("https://events.example.com", key="...")
client.track(AddToCartEvent(product_id=42, quantity=2))
"""

from event_grpc.aio import AsyncClient
from event_grpc.client import Client
from event_grpc.kinds import Invalid
from event_grpc.lock import QueueInUse
from event_grpc.options import Limits
from event_grpc.results import Counters, GivenUp, Tracked

__all__ = [
    "AsyncClient",
    "Client",
    "Counters",
    "GivenUp",
    "Invalid",
    "Limits",
    "QueueInUse",
    "Tracked",
]
