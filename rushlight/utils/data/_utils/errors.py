"""Exceptions that cross from a worker, and the words for a worker that died."""

from __future__ import annotations

import pickle
import signal
import traceback
from typing import Any


class _PlainText(str):
    """A message that KeyError shows as it is, lines and all."""

    def __repr__(self) -> str:
        return self


class Raised:
    """An exception with its traceback as text, to be raised again elsewhere.

    Args:
        error: what was raised.
        where: for the message: "in DataLoader worker process 0".
        note: added to the exception's notes; which sample it was.
    """

    def __init__(self, error: BaseException, where: str, note: str = "") -> None:
        self.kind = _portable(type(error))
        self.name = type(error).__name__
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        self.text = "".join(lines)
        self.where = where
        self.note = note

    def raise_again(self) -> None:
        """Raises an exception of the same type, whose message holds the traceback;
        a RuntimeError where the type cannot be made of one message."""
        error = self._rebuilt()
        if self.note and hasattr(error, "add_note"):
            error.add_note(self.note)
        raise error from None

    def _rebuilt(self) -> BaseException:
        message = f"Caught {self.name} {self.where}.\nOriginal {self.text}"
        if self.kind is None:
            return RuntimeError(message)
        try:
            if self.kind is KeyError:
                return KeyError(_PlainText(message))
            if getattr(self.kind, "message", None):
                return self.kind(message=message)
            return self.kind(message)
        except Exception:
            return RuntimeError(message)


def _portable(kind: type[BaseException]) -> Any:
    """The type if another process can find it by name, else None."""
    try:
        return kind if pickle.loads(pickle.dumps(kind)) is kind else None
    except Exception:
        return None


_REASONS = {
    signal.SIGKILL: (
        "Nothing but another process or the kernel sends it; most often the machine "
        "or its memory limit (cgroup) ran out of memory and the kernel ended the "
        "process. Fewer workers, a smaller prefetch_factor or smaller batches need "
        "less."
    ),
    signal.SIGBUS: (
        "It is possible that dataloader's workers are out of shared memory, or that a "
        "mapped file became shorter while it was read. Please try to raise your shared "
        "memory limit."
    ),
    signal.SIGSEGV: (
        "Native code that the dataset calls accessed invalid memory; "
        "`python -X faulthandler` shows where."
    ),
    signal.SIGABRT: "Native code that the dataset calls aborted; see its output above.",
    signal.SIGTERM: "Another process asked it to end.",
}


def describe_death(pid: int, code: int | None, doing: str) -> str:
    """What killed a worker, in PyTorch's words first, and what it was doing.

    Args:
        pid: of the worker.
        code: its exit code; minus the signal if one killed it, None if unknown.
        doing: "worker 0 was loading ...".
    """
    if code is not None and code < 0:
        text, cause = signal.strsignal(-code), f"signal {-code}"
        reason = ""
        try:
            number = signal.Signals(-code)
        except ValueError:
            pass
        else:
            cause, reason = number.name, _REASONS.get(number, "")
        head = f"DataLoader worker (pid {pid}) is killed by signal: {text}. ({cause}) "
        return f"{head}{doing} {reason}".rstrip()
    how = "" if code is None else f" with exit code {code}"
    return (
        f"DataLoader worker (pid(s) {pid}) exited unexpectedly{how}. {doing} Rerunning "
        "with num_workers=0 may give better error trace."
    )
