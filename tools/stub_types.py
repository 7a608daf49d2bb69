"""Types of what the compiled core offers beside the operators, as the stubs state them."""

from __future__ import annotations

# Attributes of the core's classes; the others are Any.
ATTRIBUTES = {
    "Tensor": {
        "shape": "Size",
        "dtype": "_dtype",
        "device": "_device",
        "layout": "_layout",
        "grad": "Tensor | None",
        "grad_fn": "Any",
        "data": "Tensor",
        "_base": "Tensor | None",
        **dict.fromkeys("ndim itemsize nbytes output_nr _version".split(), "_int"),
        **dict.fromkeys(("is_leaf", "requires_grad", "retains_grad"), "_bool"),
        **dict.fromkeys(("T", "mT", "H", "mH", "real", "imag"), "Tensor"),
        **dict.fromkeys(
            """is_cpu is_cuda is_meta is_mkldnn is_mps is_nested is_quantized is_sparse
            is_xpu""".split(),
            "_bool",
        ),
    },
    "Generator": {"device": "_device"},
    "UntypedStorage": {
        "device": "_device",
        **dict.fromkeys(("is_cuda", "is_sparse", "is_sparse_csr"), "_bool"),
    },
    "device": {"type": "str", "index": "_int | None"},
    "dtype": {
        "itemsize": "_int",
        **dict.fromkeys(("is_floating_point", "is_complex", "is_signed"), "_bool"),
        "_legacy_name": "str",
    },
    "Node": {"next_functions": "tuple[tuple[Node | None, _int], ...]"},
}
ANYTHING = "(self, *args: Any, **kwargs: Any) -> Any"
# Signatures of methods, overloads one after another.
METHODS = {
    "Tensor": {
        "size": ["(self) -> Size", "(self, dim: _int) -> _int"],
        "stride": ["(self) -> tuple[_int, ...]", "(self, dim: _int) -> _int"],
        "item": ["(self) -> Any"],
        "tolist": ["(self) -> Any"],
        "requires_grad_": ["(self, requires_grad: _bool = True) -> Self"],
        "retain_grad": ["(self) -> None"],
        "untyped_storage": ["(self) -> UntypedStorage"],
        **dict.fromkeys(
            """dim ndimension numel nelement element_size storage_offset
            data_ptr""".split(),
            ["(self) -> _int"],
        ),
        **dict.fromkeys(
            "is_floating_point is_complex is_signed is_inference _is_view".split(),
            ["(self) -> _bool"],
        ),
        "is_same_size": ["(self, other: Tensor) -> _bool"],
        "is_contiguous": ["(self, memory_format: _memory_format = ...) -> _bool"],
    },
    "Generator": {
        "manual_seed": ["(self, seed: _int, /) -> Self"],
        "seed": ["(self) -> _int"],
        "initial_seed": ["(self) -> _int"],
        "get_state": ["(self) -> Tensor"],
        "set_state": ["(self, state: Tensor, /) -> Self"],
        "clone_state": ["(self) -> Generator"],
    },
    "UntypedStorage": {
        **dict.fromkeys(("nbytes", "size", "data_ptr"), ["(self) -> _int"]),
        **dict.fromkeys(("resizable", "is_shared"), ["(self) -> _bool"]),
        "share_memory_": ["(self) -> Self"],
        "_new_shared": ["(cls, size: _int, *, device: Any = 'cpu') -> UntypedStorage"],
        "resize_": ["(self, nbytes: _int, /) -> Self"],
        "clone": ["(self) -> UntypedStorage"],
    },
    "Size": {"numel": ["(self) -> _int"]},
    "dtype": dict.fromkeys(("to_real", "to_complex"), ["(self) -> _dtype"]),
    "Node": {
        "name": ["(self) -> str"],
        "_sequence_nr": ["(self) -> _int"],
        "register_hook": ["(self, fn: Any, /) -> Any"],
        "register_prehook": ["(self, fn: Any, /) -> Any"],
    },
}
# Functions of the core that the package shows, and others of plain types.
FUNCTIONS = {
    **dict.fromkeys(
        """is_grad_enabled is_inference_mode_enabled is_anomaly_enabled
        is_anomaly_check_nan_enabled""".split(),
        "() -> _bool",
    ),
    "get_num_threads": "() -> _int",
    "set_num_threads": "(threads: _int, /) -> None",
    "get_default_dtype": "() -> _dtype",
    "set_default_dtype": "(d: _dtype, /) -> None",
    "promote_types": "(type1: _dtype, type2: _dtype, /) -> _dtype",
    "can_cast": "(from_: _dtype, to: _dtype, /) -> _bool",
    "result_type": "(tensor1: Tensor | _number, tensor2: Tensor | _number, /) -> _dtype",
    "from_numpy": "(ndarray: Any, /) -> Tensor",
    "frombuffer": """(buffer: Any, *, dtype: _dtype, count: _int = -1, offset: _int = 0,
        requires_grad: _bool = False) -> Tensor""",
    "from_dlpack_capsule": "(capsule: Any, /) -> Tensor",
    "to_dlpack_versioned": "(tensor: Tensor, copied: _bool, /) -> Any",
    "tensor_from_data": "(data: Any, dtype: _dtype | None, /) -> Tensor",
    "untyped_storage": "(tensor: Tensor, /) -> UntypedStorage",
    "cpu_capability": "() -> str",
    "current_generator": "() -> Generator",
    "set_thread_generator": "(generator: Generator | None, /) -> None",
    "crc32": "(data: Any, /) -> _int",
    "empty_cache": "() -> None",
    "memory_stats": "() -> dict[str, _int]",
    "read_file": "(file: _int, offset: _int, target: Any, /) -> tuple[_int, _int]",
    "reset_peak_memory_stats": "() -> None",
    "write_file": "(file: _int, offset: _int, source: Any, /) -> _int",
    "reserve_file": "(file: _int, size: _int, /) -> None",
    "start_writeback": "(file: _int, offset: _int, size: _int, /) -> None",
    "export_names": "(target: dict[str, Any], /) -> None",
    "op_records": "() -> list[dict[str, Any]]",
}
SLOTS = {
    "__bool__": "(self) -> _bool",
    "__int__": "(self) -> _int",
    "__float__": "(self) -> _float",
    "__complex__": "(self) -> _complex",
    "__index__": "(self) -> _int",
    "__len__": "(self) -> _int",
    "__repr__": "(self) -> str",
    "__hash__": "(self) -> _int",
    "__getitem__": "(self, index: Any) -> Tensor",
    "__setitem__": "(self, index: Any, value: Any) -> None",
    **dict.fromkeys(
        ("__neg__", "__pos__", "__abs__", "__invert__"), "(self) -> Tensor"
    ),
}
BUFFER = "def __buffer__(self, flags: _int, /) -> memoryview: ..."
SKIPPED_SLOTS = {"__setattr__", "__delattr__", "__del__", "__delitem__"}
