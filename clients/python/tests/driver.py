"""The driver of the scenarios: commands as lines of JSON, answered with lines of JSON (clients/scenarios/README.md)."""

import base64
import json
import os
import sys
import time
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Dict, List, Optional, Type

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from event_grpc import Client, GivenUp, Limits, Tracked
from event_grpc.events import Header
from event_grpc.kinds import Bytes, Duration, EnumOf, Float, Integer, Kind, ListOf, MapOf, Timestamp
from event_grpc.message import Message, MessageOf, event_types

SECONDS = {
    "max_age_ms": "max_age",
    "batch_wait_ms": "batch_wait",
    "backoff_base_ms": "backoff_base",
    "backoff_max_ms": "backoff_max",
    "request_timeout_ms": "request_timeout",
}


def value(kind: Kind, json_value: Any) -> Any:
    """A value of Python, from proto3 JSON."""
    if isinstance(kind, ListOf):
        return [value(kind.items, item) for item in json_value]
    if isinstance(kind, MapOf):
        return {value(kind.keys, key): value(kind.values, v) for key, v in json_value.items()}
    if isinstance(kind, MessageOf):
        return message(kind.message(), json_value)
    if isinstance(kind, EnumOf):
        return kind.enum[json_value] if isinstance(json_value, str) else json_value
    if isinstance(kind, Integer):
        return int(json_value)
    if isinstance(kind, Float):
        return float(json_value)
    if isinstance(kind, Bytes):
        return base64.b64decode(json_value)
    if isinstance(kind, Timestamp):
        return datetime.fromisoformat(json_value.replace("Z", "+00:00"))
    if isinstance(kind, Duration):
        return timedelta(seconds=float(json_value[:-1]))
    return json_value


def message(of: Type[Message], fields: Dict[str, Any]) -> Message:
    """A message, from proto3 JSON."""
    names = {declared.json: name for name, declared in of.FIELDS.items()}
    return of(**{names[n]: value(of.FIELDS[names[n]].kind, v) for n, v in fields.items()})


def limits(config: Dict[str, Any]) -> Limits:
    """Limits, from the configuration of a scenario."""
    seconds = {SECONDS[name]: v / 1000 for name, v in config.items() if name in SECONDS}
    counts = {name: v for name, v in config.items() if name not in SECONDS}
    # A driver ends without closing its client, as a process does that is killed.
    return Limits(exit_timeout=0, **counts, **seconds)


class Driver:
    """Does what it is told."""

    def __init__(self) -> None:
        self.client: Optional[Client] = None
        self.gave_up: List[GivenUp] = []

    def open(self, told: Dict[str, Any]) -> Dict[str, Any]:
        header = told.get("header")
        try:
            self.client = Client(
                told["endpoint"],
                told.get("key"),
                header=None if header is None else self.header_of(header),
                storage=told.get("storage"),
                consent=told.get("consent", "granted"),
                on_given_up=self.gave_up.append,
                limits=limits(told.get("config") or {}),
            )
        except (OSError, ValueError) as error:
            return {"error": str(error)}
        return {"ok": True}

    def header_of(self, fields: Dict[str, Any]) -> Header:
        made = message(Header, fields)
        assert isinstance(made, Header)
        return made

    def track(self, told: Dict[str, Any]) -> Dict[str, Any]:
        tracked = self.track_one(told)
        if tracked:
            return {"taken": True, "id": tracked.id}
        return {"taken": False, "reason": tracked.reason, "message": tracked.message}

    def track_one(self, told: Dict[str, Any]) -> Tracked:
        assert self.client is not None
        of = event_types()[told["event"]]
        timestamp = told.get("timestamp")
        return self.client.track(
            message(of, told.get("fields") or {}),  # type: ignore[arg-type]
            id=told.get("id"),
            timestamp=None if timestamp is None else int(timestamp),
            current_url=told.get("currentURL"),
        )

    def track_many(self, told: Dict[str, Any]) -> Dict[str, Any]:
        ids: List[Optional[str]] = []
        refused = 0
        for number in range(told["count"]):
            fields = {**(told.get("fields") or {}), "productId": str(number)}
            tracked = self.track_one({"event": told["event"], "fields": fields})
            while tracked.reason == "queue_full":
                refused += 1
                time.sleep(0.005)
                tracked = self.track_one({"event": told["event"], "fields": fields})
            if tracked:
                ids.append(tracked.id)
            time.sleep(told.get("pace", 0) / 1000)
        answer: Dict[str, Any] = {"taken": len(ids), "refused": refused}
        if told.get("ids"):
            answer["ids"] = ids
        return answer

    def counters(self) -> Dict[str, Any]:
        assert self.client is not None
        numbers = asdict(self.client.counters())
        gave_up = [{k: v for k, v in asdict(e).items() if v is not None} for e in self.gave_up]
        return {**numbers, "gave_up": gave_up}

    def do(self, told: Dict[str, Any]) -> Dict[str, Any]:
        what = told["do"]
        if what == "open":
            return self.open(told)
        if what == "sleep":
            time.sleep(told["ms"] / 1000)
            return {"ok": True}
        assert self.client is not None
        if what == "track":
            return self.track(told)
        if what == "track_many":
            return self.track_many(told)
        if what == "counters":
            return self.counters()
        if what in ("flush", "close"):
            wait = self.client.flush if what == "flush" else self.client.close
            return {"settled": wait(told.get("timeout_ms", 30_000) / 1000)}
        if what == "header":
            self.client.set_header(self.header_of(told["header"]))
        elif what == "consent":
            self.client.set_consent(told["consent"])
        elif what == "online":
            self.client.set_online(told["online"])
        else:
            return {"error": f"unknown: {what}"}
        return {"ok": True}


def main() -> None:
    driver = Driver()
    for line in sys.stdin:
        try:
            answer = driver.do(json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
