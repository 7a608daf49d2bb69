"""Kills programs with SIGKILL while they save over a checkpoint, and reads what is left.

    python -m tests.crash.kill_saves --count 1000

A child saves generation after generation over one file and tells each one that is
done. It is killed at a random moment; the file must then be whole and hold the last
generation told or the one after it. What a kill leaves beside the file must be gone
after the next save.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import rushlight

CHILD = """
import sys, rushlight
rushlight.set_num_threads(1)
path, generation, size, small = sys.argv[1], *map(int, sys.argv[2:])
while True:
    generation += 1
    tensors = {f"large{i}": rushlight.full((size,), generation) for i in range(3)}
    tensors |= {f"small{i}": rushlight.full((2,), generation) for i in range(small)}
    print(flush=True)
    rushlight.save({"generation": generation, "state": tensors}, path)
    print(generation, flush=True)
"""
SIZES = (10, 70_000, 300_000, 1_500_000)
"""Elements of the large tensors: some smaller, some larger than one piece of writing."""


@dataclass
class Report:
    """What the kills have left."""

    kills: int = 0
    kept_old: int = 0
    became_new: int = 0
    left_beside: int = 0


def run(folder: Path, count: int, seed: int) -> Report:
    """Kills `count` children that save into the folder.

    Raises:
        AssertionError: if a file was not whole, too old, or left beside for good.
    """
    chance = random.Random(seed)
    path = folder / "checkpoint.pt"
    report = Report()
    generation = 0
    while report.kills < count:
        size = chance.choice(SIZES)
        rushlight.save({"generation": generation, "state": {}}, path)
        told = kill_one(path, generation, size, chance)
        content = rushlight.load(path)
        generation = content["generation"]
        assert generation in (told, told + 1), f"{told} was done, {generation} is there"
        for name, tensor in content["state"].items():
            assert tensor.eq(generation).all(), f"{name} is of another generation"
        report.kills += 1
        report.kept_old += generation == told
        report.became_new += generation != told
        report.left_beside += len(os.listdir(folder)) - 1
        assert len(os.listdir(folder)) <= 2, os.listdir(folder)
    rushlight.save({"generation": generation, "state": {}}, path)
    assert os.listdir(folder) == [path.name], os.listdir(folder)
    return report


def kill_one(path: Path, generation: int, size: int, chance: random.Random) -> int:
    """Kills one child within one of its first saves; the last generation it told."""
    words = [str(path), str(generation), str(size), str(chance.choice((1, 200)))]
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, *words], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        told = generation
        for _ in range(chance.randrange(3)):
            child.stdout.readline()
            told = int(child.stdout.readline())
        child.stdout.readline()
        # A save takes from one millisecond to some tens.
        time.sleep(chance.random() ** 2 * (0.004 + size * 4e-8))
        child.kill()
        for line in child.stdout:
            told = int(line.strip() or told)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(run(Path(folder), options.count, options.seed))


if __name__ == "__main__":
    main()
