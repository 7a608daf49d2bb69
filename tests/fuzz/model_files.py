"""Loads mutated model files and reports everything but a load or a clear error.

``python -m tests.fuzz.model_files --count 100000 --seed 1`` from the repository's root.
Findings are: another exception, a file that takes long or much memory, an object that
does not print, and any event by which Python runs, opens or starts something.
"""

from __future__ import annotations

import argparse
import codecs
import datetime
import decimal
import fractions
import io
import pathlib
import random
import resource
import signal
import sys
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy

import rushlight
from rushlight.serialization import Record, UnsafeFileError

from .corpus import Legacy, Tar, Zip, corpus
from .mutations import mutate

# Imported here, so that no import happens while a file is read.
_USED = (datetime, decimal, fractions, pathlib, uuid, numpy)
_DEVICE_ERRORS = (
    "Attempting to deserialize",
    "don't know how to restore",
    "map_location",
)
_INCOMPLETE = (
    AttributeError,
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    RuntimeError,
)
_MEMORY = 1 << 30
_SECONDS = 5.0
_FORBIDDEN = (
    *("exec", "compile", "import", "open", "os.", "subprocess.", "socket.", "ctypes."),
    *("shutil.", "tempfile.", "pty.", "urllib.", "pickle.", "marshal.", "code.__new__"),
)


class Watch:
    """Notes the events of Python's own audit while a file is being read."""

    def __init__(self) -> None:
        self.active = False
        self.seen: list[str] = []
        sys.addaudithook(self._event)

    def _event(self, event: str, args: tuple[Any, ...]) -> None:
        if self.active and event.startswith(_FORBIDDEN):
            self.seen.append(f"{event}{str(args)[:200]}")


class TooSlow(BaseException):
    """A file took longer than it may."""


def _alarm(number: int, frame: Any) -> None:
    raise TooSlow


def _holds_module(found: Any) -> bool:
    todo, seen = [found], set()
    while todo:
        value = todo.pop()
        if isinstance(value, rushlight.nn.Module):
            return True
        if id(value) not in seen and isinstance(value, (list, tuple, dict, Record)):
            seen.add(id(value))
            todo += list(value.values()) if isinstance(value, dict) else []
            todo += value.children() if isinstance(value, Record) else []
            todo += value if isinstance(value, (list, tuple)) else []
    return False


def check(data: bytes, weights_only: bool, watch: Watch) -> tuple[str, str | None]:
    """Loads and prints one file; what came of it, and the finding if it is one."""
    watch.seen.clear()
    watch.active = True
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    caught: BaseException | None = None
    try:
        found = rushlight.load(io.BytesIO(data), weights_only=weights_only)
        try:
            repr(found)
        except _INCOMPLETE as error:
            # A layer may lack attributes, or have some that make no sense.
            recursed = isinstance(error, RecursionError)
            caught = None if _holds_module(found) and not recursed else error
    except (Exception, TooSlow) as error:
        caught = error
    signal.setitimer(signal.ITIMER_PROF, 0)
    watch.active = False
    outcome, finding = "loaded", None
    if isinstance(caught, (UnsafeFileError, EOFError)):
        outcome = "refused"
    elif isinstance(caught, RuntimeError) and str(caught).startswith(_DEVICE_ERRORS):
        outcome = "device"
    elif caught is not None:
        finding = "".join(traceback.format_exception(caught)[-12:])
    if watch.seen:
        finding = f"ran something: {watch.seen[:5]}"
    return outcome, finding


class Campaign:
    """A seeded run over many mutated files.

    Args:
        seed: of the mutations; file `n` depends on the seed and `n` only.
        files: what is mutated.
    """

    def __init__(self, seed: int, files: list[Zip | Legacy | Tar]) -> None:
        self.seed = seed
        self.files = files
        self.outcomes: Counter[str] = Counter()
        self.slowest = 0.0
        self.watch = Watch()

    def file(self, number: int) -> bytes:
        """The bytes of one file."""
        return mutate(self.files, random.Random(f"{self.seed}/{number}"))

    def run(
        self, start: int, count: int, report: Callable[[int, bytes, str], None]
    ) -> None:
        """Checks some files; `report` gets the number, bytes and text of findings."""
        for number in range(start, start + count):
            data = self.file(number)
            before = time.process_time()
            outcome, finding = check(data, number % 2 == 0, self.watch)
            self.slowest = max(self.slowest, time.process_time() - before)
            self.outcomes["finding" if finding else outcome] += 1
            if finding is not None:
                report(number, data, finding)


def warm_up(files: list[Zip | Legacy | Tar]) -> None:
    """Loads and prints each file, so that nothing is imported at first use later."""
    for codec in ("cp437", "raw-unicode-escape"):
        codecs.lookup(codec)
    for file in files:
        for weights_only in (True, False):
            stream = io.BytesIO(file.build())
            try:
                repr(rushlight.load(stream, weights_only=weights_only))
            except UnsafeFileError:
                if not weights_only:
                    raise


def limit_memory(extra: int = _MEMORY) -> None:
    """Lets the process take only so much address space more than it has."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + extra
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> int:
    """The command; 1 if there was a finding."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000, help="how many files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="the first file's number")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the findings")
    options = parser.parse_args()
    rushlight.set_num_threads(1)
    signal.signal(signal.SIGPROF, _alarm)
    campaign = Campaign(options.seed, corpus())
    warm_up(campaign.files)
    limit_memory()
    kinds: Counter[str] = Counter()

    def report(number: int, data: bytes, text: str) -> None:
        last = text.strip().splitlines()[-1][:200]
        kinds[last] += 1
        if kinds[last] <= 3:
            print(f"--- file {number} ({len(data)} bytes)\n{text}", flush=True)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{options.seed}-{number}.pt").write_bytes(data)

    began, done = time.monotonic(), 0
    while done < options.count:
        step = min(20_000, options.count - done)
        campaign.run(options.start + done, step, report)
        done += step
        rate = done / (time.monotonic() - began)
        print(f"{done} files, {rate:.0f}/s, {dict(campaign.outcomes)}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"slowest {campaign.slowest:.2f} s, peak memory {peak} MB, {dict(kinds)}")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
