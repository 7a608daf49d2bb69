"""``torch.cuda`` of a build without CUDA: there are no devices, and what needs one says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rushlight import _legacy

__all__ = [
    "device_count",
    "empty_cache",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
]

_NEED_A_DEVICE = frozenset(
    """current_device current_stream device get_device_capability get_device_name
    get_device_properties init set_device stream synchronize get_rng_state get_rng_state_all
    set_rng_state set_rng_state_all seed seed_all mem_get_info""".split()
)
_MEMORY = frozenset(
    """max_memory_allocated max_memory_reserved memory_allocated memory_reserved""".split()
)


def is_available() -> bool:
    """False: this build has no CUDA."""
    return False


def is_initialized() -> bool:
    """False: this build has no CUDA."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: there is no device."""
    return False


def device_count() -> int:
    """0: this build has no CUDA."""
    return 0


def manual_seed(seed: int) -> None:
    """Seeds the random streams of all devices, of which there are none."""
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Seeds the random streams of all devices, of which there are none."""
    int(seed)


def empty_cache() -> None:
    """Frees cached memory of devices, of which there are none."""


def _refusal(name: str) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("Torch not compiled with CUDA enabled")

    refuse.__name__ = name
    return refuse


def __getattr__(name: str) -> Any:
    if name.endswith("Tensor") and name in _legacy.__all__:
        found = globals()[name] = _legacy.cuda_type(name)
        return found
    if name in _NEED_A_DEVICE:
        return _refusal(name)
    if name in _MEMORY:
        return lambda device=None: 0
    raise AttributeError(f"module 'rushlight.cuda' has no attribute '{name}'")
