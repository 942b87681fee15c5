"""A shop's HTTP service that tracks what is ordered.

event-grpc demo                      # in one terminal
python3 clients/python/example/shop.py
curl -X POST 'http://127.0.0.1:8080/cart?product=42&quantity=2'
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

try:
    from event_grpc import Client, GivenUp
except ImportError:
    # Not installed: the library beside this example.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from event_grpc import Client, GivenUp

from event_grpc.events import AddToCartEvent, Header


def told(event: GivenUp) -> None:
    print(f"event {event.id} was given up: {event.reason} {event.message or ''}", file=sys.stderr)


client = Client(
    os.environ.get("EVENT_GRPC_ENDPOINT", "http://127.0.0.1:8019"),
    os.environ.get("EVENT_GRPC_KEY"),
    header=Header(client_type="shop", app_version="1.0"),
    storage=os.environ.get("EVENT_GRPC_STORAGE"),
    on_given_up=told,
)


class Shop(BaseHTTPRequestHandler):
    """Puts products into carts."""

    def do_POST(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        try:
            product, quantity = int(query["product"][0]), int(query.get("quantity", ["1"])[0])
        except (KeyError, ValueError):
            self.answer(400, "say ?product=NUMBER&quantity=NUMBER\n")
            return
        tracked = client.track(
            AddToCartEvent(product_id=product, quantity=quantity), current_url=self.path
        )
        # An order is taken whether its event is or not.
        self.answer(200, f"in the cart; event {tracked.id or tracked.message}\n")

    def do_GET(self) -> None:
        self.answer(200, f"{client.counters()}\n")

    def answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def main() -> None:
    port = int(os.environ.get("PORT", "8080"))
    server = ThreadingHTTPServer(("127.0.0.1", port), Shop)
    print(f"curl -X POST 'http://127.0.0.1:{port}/cart?product=42&quantity=2'", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        client.close(5)
        print(client.counters())


if __name__ == "__main__":
    main()
