"""Clients and processes: what a fork makes of them, and the end of the interpreter."""

import atexit
import os
import weakref
from typing import Any, Protocol

from event_grpc.journal import Journal
from event_grpc.lock import QueueInUse

# More processes than this won't share a folder.
_MOST_FOLDERS = 1_000


class _Client(Protocol):
    def _forked(self) -> None: ...

    def _exit(self) -> None: ...


opened: "weakref.WeakSet[Any]" = weakref.WeakSet()
"""The clients of this process that weren't closed."""


def open_for_fork(folder: str) -> Journal:
    """The storage of a forked process: the first folder within that of its parent that no other process has.

    A process that ended leaves its folder, and what is in it, to the next one. Raises OSError.
    """
    for number in range(_MOST_FOLDERS):
        try:
            return Journal(os.path.join(folder, f"fork-{number}"))
        except QueueInUse:
            continue
    raise QueueInUse(f"{folder}: {_MOST_FOLDERS} processes have a queue here")


def _after_fork() -> None:
    for client in list(opened):
        client._forked()


def _at_exit() -> None:
    for client in list(opened):
        client._exit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
