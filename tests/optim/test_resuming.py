"""A run that goes on from saved states, at any step, has the bits of one that never ended."""

import io
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import rushlight as torch
from rushlight import nn, optim
from rushlight.optim import lr_scheduler as S

STEPS = 8

Make = Callable[[Any], Any]


def groups(model: Any) -> list[dict[str, Any]]:
    layers = list(model)
    return [
        {"params": layers[0].parameters()},
        {"params": layers[2].parameters(), "lr": 0.03, "weight_decay": 0.1},
    ]


OPTIMIZERS: dict[str, Make] = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.3),
    "nesterov": lambda p: optim.SGD(
        p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01, maximize=True
    ),
    "adam": lambda p: optim.Adam(p, lr=0.1, betas=(0.8, 0.95), eps=1e-6),
    "amsgrad": lambda p: optim.Adam(p, lr=0.1, amsgrad=True, weight_decay=0.01),
    "adamw": lambda p: optim.AdamW(p, lr=0.1, weight_decay=0.2, maximize=True),
    "tensor lr": lambda p: optim.AdamW(p, lr=torch.tensor(0.1)),
}

SCHEDULES: dict[str, Make] = {
    "lambda": lambda o: S.LambdaLR(o, lambda t: 0.9**t),
    "multiplicative": lambda o: S.MultiplicativeLR(o, lambda t: 0.95),
    "step": lambda o: S.StepLR(o, 3, 0.3),
    "multistep": lambda o: S.MultiStepLR(o, [2, 5, 5], 0.3),
    "constant": lambda o: S.ConstantLR(o, total_iters=3),
    "linear": lambda o: S.LinearLR(o, total_iters=5),
    "exponential": lambda o: S.ExponentialLR(o, 0.9),
    "polynomial": lambda o: S.PolynomialLR(o, total_iters=6, power=1.5),
    "cosine": lambda o: S.CosineAnnealingLR(o, T_max=5, eta_min=0.001),
    "warm restarts": lambda o: S.CosineAnnealingWarmRestarts(o, T_0=2, T_mult=2),
    "cyclic": lambda o: S.CyclicLR(o, 0.01, 0.1, step_size_up=3, mode="triangular2"),
    "one cycle": lambda o: S.OneCycleLR(o, 0.2, total_steps=20),
    "plateau": lambda o: S.ReduceLROnPlateau(o, patience=0, cooldown=1),
    "chained": lambda o: S.ChainedScheduler(
        [S.ConstantLR(o, total_iters=3), S.ExponentialLR(o, 0.9)]
    ),
    "sequential": lambda o: S.SequentialLR(
        o,
        [
            S.LinearLR(o, total_iters=2),
            S.StepLR(o, 2, 0.5),
            S.CosineAnnealingLR(o, T_max=4),
        ],
        milestones=[2, 5],
    ),
    "nested": lambda o: S.SequentialLR(
        o,
        [
            S.ChainedScheduler(
                [S.ConstantLR(o, total_iters=3), S.ExponentialLR(o, 0.9)]
            ),
            S.StepLR(o, 2, 0.5),
        ],
        milestones=[4],
    ),
}


class Run:
    """A model, its optimizer and a schedule, stepped on random data."""

    def __init__(self, optimizer: Make, schedule: Make) -> None:
        self.model = nn.Sequential(
            nn.Linear(3, 4), nn.Dropout(0.3), nn.Linear(4, 2), nn.Dropout1d(0.2)
        )
        self.optimizer = optimizer(groups(self.model))
        self.schedule = schedule(self.optimizer)

    def step(self) -> None:
        x = torch.randn(5, 3)  # an odd count leaves a number in the stream's cache
        loss = self.model(x).square().mean() + torch.randn(1).sum() * 0.1
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        if isinstance(self.schedule, S.ReduceLROnPlateau):
            self.schedule.step(1.0 if loss > 0.5 else 2.0)
        else:
            self.schedule.step()

    def states(self) -> dict[str, Any]:
        parts = (self.model, self.optimizer, self.schedule)
        states = {type(part).__name__: part.state_dict() for part in parts}
        return {**states, "random": torch.get_rng_state()}

    def saved(self) -> bytes:
        file = io.BytesIO()
        torch.save(self.states(), file)
        return file.getvalue()

    def resume(self, data: bytes) -> None:
        states = torch.load(io.BytesIO(data), weights_only=True)
        for part in (self.model, self.optimizer, self.schedule):
            part.load_state_dict(states[type(part).__name__])
        torch.set_rng_state(states["random"])


def bits(value: Any) -> Any:
    """A nested state in which tensors are their dtype, shape and bytes."""
    if isinstance(value, torch.Tensor):
        return value.dtype, value.shape, value.detach().numpy().tobytes()
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value), [bits(item) for item in value]
    return value


def pairs() -> list[tuple[str, str]]:
    """Every schedule with one optimizer of each kind, every optimizer with one."""
    found = [(o, s) for s in SCHEDULES for o in ("momentum", "amsgrad", "tensor lr")]
    found += [(o, "linear") for o in OPTIMIZERS]
    # It needs a momentum to move.
    return [pair for pair in found if pair != ("sgd", "cyclic")]


@pytest.mark.parametrize(("optimizer", "schedule"), pairs())
def test_same_bits_from_every_step(optimizer: str, schedule: str) -> None:
    makes = OPTIMIZERS[optimizer], SCHEDULES[schedule]
    with warnings.catch_warnings():
        # A composite steps its schedules when it is made, before the optimizer.
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        run = Run(*makes)
        saved = []
        for _ in range(STEPS):
            saved.append(run.saved())
            run.step()
        expected = bits(run.states())
        for done, data in enumerate(saved):
            torch.manual_seed(1)
            other = Run(*makes)
            other.resume(data)
            assert bits(other.states()) == bits(torch.load(io.BytesIO(data)))
            for _ in range(done, STEPS):
                other.step()
            assert bits(other.states()) == expected, f"saved after {done} steps"


@pytest.mark.parametrize("count", range(1, 20))
def test_generator_in_the_middle_of_a_stream(count: int) -> None:
    """The state holds the position, and the second number of a pair of normal ones."""
    generator = torch.Generator().manual_seed(7)
    draws: list[Callable[[], Any]] = [
        lambda: torch.randn(count, generator=generator),
        lambda: torch.randn(count, generator=generator, dtype=torch.float64),
        lambda: torch.empty(count).normal_(2.0, 3.0, generator=generator),
        lambda: torch.rand(count, generator=generator),
        lambda: torch.randperm(count, generator=generator),
        lambda: torch.randint(2**40, (count,), generator=generator),
        lambda: torch.empty(count).exponential_(generator=generator),
        lambda: torch.bernoulli(torch.full((count,), 0.5), generator=generator),
        lambda: torch.multinomial(torch.ones(count), 1, generator=generator),
        lambda: torch.normal(0.0, torch.ones(count), generator=generator),
    ]
    for before in draws:
        before()
        state = generator.get_state().clone()
        first = [bits(draw()) for draw in draws]
        end = bits(generator.get_state())
        generator.set_state(state)
        assert [bits(draw()) for draw in draws] == first
        assert bits(generator.get_state()) == end
