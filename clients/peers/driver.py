"""What the drivers of other libraries for Python share: they read commands and answer them (clients/scenarios/README.md)."""

import json
import sys
from typing import Any, Callable, Dict, Protocol


class Peer(Protocol):
    """What a library is to its driver."""

    accepted: int

    def track(self, fields: Dict[str, Any]) -> None:
        """Hands an event over."""

    def flush(self) -> bool:
        """Waits until all are settled."""


def drive(connect: Callable[[str, str], Peer]) -> None:
    """Does what the lines of the input say; `connect` gets an address and the id of a session."""
    peer = None
    for line in sys.stdin:
        told = json.loads(line)
        try:
            answer: Dict[str, Any] = {"ok": True}
            if told["do"] == "open":
                peer = connect(told["endpoint"], told["header"]["sessionId"])
            elif told["do"] == "track_many":
                assert peer is not None
                for number in range(told["count"]):
                    peer.track({**told["fields"], "productId": number})
                answer = {"taken": told["count"], "refused": 0}
            elif told["do"] == "flush":
                assert peer is not None
                answer = {"settled": peer.flush()}
            elif told["do"] == "counters":
                assert peer is not None
                answer = {"accepted": peer.accepted}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
