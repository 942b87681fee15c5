"""An event that was taken, as it will be sent."""

import json
import os
import time
from datetime import datetime
from typing import Any, Dict, Optional, Union

from event_grpc.kinds import INT64, STRING, Invalid
from event_grpc.message import Event

# `json.dumps` would make another for each event.
_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Item:
    """An event in the queue."""

    __slots__ = ("event", "header", "id", "number", "size", "stored", "taken", "taken_ms", "type")

    def __init__(self, id: str, type: str, header: bytes, event: bytes, taken_ms: int) -> None:
        self.number = 0
        """Its place among all that the queue ever held."""
        self.id = id
        self.type = type
        self.header = header
        """The header it is sent with, as JSON."""
        self.event = event
        """The event, as JSON."""
        self.taken = time.monotonic()
        """When it was taken, by the clock of `time.monotonic`."""
        self.taken_ms = taken_ms
        """When it was taken, in milliseconds since the epoch."""
        self.size = len(event)
        """What it counts for in the queue, in bytes."""
        self.stored = False
        """Whether it is in storage."""


def make(
    event: Event,
    header: bytes,
    id: Optional[str],
    timestamp: Union[int, datetime, None],
    current_url: Optional[str],
) -> Item:
    """Takes down an event. Raises `Invalid`."""
    if not isinstance(event, Event) or not event.TYPE:
        raise Invalid(f"should be an event of event_grpc.events, is a {type(event).__name__}")
    now_ms = time.time_ns() // 1_000_000
    id = _text("id", id) or uuid7(now_ms)
    wire: Dict[str, Any] = {"id": id, "timestamp": _milliseconds(timestamp, now_ms)}
    if current_url:
        wire["currentURL"] = _text("current_url", current_url)
    try:
        wire[event.TYPE] = event.to_json()
        text = encode(wire)
    except RecursionError:
        raise Invalid("is nested too deeply") from None
    return Item(id, event.TYPE, header, text, now_ms)


def encode(value: Any) -> bytes:
    """Compact JSON."""
    return _COMPACT.encode(value).encode("utf-8")


def uuid7(now_ms: int) -> str:
    """A UUID of version 7 (RFC 9562): the time, and 74 random bits."""
    noise = int.from_bytes(os.urandom(10), "big")
    high = (now_ms << 16 | 7 << 12 | noise >> 68) & (1 << 64) - 1
    low = 2 << 62 | noise & (1 << 62) - 1
    digits = f"{high << 64 | low:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _text(name: str, value: Optional[str]) -> Optional[str]:
    try:
        return None if value is None else str(STRING.to_json(value))
    except Invalid as invalid:
        raise invalid.within(name) from None


def _milliseconds(timestamp: Union[int, datetime, None], now_ms: int) -> str:
    if timestamp is None:
        return str(now_ms)
    if isinstance(timestamp, datetime):
        if timestamp.tzinfo is None:
            raise Invalid("timestamp: should be a datetime with a tzinfo, has none")
        return str(int(timestamp.timestamp() * 1000))
    try:
        return str(INT64.to_json(timestamp))
    except Invalid as invalid:
        raise invalid.within("timestamp") from None
