"""What a client tells: whether it took an event, what became of one, and how many there were."""

from dataclasses import dataclass
from typing import Dict, Optional

REFUSED = ("queue_full", "no_consent", "closed", "invalid", "storage")
GIVEN_UP = ("rejected", "refused", "too_large", "expired", "consent", "closed")


@dataclass(frozen=True)
class Tracked:
    """Answer of `track`; true if the event was taken."""

    id: Optional[str] = None
    """The event's id, if it was taken."""
    reason: Optional[str] = None
    """Why it was refused: queue_full, no_consent, closed, invalid or storage."""
    message: str = ""
    """The same for a person."""

    @property
    def taken(self) -> bool:
        """Whether the event was taken."""
        return self.reason is None

    def __bool__(self) -> bool:
        return self.taken


@dataclass(frozen=True)
class GivenUp:
    """An event that was taken and won't be sent again."""

    id: str
    """Its id."""
    type: str
    """Its type, such as addToCartEvent."""
    reason: str
    """Why: rejected, refused, too_large, expired, consent or closed."""
    code: Optional[str] = None
    """The server's reason, for a program."""
    message: Optional[str] = None
    """The server's reason, for a person."""
    status: Optional[int] = None
    """Status of the server's answer."""


@dataclass(frozen=True)
class Counters:
    """Numbers since a client was opened: taken = accepted + given up + queued."""

    taken: int
    """Events that were taken, and those found in storage."""
    refused: Dict[str, int]
    """Events that weren't taken, by reason."""
    accepted: int
    """Events that the server accepted."""
    given_up: Dict[str, int]
    """Events that were given up, by reason."""
    queued: int
    """Events in the queue."""
    requests: int
    """Requests that were sent."""
    retries: int
    """Those among them that followed a failure."""
    damaged: int
    """Records of storage that couldn't be read."""
    last_failure: str = ""
    """Why the last request failed, in a few words for a person; empty if it didn't."""
