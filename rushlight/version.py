"""The package's version and what it was built with."""

from __future__ import annotations

from rushlight._version import __version__

__all__ = ["__version__", "cuda", "debug", "hip", "xpu"]

cuda: str | None = None
hip: str | None = None
xpu: str | None = None
debug = False
