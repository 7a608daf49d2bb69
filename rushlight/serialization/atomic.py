"""Writing a file so that a kill at any moment leaves the old one or the new one.

The new file is written beside the old one under a hidden name, flushed to the disk,
renamed over it, and the folder is flushed. While it is written it is locked; the
system drops the lock with the process. A file of such a name that is not locked was
left by a killed program, and the next writing of the same target removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
from collections.abc import Iterator
from typing import BinaryIO

_SLOTS = 8
_NAME_BYTES = 200
_OURS = re.compile(r"\..+\.\d+\.rushlight-save", re.DOTALL)
_LARGE = 1 << 26


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file that takes its place under `path` when the block ends well.

    Symbolic links are followed; permissions, and where the system allows it owner and
    extended attributes, are those of the file that is replaced. Its other hard links
    keep the old content. A target that is no regular file (a pipe, `/dev/null`) is
    written directly.

    Raises:
        RuntimeError: if the folder of the file does not exist.
        PermissionError: if the file may not be written, or nothing in its folder.
        OSError: if the disk is full; the old file is then untouched.
    """
    target = os.path.realpath(os.fspath(path))
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    old = os.stat(target) if os.path.exists(target) else None
    if old is not None and not stat.S_ISREG(old.st_mode):
        with open(target, "wb") as file:
            yield file
        return
    if old is not None and not os.access(target, os.W_OK):
        raise PermissionError(13, "Permission denied", target)
    beside, number = _create(target)
    replaced = -1
    try:
        with open(number, "wb") as file:
            if old is not None:
                _copy_rights(target, old, number)
            yield file
            file.flush()
            os.fsync(number)
            if old is not None and old.st_size >= _LARGE:
                replaced = _hold(target)
            os.replace(beside, target)
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        if isinstance(error, OSError) and error.errno and error.filename is None:
            error.filename = target
        raise
    finally:
        _release(replaced)
    sync_folder(folder)
    for index in range(_SLOTS):
        left = _slot(target, index)
        if os.path.lexists(left):
            _remove_if_abandoned(left)


def remove_abandoned(folder: str) -> None:
    """Removes what killed writings of any file of the folder have left in it."""
    with os.scandir(folder) as entries:
        left = [entry.path for entry in entries if _OURS.fullmatch(entry.name)]
    for path in left:
        _remove_if_abandoned(path)


def _slot(target: str, index: int) -> str:
    folder, name = os.path.split(os.fsencode(target))
    hidden = b"." + name[:_NAME_BYTES] + b".%d.rushlight-save" % index
    return os.fsdecode(os.path.join(folder, hidden))


def _create(target: str) -> tuple[str, int]:
    """A new locked file beside the target: its path and descriptor."""
    index = 0
    while True:
        beside = _slot(target, index)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            number = os.open(beside, flags, 0o666)
        except FileExistsError:
            index += 0 if _remove_if_abandoned(beside) else 1
            continue
        # Between its making and its locking another writer may take it for an
        # abandoned one; that one then has the lock, or has removed the file.
        if _lock(number) is not False and os.fstat(number).st_nlink:
            return beside, number
        os.close(number)


def _lock(number: int) -> bool | None:
    """Whether the file is now locked by us; None where files cannot be locked."""
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _remove_if_abandoned(beside: str) -> bool:
    """Removes a file of ours whose writer is gone; whether the name is free now."""
    try:
        number = os.open(beside, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        found = os.fstat(number)
        own = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
        if not own or not _lock(number):
            return False
        # Who holds the lock of a file is the only one to remove it; the name may
        # have gone to another file before.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.lstat(beside), found):
                os.unlink(beside)
        return True
    finally:
        os.close(number)


def _copy_rights(target: str, old: os.stat_result, number: int) -> None:
    made = os.fstat(number)
    if (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
        for owner in (old.st_uid, -1):
            # Only the superuser gives files away; a group that one is in is allowed.
            with contextlib.suppress(PermissionError):
                os.fchown(number, owner, old.st_gid)
                break
    os.fchmod(number, stat.S_IMODE(old.st_mode))
    with contextlib.suppress(OSError):
        for name in os.listxattr(target):
            with contextlib.suppress(OSError):
                os.setxattr(number, name, os.getxattr(target, name))


def _hold(target: str) -> int:
    """A descriptor of the file that is about to be replaced, or -1."""
    try:
        return os.open(target, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


def _release(number: int) -> None:
    """Closes the last reference to a large file, whose freeing takes a while, apart."""
    if number < 0:
        return
    from threading import Thread

    try:
        Thread(target=os.close, args=(number,)).start()
    except RuntimeError:  # no more threads
        os.close(number)


def sync_folder(folder: str) -> None:
    """Makes the rename itself durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
