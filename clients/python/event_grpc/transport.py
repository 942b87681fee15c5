"""Requests over one connection that is kept: HTTP/1.1 with TLS, no redirects, a deadline for the whole answer."""

import http.client
import io
import select
import socket
import ssl
import time
from typing import Any, Optional, Union
from urllib.parse import urlsplit

from event_grpc.answer import FAILED, Answer, read
from event_grpc.options import Options

LONGEST_ANSWER = 1 << 20
# Balancers and NATs forget connections that are silent for a minute or more.
_LONGEST_IDLE = 30.0

Connection = Union[http.client.HTTPConnection, http.client.HTTPSConnection]


class Transport:
    """Sends one request at a time."""

    def __init__(self, options: Options, path: str) -> None:
        parts = urlsplit(options.endpoint)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self._path = parts.path.rstrip("/") + path
        self._tls = options.tls
        self._key = options.key
        self._timeout = options.limits.request_timeout
        self._headers = {"content-type": "application/json", "user-agent": "event-grpc-python"}
        if options.key is not None:
            self._headers["authorization"] = f"Bearer {options.key}"
        self._connection: Optional[Connection] = None
        self._stream: Optional[_Stream] = None
        self._used = 0.0
        self._ended = False

    def post(self, body: bytes) -> Answer:
        """Sends a request and reads its answer. It raises nothing: what goes wrong is `FAILED`."""
        deadline = time.monotonic() + self._timeout
        try:
            connection = self._open(deadline)
            if self._ended:
                return Answer(FAILED)
            connection.request("POST", self._path, body, self._headers)
            with connection.getresponse() as response:
                text = response.read(LONGEST_ANSWER)
                headers = {name.lower(): value for name, value in response.getheaders()}
                if not response.isclosed() and response.read(1):
                    self.close()
            self._used = time.monotonic()
            return read(response.status, headers, text, self._key)
        except Exception as error:
            # OSError and HTTPException for the most part; whatever else it is, the thread goes on.
            self.close()
            return Answer(FAILED, message=f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """Closes the connection; the next request opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def end(self) -> None:
        """Cuts the request that is under way in another thread; there is none after it."""
        self._ended = True
        stream = self._stream
        if stream is not None:
            try:
                stream.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _open(self, deadline: float) -> Connection:
        kept, stream = self._connection, self._stream
        if kept is not None and kept.sock is not None and stream is not None:
            if time.monotonic() - self._used < _LONGEST_IDLE and not _ended(stream.socket):
                stream.deadline = deadline
                return kept
        self.close()
        made: Connection
        if self._secure:
            if self._tls is None:
                self._tls = ssl.create_default_context()
            made = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=self._tls
            )
        else:
            made = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        self._connection = made
        made.connect()
        self._stream = made.sock = _Stream(made.sock, deadline)
        return made


def _ended(stream: socket.socket) -> bool:
    """Whether the other side closed a connection that is idle, or said what nobody asked for."""
    if not hasattr(select, "poll"):
        return bool(select.select([stream], [], [], 0)[0])
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    return bool(poll.poll(0))


class _Stream:
    """A socket whose reads and writes share one deadline, for `http.client`, which only knows one for each."""

    def __init__(self, stream: socket.socket, deadline: float) -> None:
        self.socket = stream
        self.deadline = deadline

    def until_deadline(self) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no complete answer in time")
        self.socket.settimeout(left)

    def sendall(self, data: Any) -> None:
        rest = memoryview(data)
        while rest:
            self.until_deadline()
            rest = rest[self.socket.send(rest) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self, self.socket.makefile("rb", buffering=0)))

    def close(self) -> None:
        self.socket.close()


class _Reader(io.RawIOBase):
    """Reads from a socket until its deadline."""

    def __init__(self, stream: _Stream, raw: Any) -> None:
        self._stream = stream
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        self._stream.until_deadline()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
