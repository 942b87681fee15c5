"""The client of asyncio."""

import asyncio
import logging
import socket
import unittest

from server import Server

from event_grpc import AsyncClient, Limits
from event_grpc.events import AddToCartEvent

logging.getLogger("event_grpc").addHandler(logging.NullHandler())

FAST = Limits(batch_wait=0.01, backoff_base=0.001, backoff_max=0.002)


class Asyncio(unittest.TestCase):
    def test_waiting_leaves_the_loop_to_others(self) -> None:
        async def run(url: str) -> None:
            async with AsyncClient(url, limits=FAST) as client:
                self.assertTrue(client.track(AddToCartEvent(product_id=1)))
                self.assertTrue(await client.flush(30))
                client.set_online(False)
                client.track(AddToCartEvent(product_id=2))
                self.assertFalse(await client.flush(30))
                client.set_online(True)
            self.assertTrue(await client.close())

        with Server() as server:
            asyncio.run(run(server.url))
            self.assertEqual(len(server.events()), 2)

    def test_a_flush_may_be_cancelled_or_run_out_of_time(self) -> None:
        async def run(url: str) -> None:
            client = AsyncClient(url, limits=FAST)
            client.track(AddToCartEvent())
            self.assertFalse(await client.flush(0.05))
            task = asyncio.ensure_future(client.flush())
            await asyncio.sleep(0.05)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            self.assertEqual(client._state.waiters, [])
            both = await asyncio.gather(client.close(0.05), client.close(0.05))
            self.assertEqual(both, [False, False])

        with socket.create_server(("127.0.0.1", 0)) as listener:
            asyncio.run(run(f"http://127.0.0.1:{listener.getsockname()[1]}"))


if __name__ == "__main__":
    unittest.main()
