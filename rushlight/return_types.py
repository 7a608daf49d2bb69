"""Classes of named results: ``torch.return_types.max`` and the like."""

from __future__ import annotations

from rushlight import _C

globals().update(_C._return_types())
__all__ = sorted(_C._return_types())
