"""Names for annotations, by those of ``torch.types``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypeAlias

from rushlight._C import Size, Tensor, device, dtype

Device: TypeAlias = device | str | int | None
FileLike: TypeAlias = Any
Number: TypeAlias = int | float | bool
PathLike: TypeAlias = str | os.PathLike[str]
Storage: TypeAlias = Any
_bool: TypeAlias = bool
_complex: TypeAlias = complex
_device: TypeAlias = device
_dtype: TypeAlias = dtype
_float: TypeAlias = float
_int: TypeAlias = int
_size: TypeAlias = Size | list[int] | tuple[int, ...]
_TensorOrTensors: TypeAlias = Tensor | Sequence[Tensor]

__all__ = ["Device", "FileLike", "Number", "PathLike", "Storage"]
