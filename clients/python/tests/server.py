"""A server for tests: real sockets, answers by script, and what it got."""

import json
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List, Optional, Tuple

SUCCESS = (200, {"status": "SUCCESS"})


def eventually(holds: Callable[[], bool]) -> None:
    """Waits until something holds, on slow machines too."""
    end = time.monotonic() + 30
    while not holds():
        if time.monotonic() > end:
            raise AssertionError("it doesn't come about")
        time.sleep(0.01)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Server:
    """Answers each request with the next of `answers`, and further ones with success."""

    def __init__(self, *answers: Tuple[int, Dict[str, Any]], tls: Optional[ssl.SSLContext] = None):
        self.answers = list(answers)
        self.requests: List[Dict[str, Any]] = []
        self.connections = set()
        self.open = 0
        server = self
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                with lock:
                    server.open += 1
                try:
                    super().handle()
                finally:
                    # Nothing is open of it any more once its socket is closed.
                    self.rfile.close()
                    self.connection.close()
                    with lock:
                        server.open -= 1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                server.requests.append(json.loads(body))
                server.connections.add(self.client_address)
                status, said = server.answers.pop(0) if server.answers else SUCCESS
                text = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.port = self._http.server_address[1]
        self.url = f"http{'' if tls is None else 's'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def events(self) -> List[Dict[str, Any]]:
        """All events that came."""
        return [event for request in self.requests for event in request["events"]]

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: Any) -> None:
        self._http.shutdown()
        self._http.server_close()
