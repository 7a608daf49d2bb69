"""A training run for kills.py: shuffling, workers that draw, dropout, a save every step.

It prints its steps and the hashes of its final state. Started again on the same folder, it goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
from typing import Any

import numpy as np

import rushlight as torch
from rushlight import nn
from rushlight.training import Checkpoint
from rushlight.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info

CALLS = "open fsync replace link unlink chmod mkdir stat".split()


def shaken(x: torch.Tensor, streams: str) -> torch.Tensor:
    x = x + 0.1 * torch.randn(3)
    if "python" in streams:
        x = x + random.gauss(0.0, 0.1)
    if "numpy" in streams:
        x = x + float(np.random.normal(0.0, 0.1))
    return x


class Points(Dataset):
    """Points on a plane; each visit draws from all streams of the worker."""

    def __init__(self, count: int, streams: str) -> None:
        generator = torch.Generator().manual_seed(5)
        self.x = torch.randn(count, 3, generator=generator)
        self.streams = streams

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.x[index]
        return shaken(x, self.streams), x.sum(dim=0, keepdim=True)


class Stream(IterableDataset):
    """The same points, one after another, a part for every worker."""

    def __init__(self, count: int, streams: str) -> None:
        self.points = Points(count, streams)

    def __iter__(self) -> Any:
        info = get_worker_info()
        first, step = (info.id, info.num_workers) if info else (0, 1)
        for index in range(first, len(self.points), step):
            yield self.points[index]


def make_loader(args: argparse.Namespace) -> DataLoader:
    options: dict[str, Any] = {"batch_size": 4, "num_workers": args.workers}
    if args.workers and args.start == "thread":
        options["worker_type"] = "thread"
    elif args.workers:
        options["multiprocessing_context"] = args.start
        options["persistent_workers"] = args.persistent
    streams = "rushlight" if args.start == "thread" else "rushlight python numpy"
    if args.iterable:
        return DataLoader(Stream(44, streams), **options)
    generator = torch.Generator().manual_seed(3) if args.generator else None
    return DataLoader(Points(44, streams), shuffle=True, generator=generator, **options)


def train(args: argparse.Namespace) -> Checkpoint:
    for seed in (torch.manual_seed, random.seed, np.random.seed):
        seed(1)
    torch.set_num_threads(1)
    loader = make_loader(args)
    model = nn.Sequential(
        nn.Linear(3, 16),
        nn.BatchNorm1d(16),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(16, 1),
    )
    if args.optimizer == "sgd":
        optimizer: Any = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    else:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01, amsgrad=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.1, total_steps=args.epochs * 12
    )
    checkpoint = Checkpoint(
        args.folder,
        keep=2,
        model=model,
        optimizer=optimizer,
        schedule=schedule,
        loader=loader,
        epoch=0,
        losses=[],
    )
    checkpoint.resume()
    while checkpoint.epoch < args.epochs:
        for x, y in loader:
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            checkpoint.losses.append(loss.item())
            checkpoint.save(best=loss.item() <= min(checkpoint.losses))
            print("step", len(checkpoint.losses), flush=True)
        checkpoint.epoch += 1
    checkpoint.save()
    return checkpoint


def digest(state: Any) -> str:
    """The hash of all numbers in a state, in order."""
    sha = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, torch.Tensor):
            sha.update(value.numpy().tobytes())
        elif isinstance(value, dict):
            add([*value.items()])
        elif isinstance(value, (list, tuple)):
            for item in value:
                add(item)
        else:
            sha.update(repr(value).encode())

    add(state)
    return sha.hexdigest()


def die_before(number: int) -> None:
    """Lets the process kill itself before that system call of its saves."""
    made = 0

    def counted(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal made
            made += os.getpid() == victim
            if made == number:
                os.kill(victim, signal.SIGKILL)
            return function(*args, **kwargs)

        return call

    victim = os.getpid()
    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--start", default="fork")
    parser.add_argument("--optimizer", default="sgd")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--persistent", action="store_true")
    parser.add_argument("--generator", action="store_true")
    parser.add_argument("--iterable", action="store_true")
    parser.add_argument("--die-before", type=int, default=0)
    args = parser.parse_args()
    if args.die_before:
        die_before(args.die_before)
    checkpoint = train(args)
    last = {"last": checkpoint.files()[-1], "best": checkpoint.folder / "best.pt"}
    for which, path in last.items():
        for name, state in torch.load(path).items():
            print(f"{which}.{name}", digest(state))


if __name__ == "__main__":
    main()
