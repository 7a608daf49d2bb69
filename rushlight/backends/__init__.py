"""Libraries a build may use, by the names of ``torch.backends``: whether they are there."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from rushlight import _C


class _Backend(ModuleType):
    """One library: its attributes can be set, its functions answer."""

    def __init__(self, name: str, doc: str, **members: Any) -> None:
        super().__init__(f"rushlight.backends.{name}", doc)
        self.__dict__.update(members)
        sys.modules[self.__name__] = self


def _no(*args: Any) -> bool:
    return False


def _yes() -> bool:
    return True


def _none() -> None:
    return None


cpu = _Backend(
    "cpu",
    "The processor.",
    get_cpu_capability=lambda: _C.cpu_capability().upper(),
)
cuda = _Backend(
    "cuda",
    "CUDA: not in this build.",
    is_built=_no,
    matmul=_Backend("cuda.matmul", "Products on CUDA.", allow_tf32=False),
)
cudnn = _Backend(
    "cudnn",
    "cuDNN: not in this build; its switches can be set and change nothing.",
    is_available=_no,
    is_acceptable=_no,
    version=_none,
    enabled=True,
    benchmark=False,
    deterministic=False,
    allow_tf32=True,
    benchmark_limit=10,
)
mkl = _Backend("mkl", "Intel's library: not used.", is_available=_no)
mkldnn = _Backend("mkldnn", "oneDNN: not used.", is_available=_no, enabled=False)
mps = _Backend("mps", "Metal: not in this build.", is_available=_no, is_built=_no)
openmp = _Backend("openmp", "Threads within an operator.", is_available=_yes)

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
