"""The client in programs that fork or end."""

import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import warnings

from server import Server

from event_grpc import Client, Limits, QueueInUse
from event_grpc.events import AddToCartEvent

logging.getLogger("event_grpc").addHandler(logging.NullHandler())

FAST = Limits(batch_wait=0.01, backoff_base=0.001, backoff_max=0.002)
FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
class Processes(unittest.TestCase):
    def setUp(self) -> None:
        # Python warns of forks beside threads, which is what is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def fork(self, run) -> None:  # type: ignore[no-untyped-def]
        child = os.fork()
        if child == 0:
            failed = 1
            try:
                run()
                failed = 0
            finally:
                os._exit(failed)
        self.assertEqual(os.waitpid(child, 0)[1], 0)

    def test_a_fork_begins_with_an_empty_queue_and_a_thread_of_its_own(self) -> None:
        with Server() as server, Client(server.url, limits=FAST) as client:
            client.track(AddToCartEvent(product_id=1))
            client.flush(30)
            client.set_online(False)
            client.track(AddToCartEvent(product_id=2))

            def run() -> None:
                assert client.counters().queued == 0
                client.set_online(True)
                client.track(AddToCartEvent(product_id=3))
                assert client.flush(30) and client.counters().accepted == 1

            self.fork(run)
            client.set_online(True)
            self.assertTrue(client.flush(30))
            products = [event["addToCartEvent"]["productId"] for event in server.events()]
            self.assertEqual(products, ["1", "3", "2"])

    def test_a_fork_has_storage_of_its_own_which_the_next_one_takes_over(self) -> None:
        with Server() as server, Client(server.url, storage=self.folder, limits=FAST) as client:
            client.set_online(False)

            def leave() -> None:
                assert client.track(AddToCartEvent(product_id=1))

            def send() -> None:
                client.set_online(True)
                assert client.track(AddToCartEvent(product_id=2))
                assert client.flush(30) and client.counters().taken == 2

            self.fork(leave)
            self.fork(send)
            self.assertEqual(client.counters().taken, 0)
            with self.assertRaises(QueueInUse):
                Client(server.url, storage=self.folder)
            products = [event["addToCartEvent"]["productId"] for event in server.events()]
            self.assertEqual(products, ["1", "2"])

    def run_program(self, url: str, text: str) -> "tuple[float, str]":
        program = f"from event_grpc import *\nfrom event_grpc.events import *\nclient = Client({url!r})\n{text}"
        started = time.monotonic()
        run = [sys.executable, "-c", program]
        ended = subprocess.run(run, cwd=FOLDER, check=True, timeout=60, stderr=subprocess.PIPE)
        return time.monotonic() - started, ended.stderr.decode()

    def test_the_end_of_the_program_sends_what_is_queued(self) -> None:
        with Server() as server:
            self.run_program(server.url, "client.track(AddToCartEvent(product_id=1))")
            self.assertEqual(len(server.events()), 1)

    def test_the_end_of_the_program_waits_for_no_server_that_is_gone(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            took, said = self.run_program(url, "client.track(AddToCartEvent())")
            self.assertLess(took, 25)
            self.assertIn("gave up addToCartEvent (closed)", said)


if __name__ == "__main__":
    unittest.main()
