"""The client for programs with threads."""

from types import TracebackType
from typing import Optional, Type

from event_grpc.base import BaseClient


class Client(BaseClient):
    """Takes events, and sends them from a thread of its own. Its methods may be called from all threads."""

    def flush(self, timeout: float = 30.0) -> bool:
        """Waits until all events are settled, those too that are taken meanwhile.

        False if the timeout in seconds passes first, and at once without consent or offline.
        """
        return self._wait(timeout)

    def close(self, timeout: float = 30.0) -> bool:
        """Takes no more events, flushes, and ends. What isn't in storage then is given up. True as of `flush`."""
        with self._closing:
            if self._closed is None:
                self._start_close()
                self._closed = self.flush(timeout)
                self._end()
            return self._closed

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()
