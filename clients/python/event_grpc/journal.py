"""Storage of a queue: a file to which events are appended, and then that they are settled.

A record is a line: the CRC-32 of its JSON in 8 digits, a space, the JSON. `{"n": …}` is an event and its number,
`{"gone": [ … ]}` the numbers of events that were settled.
"""

import json
import os
import time
import zlib
from collections.abc import Iterable
from typing import Any, Dict, List

from event_grpc.item import Item, encode
from event_grpc.lock import lock

# A file is written anew when it has more than this beyond what its events need.
_SLACK = 1 << 20


class Journal:
    """The file in a folder, which this client has alone."""

    def __init__(self, folder: str) -> None:
        """Raises `QueueInUse`, and OSError if the folder can't be used."""
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self._lock = lock(folder)
        self._path = os.path.join(folder, "events")
        self.items: List[Item] = []
        """The events that were found, in order."""
        self.damaged = 0
        """Records that couldn't be read."""
        self._size = 0
        self._needed: Dict[int, int] = {}
        self._torn = False
        try:
            self._handle = self._open()
        except OSError:
            os.close(self._lock)
            raise
        self._load()

    def append(self, item: Item) -> None:
        """Stores an event. Raises OSError, after which the file is as before."""
        text = _record(item)
        self._write(text)
        self._needed[item.number] = len(text)
        item.stored = True

    def settled(self, items: Iterable[Item]) -> None:
        """Forgets events. Where that fails they are sent once more at the next start, with the same ids."""
        gone = [item.number for item in items if self._needed.pop(item.number, None) is not None]
        try:
            if not self._needed:
                self.clear()
            elif gone:
                self._write(_line(encode({"gone": gone})))
                self._shrink()
        except OSError:
            pass

    def clear(self) -> None:
        """Forgets all events. Raises OSError."""
        self._needed.clear()
        if self._size or self._torn:
            os.ftruncate(self._handle, 0)
            self._size = 0
            self._torn = False

    def close(self) -> None:
        """Lets go of the file and of its folder."""
        if self._handle >= 0:
            os.close(self._handle)
        os.close(self._lock)

    def _write(self, text: bytes) -> None:
        # What is left of a record that wasn't written to its end stays a line of its own.
        data = b"\n" + text if self._torn else text
        if self._handle < 0:
            self._handle = self._open()
        try:
            written = os.write(self._handle, data)
            while written < len(data):
                written += os.write(self._handle, data[written:])
        except OSError:
            self._torn = True
            os.ftruncate(self._handle, self._size)
            self._torn = False
            raise
        self._torn = False
        self._size += len(data)

    def _load(self) -> None:
        found: Dict[int, Item] = {}
        gone = 0
        with open(self._path, "rb") as file:
            for line in file:
                self._size += len(line)
                self._torn = not line.endswith(b"\n")
                record = _read(line.rstrip(b"\n"))
                if isinstance(record, Item):
                    found[record.number] = record
                    self._needed[record.number] = len(line)
                elif isinstance(record, list):
                    gone += 1
                    for number in record:
                        found.pop(number, None)
                        self._needed.pop(number, None)
                elif line.strip():
                    self.damaged += 1
        self.items = list(found.values())
        if not found:
            self.settled([])
        elif gone or self.damaged:
            try:
                self._rewrite()
            except OSError:
                pass

    def _shrink(self) -> None:
        if self._size > 2 * sum(self._needed.values()) + _SLACK:
            self._rewrite()

    def _rewrite(self) -> None:
        """Writes the file anew with what is needed of it."""
        needed: List[bytes] = []
        with open(self._path, "rb") as file:
            for line in file:
                record = _read(line.rstrip(b"\n"))
                if isinstance(record, Item) and record.number in self._needed:
                    needed.append(line if line.endswith(b"\n") else line + b"\n")
        text = b"".join(needed)
        fresh = self._path + ".new"
        handle = os.open(
            fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600
        )
        with os.fdopen(handle, "wb") as file_:
            file_.write(text)
            file_.flush()
            os.fsync(handle)
        # Windows replaces no file that is open. A number that is closed may soon be another file's.
        handle, self._handle = self._handle, -1
        os.close(handle)
        try:
            os.replace(fresh, self._path)
            self._size = len(text)
            self._torn = False
        finally:
            self._handle = self._open()

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        return os.open(self._path, flags, 0o600)


def _record(item: Item) -> bytes:
    about = encode({"n": item.number, "at": item.taken_ms, "type": item.type, "id": item.id})
    return _line(b'%b,"header":%b,"event":%b}' % (about[:-1], item.header, item.event))


def _line(text: bytes) -> bytes:
    return b"%08x %b\n" % (zlib.crc32(text), text)


def _read(line: bytes) -> Any:
    """An event, a list of numbers, or None if the record is damaged."""
    try:
        if int(line[:8], 16) != zlib.crc32(line[9:]):
            return None
        record = json.loads(line[9:])
        if "gone" in record:
            return record["gone"]
        item = Item(
            record["id"],
            record["type"],
            encode(record["header"]),
            encode(record["event"]),
            record["at"],
        )
        item.number = record["n"]
        item.taken -= max(0.0, time.time() - item.taken_ms / 1000)
        item.stored = True
        return item
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
