"""Kills training runs with SIGKILL at random moments; resumed, they must end the same.

python tests/training/kills.py [--count 100] [--seed 0] [--only fork]

Victims take turns: the main process, all processes at once, the workers alone, and the
main process at a chosen system call in the middle of a save. After every kill no process
may be left, and in the end no file beside the checkpoints.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

PROGRAM = Path(__file__).with_name("run_to_kill.py")
SETUPS = {
    "alone": "--workers 0 --optimizer sgd",
    "fork": "--workers 2 --start fork --optimizer adam",
    "spawn": "--workers 2 --start spawn --persistent --epochs 2 --optimizer sgd",
    "thread": "--workers 2 --start thread --optimizer adam",
    "persistent": "--workers 2 --start fork --persistent --optimizer sgd --generator",
    "iterable": "--workers 2 --start fork --iterable --optimizer adam",
    "forkserver": "--workers 2 --start forkserver --epochs 2 --optimizer adam",
}
VICTIMS = ("main", "all", "save", "workers")
KILLS_IN_A_RUN = 5
PATIENCE = 40.0  # seconds until everything must have ended


class Failure(Exception):
    """What a kill must not lead to."""


def members(session: int) -> list[int]:
    """The live processes of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # pid (name) state parent group session ...; the name may hold anything.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(folder.name))
    return found


def wait_until_gone(session: int) -> None:
    end = time.monotonic() + PATIENCE
    while left := members(session):
        if time.monotonic() > end:
            lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in left]
            os.killpg(session, signal.SIGKILL)
            raise Failure(f"processes left behind: {lines}")
        time.sleep(0.02)


def shared_memory() -> set[str]:
    return set(os.listdir("/dev/shm"))


class Run:
    """One training run in a folder of its own, started as often as it takes."""

    def __init__(self, setup: str, folder: Path) -> None:
        self.folder = folder / "run"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self.command = [sys.executable, str(PROGRAM), str(self.folder)]
        self.command += SETUPS[setup].split()
        self.session = 0

    def start(self, *more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*self.command, *more],
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.session = process.pid
        return process

    def finish(self, process: subprocess.Popen[str]) -> tuple[int, str, str]:
        """The exit code and the output, once every process has ended."""
        try:
            out, err = process.communicate(timeout=3 * PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.session, signal.SIGKILL)
            out, err = process.communicate()
            raise Failure(f"hangs; it said:\n{out}{err}") from None
        wait_until_gone(self.session)
        return process.returncode, out, err

    def to_the_end(self) -> dict[str, str]:
        """The hashes that the run prints."""
        code, out, err = self.finish(self.start())
        if code != 0:
            raise Failure(f"ended with code {code}:\n{err}")
        return dict(line.split() for line in out.splitlines() if "." in line)

    def killed(self, victim: str, chance: random.Random) -> str:
        """Starts the run and kills it at a random moment; says how it went."""
        if victim == "save":
            call = chance.randrange(1, 100)
            process = self.start("--die-before", str(call))
            moment = f"before system call {call}"
        else:
            process = self.start()
            moment = self.wait_for_moment(process, chance)
            self.kill(victim, process.pid)
        code, _, err = self.finish(process)
        wanted = {0, 1} if victim == "workers" else {0, -signal.SIGKILL}
        if code not in wanted:
            raise Failure(f"{victim} killed {moment}: ended with code {code}:\n{err}")
        last = err.strip().splitlines()[-1] if code == 1 else ""
        if code == 1 and "DataLoader worker" not in last:
            raise Failure(f"the death of workers is not told:\n{err}")
        return f"{victim} killed {moment}{' too late' * (code == 0)}. {last}"

    def wait_for_moment(
        self, process: subprocess.Popen[str], chance: random.Random
    ) -> str:
        """Lets some steps pass, or kills while the run is starting."""
        steps = chance.randrange(6)
        if steps == 0:
            seconds = chance.uniform(0.0, 0.4)
            time.sleep(seconds)
            return f"{seconds:.2f} s after its start"
        assert process.stdout is not None
        line = ""
        hangs: list[bool] = []

        def stop() -> None:
            hangs.append(True)
            os.killpg(process.pid, signal.SIGKILL)

        late = threading.Timer(3 * PATIENCE, stop)
        late.start()
        for _ in range(steps):
            line = process.stdout.readline() or line
        late.cancel()
        if hangs:
            raise Failure(f"hangs after {line.strip()}")
        time.sleep(chance.uniform(0.0, 0.02))
        return f"after {line.strip()}"

    def kill(self, victim: str, main: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if victim == "all":
                os.killpg(main, signal.SIGKILL)
            elif victim == "main":
                os.kill(main, signal.SIGKILL)
        for pid in members(main) if victim == "workers" else ():
            with contextlib.suppress(ProcessLookupError):
                if pid != main:
                    os.kill(pid, signal.SIGKILL)

    def check_leftovers(self) -> None:
        names = [path.name for path in self.folder.iterdir()]
        names += [path.name for path in self.temporary.iterdir()]
        # Python's fork server cannot remove its folder when the main process is killed.
        odd = [n for n in names if not n.endswith(".pt") and not n.startswith("pymp-")]
        if odd:
            raise Failure(f"files left behind: {odd}")


def campaign(setup: str, kills: int, chance: random.Random, quiet: bool) -> None:
    """Compares a run that is killed some times with one that is not."""
    before = shared_memory()
    victims = [v for v in VICTIMS if v != "workers" or setup not in ("alone", "thread")]
    chance.shuffle(victims)
    with tempfile.TemporaryDirectory() as folder:
        expected = Run(setup, Path(folder) / "whole").to_the_end()
        run = Run(setup, Path(folder) / "killed")
        for index in range(kills):
            said = run.killed(victims[index % len(victims)], chance)
            if not quiet:
                print(f"  {said}", flush=True)
        found = run.to_the_end()
        # What workers have under way when a file is kept as the best is theirs.
        names = [name for name in expected if name != "best.loader"]
        if other := [name for name in names if found.get(name) != expected[name]]:
            raise Failure(f"ended with other bits in {other}")
        run.check_leftovers()
    end = time.monotonic() + PATIENCE
    while left := shared_memory() - before:
        if time.monotonic() > end:  # other programs use it too, and let go of it
            raise Failure(f"shared memory left behind: {sorted(left)}")
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="kills in all")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", choices=SETUPS, action="append")
    parser.add_argument("--quiet", action="store_true")
    args = parser.parse_args()
    seed = random.randrange(2**32) if args.seed is None else args.seed
    print(f"seed {seed}")
    chance = random.Random(seed)
    setups = args.only or list(SETUPS)
    done, round_ = 0, 0
    while done < args.count:
        setup = setups[round_ % len(setups)]
        kills = min(KILLS_IN_A_RUN, args.count - done)
        try:
            campaign(setup, kills, chance, args.quiet)
        except Failure as failure:
            sys.exit(f"{setup}: {failure}")
        done += kills
        round_ += 1
        print(
            f"{setup}: {kills} kills, the same bits ({done} of {args.count})",
            flush=True,
        )


if __name__ == "__main__":
    main()
