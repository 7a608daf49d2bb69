"""Wrappers that spread a module over devices."""

from __future__ import annotations

from .data_parallel import DataParallel as DataParallel

__all__ = ["DataParallel"]
