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

# Both add methods to Tensor.
from rushlight import _methods as _methods, _tensor as _tensor  # noqa: E402
from rushlight._functions import *  # noqa: E402
from rushlight._grad_mode import *  # noqa: E402
from rushlight._legacy import *  # noqa: E402

_SUBMODULES = frozenset(
    """autograd backends cli cpu cuda hub linalg multiprocessing nn optim overrides random
    return_types safetensors serialization special storage testing training types utils
    version""".split()
)
# Functions of submodules that PyTorch also shows at the top: module -> names.
_LAZY = {
    name: module
    for module, names in {
        "serialization": "save load",
        "_sparse": "sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc",
        "_sparse_make": """sparse_coo_tensor sparse_compressed_tensor sparse_csr_tensor
            sparse_csc_tensor sparse_bsr_tensor sparse_bsc_tensor""",
        "_tensor_str": "set_printoptions",
        "_legacy": "set_default_tensor_type",
        "_einsum": "einsum",
        "_arrangement": """alias_copy as_strided_copy atleast_1d atleast_2d atleast_3d block_diag
            broadcast_tensors cartesian_prod chain_matmul detach_copy diagonal_copy expand_copy
            meshgrid permute_copy select_copy slice_copy split_copy split_with_sizes_copy
            squeeze_copy t_copy transpose_copy unbind_copy unfold_copy unravel_index
            unsafe_split unsafe_split_with_sizes unsqueeze_copy view_as_complex_copy
            view_as_real_copy view_copy""",
        "_segments": "addmv_ segment_reduce",
        "_statistics": "gradient histogram histogramdd isin",
        "_settings": """are_deterministic_algorithms_enabled compiled_with_cxx11_abi
            get_default_device get_deterministic_debug_mode get_float32_matmul_precision
            get_num_interop_threads is_deterministic_algorithms_warn_only_enabled
            is_warn_always_enabled set_default_device set_deterministic_debug_mode
            set_float32_matmul_precision set_flush_denormal set_num_interop_threads
            set_warn_always use_deterministic_algorithms""",
        "_symbolic": """sym_float sym_int sym_ite sym_max sym_min sym_not sym_sqrt sym_sum""",
        "storage": """TypedStorage BoolStorage ByteStorage ShortStorage IntStorage LongStorage
            CharStorage HalfStorage BFloat16Storage FloatStorage DoubleStorage
            ComplexFloatStorage ComplexDoubleStorage""",
    }.items()
    for name in names.split()
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
