"""The client for programs with asyncio."""

import asyncio
from types import TracebackType
from typing import Optional, Type

from event_grpc.base import BaseClient


class AsyncClient(BaseClient):
    """Takes events, and sends them from a thread of its own; waiting for them is left to the event loop.

    `track` isn't a coroutine: it waits for nothing.
    """

    _ending: "Optional[asyncio.Task[bool]]" = None

    async def flush(self, timeout: float = 30.0) -> bool:
        """Waits until all events are settled, those too that are taken meanwhile.

        False if the timeout in seconds passes first, and at once without consent or offline.
        """
        loop = asyncio.get_running_loop()
        settled = asyncio.Event()
        waiter = self._start_flush(lambda: loop.call_soon_threadsafe(settled.set))
        try:
            await asyncio.wait_for(settled.wait(), timeout)
        except asyncio.TimeoutError:
            pass
        finally:
            done = self._stop_flush(waiter)
        return done

    async def close(self, timeout: float = 30.0) -> bool:
        """Takes no more events, flushes, and ends. What isn't in storage then is given up. True as of `flush`."""
        if self._closed is None:
            if self._ending is None:
                self._ending = asyncio.ensure_future(self._close(timeout))
            # Who gives up waiting doesn't keep it from ending.
            return await asyncio.shield(self._ending)
        return self._closed

    async def _close(self, timeout: float) -> bool:
        self._start_close()
        self._closed = await self.flush(timeout)
        self._end()
        return self._closed

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.close()
