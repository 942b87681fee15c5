"""Options of a client, and what is refused of them."""

import ipaddress
import ssl
from dataclasses import dataclass, field
from typing import Callable, Optional
from urllib.parse import urlsplit

from event_grpc.results import GivenUp

GRANTED, PENDING, DENIED = "granted", "pending", "denied"


@dataclass(frozen=True)
class Limits:
    """Bounds of a client. Times are in seconds."""

    max_events: int = 1_000
    """Events in the queue."""
    max_bytes: int = 5_000_000
    """Bytes in the queue."""
    max_event_bytes: int = 256 * 1024
    """Bytes of one event, and of the header."""
    max_age: float = 7 * 24 * 3600.0
    """Age at which an event is given up."""
    batch_events: int = 50
    """Events of one request."""
    batch_bytes: int = 500_000
    """Bytes of one request."""
    batch_wait: float = 3.0
    """How long an event waits for others that are sent with it."""
    backoff_base: float = 1.0
    """Upper bound of the first pause after a failure; it doubles with each further one."""
    backoff_max: float = 600.0
    """Upper bound of all pauses that the server didn't ask for."""
    request_timeout: float = 30.0
    """How long one request may take, with its answer."""
    exit_timeout: float = 2.0
    """How long the end of the process waits for a client that wasn't closed; 0 for not at all."""


@dataclass(frozen=True)
class Options:
    """Where a client sends to, and how."""

    endpoint: str
    key: Optional[str] = field(repr=False)
    storage: Optional[str]
    on_given_up: Optional[Callable[[GivenUp], None]]
    tls: Optional[ssl.SSLContext]
    limits: Limits


def check_endpoint(endpoint: str, insecure: bool) -> None:
    """Raises ValueError if an endpoint can't be sent to."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("endpoint: should be such as https://events.example.com")
    if parts.username is not None or parts.password is not None:
        raise ValueError("endpoint: a password doesn't belong here; give the key as key=")
    if parts.query or parts.fragment:
        raise ValueError("endpoint: should have neither ? nor #")
    if not 0 < (parts.port or 443) < 65536:
        raise ValueError("endpoint: the port is out of range")
    if parts.scheme == "http" and not insecure and not _is_loopback(parts.hostname):
        raise ValueError(
            f"endpoint: http to {parts.hostname} would send events and the key in the clear;"
            " use https, or say insecure=True"
        )


def check_key(key: Optional[str]) -> None:
    """Raises ValueError if a key can't be in an HTTP header. The key isn't in the error."""
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise ValueError("key: has a character that a key can't have; is there a line break?")


def check_tls(tls: Optional[ssl.SSLContext]) -> None:
    """Raises ValueError if a TLS context doesn't verify the server."""
    if tls is not None and not (tls.check_hostname and tls.verify_mode == ssl.CERT_REQUIRED):
        raise ValueError("tls: the context should verify the server's certificate and name")


def check_consent(consent: str) -> None:
    """Raises ValueError if this isn't a state of consent."""
    if consent not in (GRANTED, PENDING, DENIED):
        raise ValueError("consent: should be granted, pending or denied")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
