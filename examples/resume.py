"""Trains the digits network, is killed in the middle of an epoch, and goes on exactly.

The images are shifted and get noise in worker processes, the order is shuffled, the
network has dropout: every step depends on random numbers. One run is left alone. Another
is killed with SIGKILL at random moments and started again each time. Both must end with
the same bits.

    python examples/resume.py            # some twenty seconds on two cores
    python examples/resume.py --smoke    # a few seconds, to see that everything runs
    python examples/resume.py --train FOLDER    # one run; start it again to go on
"""

from __future__ import annotations

import argparse
import hashlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from digits import DigitNet, load_data

import rushlight as torch
from rushlight import nn
from rushlight.training import Checkpoint
from rushlight.utils.data import DataLoader, Dataset


class ShakyDigits(Dataset):
    """Digits, shifted by up to a pixel and with noise, drawn anew at every visit."""

    def __init__(self, digits: Dataset) -> None:
        self.digits = digits

    def __len__(self) -> int:
        return len(self.digits)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        image, label = self.digits[index]
        down, right = torch.randint(-1, 2, (2,)).tolist()
        image = torch.roll(image, (down, right), dims=(1, 2))
        return image + 0.1 * torch.randn(image.shape), label


def train(folder: Path, epochs: int) -> None:
    """The training program: all that resuming takes of it are the lines with
    `checkpoint`."""
    torch.manual_seed(0)
    digits, validation, _ = load_data()
    loader = DataLoader(ShakyDigits(digits), batch_size=64, shuffle=True, num_workers=2)
    model = DigitNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1e-2, total_steps=epochs * len(loader)
    )

    checkpoint = Checkpoint(
        folder,
        model=model,
        optimizer=optimizer,
        scheduler=scheduler,
        loader=loader,
        epoch=0,
        step=0,
        best=0.0,
    )
    if checkpoint.resume():
        print(f"resumed {checkpoint.step}", flush=True)

    while checkpoint.epoch < epochs:
        model.train()
        for images, labels in loader:  # after resuming: the rest of the epoch
            loss = criterion(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            checkpoint.step += 1
            print(f"step {checkpoint.step}", flush=True)
            if checkpoint.step % 5 == 0:
                checkpoint.save()
        checkpoint.epoch += 1
        accuracy = evaluate(model, validation)
        improved = accuracy > checkpoint.best
        checkpoint.best = max(accuracy, checkpoint.best)
        checkpoint.save(best=improved)


def evaluate(model: nn.Module, data: Dataset) -> float:
    """The part of the images that the model recognizes."""
    model.eval()
    with torch.no_grad():
        hits = [
            (model(images).argmax(dim=1) == labels).float()
            for images, labels in DataLoader(data, batch_size=256)
        ]
    return torch.cat(hits).mean().item()


# What follows starts that program, kills it, and compares.


def start(folder: Path, epochs: int) -> subprocess.Popen[str]:
    """The training program in a process of its own."""
    command = [sys.executable, __file__, "--train", str(folder), "--epochs"]
    return subprocess.Popen([*command, str(epochs)], stdout=subprocess.PIPE, text=True)


def run(folder: Path, epochs: int, kill_after: int | None = None) -> int:
    """Runs the program to its end, or kills it after a step; returns the last step."""
    process = start(folder, epochs)
    assert process.stdout is not None
    step = 0
    for line in process.stdout:
        what, step = line.split()[0], int(line.split()[1])
        if what == "resumed":
            print(f"  process {process.pid} goes on after step {step}")
        if step == kill_after:
            time.sleep(random.uniform(0, 0.02))  # somewhere in the next steps
            process.send_signal(signal.SIGKILL)
            break
    process.stdout.close()
    code = process.wait()
    if code != (-signal.SIGKILL if kill_after else 0):
        sys.exit(f"the training program ended with code {code}")
    return step


def digest(state: Any) -> str:
    """The SHA-256 hash of all numbers in a state, in order."""
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


def final(folder: Path) -> dict[str, Any]:
    """What the last checkpoint of a run holds."""
    return torch.load(max(folder.glob("checkpoint-*.pt")))


def compare(folder: Path, epochs: int, kills: int) -> bool:
    """Does the two runs in subfolders; returns whether they end with the same bits."""
    print("a run that is left alone")
    steps = run(folder / "whole", epochs)
    print(f"  {steps} steps, {steps // epochs} in an epoch")

    print("a run that is killed")
    moments = random.sample(
        [s for s in range(1, steps) if s % (steps // epochs)], kills
    )
    for moment in sorted(moments):
        run(folder / "killed", epochs, kill_after=moment)
        epoch, batch = divmod(moment, steps // epochs)
        print(f"  SIGKILL in epoch {epoch + 1}, after batch {batch}")
    run(folder / "killed", epochs)

    whole, killed = final(folder / "whole"), final(folder / "killed")
    for part in ("model", "optimizer"):
        print(f"{part:9}  whole   {digest(whole[part])}")
        print(f"{'':9}  killed  {digest(killed[part])}")
    for state in (whole, killed):
        del state["random"]  # Python's and NumPy's streams, not seeded here
    identical = digest(whole) == digest(killed)
    print(f"best accuracy {whole['best']:.3f} and {killed['best']:.3f}")
    print("identical:", "yes" if identical else "no")
    return identical


def main() -> None:
    parser = argparse.ArgumentParser(description="Kills and resumes a training run.")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--train", metavar="FOLDER", type=Path, help="only train")
    parser.add_argument("--smoke", action="store_true", help="two epochs, one kill")
    args = parser.parse_args()
    if args.train:
        train(args.train, args.epochs)
        return
    epochs, kills = (2, 1) if args.smoke else (args.epochs, args.kills)
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if compare(Path(folder), epochs, kills) else 1)


if __name__ == "__main__":
    main()
