"""The default random stream, by the names of ``torch.random``."""

from __future__ import annotations

from collections.abc import Generator as Iterator
from contextlib import contextmanager
from typing import Any

from rushlight._C import Generator, default_generator
from rushlight._functions import (
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]


def _generator(state: Any) -> Generator:
    """What a pickled generator calls."""
    generator = Generator()
    generator.set_state(state)
    return generator


@contextmanager
def fork_rng(
    devices: Any = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str = "cuda",
) -> Iterator[None]:
    """Puts the random stream back to where it stood, on leaving.

    Args:
        devices: further devices to treat so; there are none besides the CPU.
        enabled: False makes it do nothing.
    """
    if devices:
        raise RuntimeError(f"{_caller}: no {device_type} device is available")
    if not enabled:
        yield
        return
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)
