"""Locks of folders, which end with the process that holds them."""

import os
import sys


class QueueInUse(OSError):
    """Another client has the queue in this folder; each needs a folder of its own."""


def lock(folder: str) -> int:
    """Locks a folder; closing the descriptor unlocks it. Raises `QueueInUse`."""
    handle = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(handle)
    except OSError as error:
        os.close(handle)
        raise QueueInUse(
            f"{folder}: another client has the queue in this folder; give each a folder of its own"
        ) from error
    return handle


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
