"""TLS: who the server is, is verified. Certificates are made by the program openssl."""

import os
import shutil
import ssl
import subprocess
import tempfile
import unittest

from server import Server, eventually

from event_grpc import Client, Limits
from event_grpc.events import AddToCartEvent

FAST = Limits(batch_wait=0.01, backoff_base=0.01, backoff_max=0.02)


@unittest.skipIf(shutil.which("openssl") is None, "there is no openssl")
class Tls(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.cert, self.key = os.path.join(folder.name, "cert"), os.path.join(folder.name, "key")

    def server(self, name: str) -> Server:
        make = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout {self.key} -out {self.cert}"
        subprocess.run(
            [*make.split(), "-addext", f"subjectAltName={name}"],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.cert, self.key)
        return Server(tls=tls)

    def test_a_server_that_is_trusted_gets_events_over_one_connection(self) -> None:
        with self.server("IP:127.0.0.1") as server:
            tls = ssl.create_default_context(cafile=self.cert)
            with Client(server.url, limits=FAST, tls=tls) as client:
                for _ in range(3):
                    client.track(AddToCartEvent())
                    self.assertTrue(client.flush(30))
            self.assertEqual((len(server.events()), len(server.connections)), (3, 1))

    def test_any_other_gets_nothing(self) -> None:
        with self.server("DNS:events.example.com") as server:
            for tls in (None, ssl.create_default_context(cafile=self.cert)):
                client = Client(server.url, limits=FAST, tls=tls)
                client.track(AddToCartEvent())
                eventually(lambda c=client: c.counters().retries > 0)
                self.assertFalse(client.close(0))
            self.assertEqual(server.requests, [])

    def test_a_context_that_verifies_nothing_is_refused(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        with self.assertRaisesRegex(ValueError, "should verify"):
            Client("https://events.example.com", tls=context)


if __name__ == "__main__":
    unittest.main()
