"""The processor as a device, by the names of ``torch.cpu``."""

from __future__ import annotations

from typing import Any

__all__ = [
    "current_device",
    "device_count",
    "is_available",
    "is_initialized",
    "synchronize",
]


def is_available() -> bool:
    """True."""
    return True


def is_initialized() -> bool:
    """True."""
    return True


def device_count() -> int:
    """1."""
    return 1


def current_device() -> str:
    """``"cpu"``."""
    return "cpu"


def synchronize(device: Any = None) -> None:
    """Operators have run when they return: there is nothing to wait for."""
