"""Answers of the server, and what becomes of a batch by them."""

import json
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Dict, Optional

ACCEPTED, FAILED, TOO_LARGE, REFUSED = "accepted", "failed", "too_large", "refused"
_LONGEST_MESSAGE = 1_000


@dataclass(frozen=True)
class Rejected:
    """An event that the server didn't take."""

    retryable: bool
    code: str
    message: str


@dataclass(frozen=True)
class Answer:
    """What an answer means. None at all is `Answer(FAILED)`."""

    outcome: str
    status: Optional[int] = None
    message: str = ""
    retry_after: Optional[float] = None
    rejected: Dict[int, Rejected] = field(default_factory=dict)
    """Events that weren't accepted, by their place in the batch."""

    @property
    def failure(self) -> str:
        """Why the batch is sent again, in a few words; empty if it isn't."""
        if self.outcome != FAILED:
            return ""
        if self.status is None:
            return f"no answer: {self.message}"
        what = ", but not the server's answer" if self.status < 400 else ""
        return f"status {self.status}{what}"


def read(status: int, headers: Dict[str, str], body: bytes, key: Optional[str] = None) -> Answer:
    """Reads an answer; the names of its headers are in lower case.

    The key is in nothing that is kept of it, also where a server repeats it.
    """
    retry_after = seconds(headers.get("retry-after"), headers.get("date"))
    if status == 200:
        said = _object(body)
        if said.get("status") == "SUCCESS":
            rejected = _rejected(said.get("rejected"), key)
            return Answer(ACCEPTED, status, "", retry_after, rejected)
    if status == 413:
        return Answer(TOO_LARGE, status, _message(body, key), retry_after)
    if 400 <= status < 500 and status not in (408, 429):
        return Answer(REFUSED, status, _message(body, key), retry_after)
    # What isn't the server's answer says nothing of when to come back.
    return Answer(FAILED, status, "", retry_after if status >= 400 else None)


def seconds(retry_after: Optional[str], date: Optional[str] = None) -> Optional[float]:
    """Seconds that `Retry-After` asks for: as a number, or until a date by the server's own clock."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:10])
    until = _date(text)
    if until is None:
        return None
    now = _date((date or "").strip())
    return max(0.0, until - (time.time() if now is None else now))


def _date(text: str) -> Optional[float]:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _rejected(listed: Any, key: Optional[str]) -> Dict[int, Rejected]:
    found: Dict[int, Rejected] = {}
    for event in listed if isinstance(listed, list) else []:
        if not isinstance(event, dict):
            continue
        # proto3 JSON leaves out what is 0.
        index = event.get("index", 0)
        if isinstance(index, (int, float)) and not isinstance(index, bool) and index == index // 1:
            rejected = Rejected(
                event.get("retryable") is True,
                _text(event.get("code"), key),
                _text(event.get("reason"), key),
            )
            found.setdefault(int(index), rejected)
    return found


def _message(body: bytes, key: Optional[str]) -> str:
    said = _object(body)
    told = _text(said.get("message"), key) or _text(said.get("error"), key)
    return told or _text(body.decode("utf-8", "replace").strip(), key)


def _text(value: Any, key: Optional[str]) -> str:
    if not isinstance(value, str):
        return ""
    return (value.replace(key, "[key]") if key else value)[:_LONGEST_MESSAGE]


def _object(body: bytes) -> Dict[str, Any]:
    try:
        said = json.loads(body, parse_int=_integer, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _integer(digits: str) -> Optional[int]:
    """A number of sensible length: Python's time for others grows with their square."""
    return int(digits) if len(digits) < 20 else None
