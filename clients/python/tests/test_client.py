"""The client against a server: what scenarios don't show."""

import logging
import os
import socket
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

from server import Server, eventually, free_port

from event_grpc import Client, GivenUp, Invalid, Limits, QueueInUse
from event_grpc.events import AddToCartEvent, Header

logging.getLogger("event_grpc").addHandler(logging.NullHandler())

FAST = Limits(batch_wait=0.01, backoff_base=0.001, backoff_max=0.002)


class Clients(unittest.TestCase):
    def test_wrong_values_are_refused_and_never_raised(self) -> None:
        class Odd(list):  # type: ignore[type-arg]
            def __iter__(self):  # type: ignore[no-untyped-def]
                raise RuntimeError("odd")

        with Server() as server, Client(server.url, limits=FAST) as client:
            tracked = client.track(AddToCartEvent(product_id="42"))  # type: ignore[arg-type]
            self.assertFalse(tracked)
            self.assertEqual(
                (tracked.reason, tracked.message),
                ("invalid", "product_id: should be an int, is a str"),
            )
            self.assertEqual(client.track("event").reason, "invalid")  # type: ignore[arg-type]
            self.assertEqual(client.track(AddToCartEvent(product_type=Odd())).reason, "invalid")  # type: ignore[arg-type]
            self.assertEqual(client.counters().refused["invalid"], 3)
            with self.assertRaises(Invalid):
                client.set_header(Header(user_id="7"))  # type: ignore[arg-type]

    def test_one_connection_is_kept(self) -> None:
        with Server() as server, Client(server.url, limits=FAST) as client:
            for number in range(5):
                client.track(AddToCartEvent(product_id=number))
                self.assertTrue(client.flush(30))
            self.assertEqual((len(server.requests), len(server.connections)), (5, 1))

    def test_a_connection_that_the_server_closed_costs_no_failure(self) -> None:
        answer = b'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"status":"SUCCESS"}'
        closed = threading.Semaphore(0)
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def serve() -> None:
                for _ in range(2):
                    peer, _ = listener.accept()
                    with peer:
                        while not peer.recv(1 << 16).endswith(b"}]}"):
                            pass
                        peer.sendall(answer)
                    closed.release()

            threading.Thread(target=serve, daemon=True).start()
            with Client(f"http://127.0.0.1:{listener.getsockname()[1]}", limits=FAST) as client:
                for _ in range(2):
                    client.track(AddToCartEvent())
                    self.assertTrue(client.flush(30))
                    closed.acquire()
                    time.sleep(0.05)
                self.assertEqual((client.counters().accepted, client.counters().retries), (2, 0))

    def test_many_threads_and_each_event_once(self) -> None:
        with Server() as server, Client(server.url, limits=FAST) as client:
            ids = []

            def track() -> None:
                for number in range(100):
                    tracked = client.track(AddToCartEvent(product_id=number))
                    ids.append(tracked.id)

            threads = [threading.Thread(target=track) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertTrue(client.flush(30))
            self.assertEqual(sorted(e["id"] for e in server.events()), sorted(ids))
            self.assertEqual(client.counters().accepted, 800)

    def test_what_a_callback_raises_harms_nothing(self) -> None:
        told = []

        def on_given_up(event: GivenUp) -> None:
            told.append((event.reason, event.status, event.message))
            self.assertTrue(client.flush(1))
            raise RuntimeError("oops")

        with Server((401, {"message": "no key"})) as server, self.assertLogs("event_grpc") as logs:
            with Client(server.url, limits=FAST, on_given_up=on_given_up) as client:
                client.track(AddToCartEvent())
                self.assertTrue(client.flush(30))
                self.assertEqual(told, [("refused", 401, "no key")])
                client.track(AddToCartEvent())
                self.assertTrue(client.flush(30))
                self.assertEqual(client.counters().accepted, 1)
        self.assertIn("on_given_up failed", logs.output[0])

    def test_without_a_callback_the_first_of_each_reason_is_logged(self) -> None:
        refusal = (403, {"message": "not you"})
        with Server(refusal, refusal) as server, self.assertLogs("event_grpc") as logs:
            with Client(server.url, "secret", limits=FAST) as client:
                for _ in range(2):
                    client.track(AddToCartEvent())
                    client.flush(30)
                self.assertNotIn("secret", repr(client) + repr(client._options))
        self.assertEqual(len(logs.output), 1)
        self.assertIn("addToCartEvent (refused, status 403: not you)", logs.output[0])

    def test_an_answer_that_drips_is_none_when_its_time_is_over(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        over = threading.Event()

        def drip() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 200 OK\r\n")
                try:
                    while not over.wait(0.02):
                        peer.sendall(b"x")
                except OSError:
                    return

        threading.Thread(target=drip, daemon=True).start()
        limits = Limits(batch_wait=0, request_timeout=0.2, backoff_base=60)
        client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}", limits=limits)
        client.track(AddToCartEvent())
        eventually(lambda: client._state.pacing.failed_last)
        started = time.monotonic()
        self.assertFalse(client.close(0.1))
        self.assertLess(time.monotonic() - started, 10)
        over.set()
        listener.close()

    def test_close_cuts_the_request_that_is_under_way(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}", limits=FAST)
            client.track(AddToCartEvent())
            eventually(lambda: client.counters().requests == 1)
            thread = client._sender._thread
            self.assertFalse(client.close(0.1))
            assert thread is not None
            thread.join(20)
            self.assertFalse(thread.is_alive())
            self.assertEqual(client.counters().given_up["closed"], 1)
            self.assertEqual(client.track(AddToCartEvent()).reason, "closed")

    def test_a_thread_that_cannot_be_started_is_tried_again_with_the_next_event(self) -> None:
        real = threading.Thread.start
        starts = []

        def start(thread: threading.Thread) -> None:
            starts.append(thread)
            if len(starts) == 1:
                raise RuntimeError("can't start new thread")
            real(thread)

        with Server() as server, Client(server.url, limits=FAST) as client:
            with mock.patch("threading.Thread.start", start):
                self.assertTrue(client.track(AddToCartEvent(product_id=1)))
                self.assertEqual((len(starts), client.counters().queued), (1, 1))
                self.assertTrue(client.track(AddToCartEvent(product_id=2)))
                self.assertTrue(client.flush(30))
            self.assertEqual(client.counters().accepted, 2)

    @unittest.skipUnless(
        hasattr(os, "dup") and sys.platform == "linux", "files are counted otherwise"
    )
    def test_a_connection_is_kept_beyond_the_descriptors_that_select_knows(self) -> None:
        import resource

        wanted, most = 1_200, resource.getrlimit(resource.RLIMIT_NOFILE)
        if most[1] != resource.RLIM_INFINITY and most[1] < wanted + 100:
            self.skipTest("there may not be so many open files")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(most[0], wanted + 100), most[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, most)
        with open(os.devnull, "rb") as file:
            taken = [os.dup(file.fileno()) for _ in range(wanted)]
        for handle in taken:
            self.addCleanup(os.close, handle)
        with Server() as server, Client(server.url, limits=FAST) as client:
            for _ in range(3):
                client.track(AddToCartEvent())
                self.assertTrue(client.flush(30))
            self.assertGreater(client._sender._transport._stream.socket.fileno(), 1_024)  # type: ignore[union-attr]
            self.assertEqual((len(server.requests), len(server.connections)), (3, 1))
            self.assertEqual(client.counters().last_failure, "")

    @unittest.skipUnless(os.path.isdir("/proc/self/fd"), "there is no /proc")
    def test_no_descriptor_is_left_open(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)

        def use(url: str) -> None:
            client = Client(url, limits=FAST, storage=folder.name)
            with self.assertRaises(QueueInUse):
                Client(url, storage=folder.name)
            client.track(AddToCartEvent())
            client.flush(0.2)
            thread = client._sender._thread
            client.close(0)
            if thread is not None:
                thread.join(20)

        def files() -> int:
            return len(os.listdir("/proc/self/fd"))

        with Server() as server:
            gone = f"http://127.0.0.1:{free_port()}"
            for url in (server.url, gone):
                use(url)
            eventually(lambda: server.open == 0)
            before = files()
            for _ in range(5):
                for url in (server.url, gone):
                    use(url)
            eventually(lambda: server.open == 0)
            self.assertEqual(files(), before)

    def test_options_that_make_no_sense(self) -> None:
        for options, expected in [
            ({"endpoint": "http://events.example.com"}, "in the clear"),
            ({"endpoint": "ftp://localhost"}, "should be such as"),
            ({"endpoint": "https://user:secret@localhost"}, "password"),
            ({"endpoint": "https://localhost?key=secret"}, "neither"),
            ({"endpoint": "http://localhost", "key": "secret\r\nx: y"}, "line break"),
            ({"endpoint": "http://localhost", "consent": "yes"}, "granted, pending or denied"),
        ]:
            with (
                self.subTest(expected=expected),
                self.assertRaisesRegex(ValueError, expected) as caught,
            ):
                Client(**options)  # type: ignore[arg-type]
            self.assertNotIn("secret", str(caught.exception))
        Client("http://events.example.com", insecure=True).close()


class Storage(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.join(folder.name, "queue")

    def test_one_queue_belongs_to_one_client(self) -> None:
        with Client("http://127.0.0.1:1", storage=self.folder, limits=FAST) as client:
            with self.assertRaisesRegex(QueueInUse, "folder of its own"):
                Client("http://127.0.0.1:1", storage=self.folder)
            client.set_online(False)
        Client("http://127.0.0.1:1", storage=self.folder).close()

    def test_a_full_disk_refuses_the_event_and_harms_no_other(self) -> None:
        client = Client("http://127.0.0.1:1", storage=self.folder, limits=FAST)
        client.set_online(False)
        client.track(AddToCartEvent(product_id=1))
        real = os.write

        def full(handle: int, data: bytes) -> int:
            if len(data) < 20:
                raise OSError(28, "No space left on device")
            return real(handle, data[:-15])

        with mock.patch("os.write", full):
            tracked = client.track(AddToCartEvent(product_id=2))
        self.assertEqual(
            (tracked.reason, tracked.message),
            ("storage", "can't be stored: No space left on device"),
        )
        client.track(AddToCartEvent(product_id=3))
        self.assertFalse(client.close(0))
        with Client("http://127.0.0.1:1", storage=self.folder, consent="pending") as again:
            counters = again.counters()
            self.assertEqual((counters.taken, counters.damaged), (2, 0))
            again.set_online(False)

    def test_the_file_stays_small(self) -> None:
        with Server() as server:
            client = Client(server.url, storage=self.folder, limits=FAST)
            path = os.path.join(self.folder, "events")
            for _ in range(300):
                client.track(AddToCartEvent(product_type="x" * 20_000))
                client.flush(30) if client.counters().queued > 50 else None
                self.assertLess(os.path.getsize(path), 5_000_000)
            self.assertTrue(client.close(10))
            self.assertEqual(os.path.getsize(path), 0)
            self.assertEqual(os.stat(path).st_mode & 0o077, 0)

    def test_consent_that_is_denied_at_the_start_empties_storage(self) -> None:
        client = Client("http://127.0.0.1:1", storage=self.folder, limits=FAST)
        client.set_online(False)
        client.track(AddToCartEvent())
        client.close(0)
        told = []
        with Client(
            "http://127.0.0.1:1", storage=self.folder, consent="denied", on_given_up=told.append
        ) as again:
            self.assertEqual([event.reason for event in told], ["consent"])
            self.assertEqual(again.counters().taken, 1)
        self.assertEqual(os.path.getsize(os.path.join(self.folder, "events")), 0)


if __name__ == "__main__":
    unittest.main()
