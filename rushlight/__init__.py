"""rushlight: deep learning with PyTorch's API, small and fast.

``import rushlight as torch`` runs PyTorch programs. Submodules load when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from rushlight import _C
from rushlight._version import __version__ as __version__

if TYPE_CHECKING:
    from rushlight._functions import *
    from rushlight._grad_mode import *

# dtypes, layouts, the basic classes and every operator that PyTorch has as torch.<name>.
_C.export_names(globals())

from rushlight import _tensor as _tensor  # noqa: E402  (adds Python methods to Tensor)
from rushlight._functions import *  # noqa: E402
from rushlight._grad_mode import *  # noqa: E402
from rushlight._legacy import *  # noqa: E402

_SUBMODULES = frozenset(
    """autograd backends nn optim random serialization testing types utils
    return_types""".split()
)
# Functions of submodules that PyTorch also shows at the top.
_LAZY = {
    "save": "serialization",
    "load": "serialization",
    "set_printoptions": "_tensor_str",
    "set_default_tensor_type": "_legacy",
    "einsum": "_einsum",
}


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"rushlight.{name}")
    if name in _LAZY:
        value = getattr(importlib.import_module(f"rushlight.{_LAZY[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'rushlight' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_SUBMODULES, *_LAZY})
