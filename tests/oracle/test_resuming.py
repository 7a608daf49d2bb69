"""A run started under one library goes on under the other, from a file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402
from rushlight.training import Checkpoint  # noqa: E402

LIBRARIES = {"rushlight": rushlight, "torch": torch}

OPTIMIZERS = {
    "momentum": lambda m, p: m.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda m, p: m.Adam(p, lr=0.1, amsgrad=True, weight_decay=0.01),
    "adamw": lambda m, p: m.AdamW(p, lr=0.1, betas=(0.8, 0.9)),
}

SCHEDULES = {
    "lambda": lambda m, o: m.LambdaLR(o, lambda t: 0.9**t),
    "multistep": lambda m, o: m.MultiStepLR(o, [2, 5, 5], 0.3),
    "warm restarts": lambda m, o: m.CosineAnnealingWarmRestarts(o, 2, 2),
    "cyclic": lambda m, o: m.CyclicLR(o, 0.01, 0.1, step_size_up=3),
    "one cycle": lambda m, o: m.OneCycleLR(o, 0.2, total_steps=20),
    "plateau": lambda m, o: m.ReduceLROnPlateau(o, patience=0, cooldown=1),
    "chained": lambda m, o: m.ChainedScheduler(
        [m.ConstantLR(o, total_iters=3), m.ExponentialLR(o, 0.9)]
    ),
    "sequential": lambda m, o: m.SequentialLR(
        o, [m.LinearLR(o, total_iters=2), m.CosineAnnealingLR(o, T_max=4)], [2]
    ),
}


class Run:
    """A linear model and what trains it, in one of the libraries."""

    def __init__(self, library: Any, optimizer: str, schedule: str) -> None:
        self.library = library
        self.model = library.nn.Linear(3, 2)
        make = OPTIMIZERS[optimizer]
        self.optimizer = make(library.optim, self.model.parameters())
        self.schedule = SCHEDULES[schedule](library.optim.lr_scheduler, self.optimizer)
        self.rates: list[Any] = []

    def steps(self, first: int, last: int) -> None:
        for step in range(first, last):
            x = self.library.arange(12.0).reshape(4, 3).sub(5 + step)
            loss = self.model(x).square().mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if "Plateau" in type(self.schedule).__name__:
                self.schedule.step([3.0, 2.0, 2.5][step % 3])
            else:
                self.schedule.step()
            self.rates += self.schedule.get_last_lr()

    def parts(self) -> dict[str, Any]:
        names = ("model", "optimizer", "schedule")
        return {name: getattr(self, name) for name in names}

    def save(self, folder: Path) -> Path:
        if self.library is rushlight:
            return Checkpoint(folder, **self.parts()).save()
        path = folder / "torch.pt"
        torch.save({k: part.state_dict() for k, part in self.parts().items()}, path)
        return path

    def load(self, path: Path) -> None:
        saved = self.library.load(path, weights_only=True)
        for name, part in self.parts().items():
            part.load_state_dict(saved[name])

    def weights(self) -> list[Any]:
        return [*self.model.weight.flatten().tolist(), *self.model.bias.tolist()]


@pytest.mark.parametrize("writer", ["rushlight", "torch"])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_other_library_goes_on(
    optimizer: str, schedule: str, writer: str, tmp_path: Path
) -> None:
    other = "torch" if writer == "rushlight" else "rushlight"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # composites step before the optimizer
        run = Run(LIBRARIES[writer], optimizer, schedule)
        run.steps(0, 4)
        taken = Run(LIBRARIES[other], optimizer, schedule)
        taken.load(run.save(tmp_path))
        assert taken.weights() == run.weights()
        run.steps(4, 12)
        taken.steps(4, 12)
    assert taken.rates == pytest.approx(run.rates[4:], rel=1e-12)
    assert taken.weights() == pytest.approx(run.weights(), rel=1e-4, abs=1e-5)
