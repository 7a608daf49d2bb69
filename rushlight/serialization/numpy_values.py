"""NumPy's numbers and arrays in model files: built from checked bytes, nothing called.

PyTorch's `weights_only=True` refuses them; as plain data they do no harm.
"""

from __future__ import annotations

import math
import re
from typing import Any

from .errors import UnsafeFileError, UnsupportedFileError
from .rebuild import Rebuild, check_arguments
from .records import brief

_PLAIN = re.compile(r"b1|[iu][1248]|f[248]|c(8|16)|[SU][1-9]\d{0,3}", re.ASCII)
_LAST_CHARACTER = 0x10FFFF


def is_numpy(value: Any) -> bool:
    """Whether a value is of NumPy; NumPy is not imported to tell."""
    return type(value).__module__.partition(".")[0] == "numpy"


def _dtype(*args: Any) -> Any:
    """`numpy.dtype(code, align, copy)`: numbers, bools and texts only."""
    import numpy

    check_arguments(args, str, (bool, int), (bool, int), optional=2)
    if _PLAIN.fullmatch(args[0]) is None:
        raise UnsupportedFileError(
            f"load: NumPy values of type {brief(args[0])} are not built"
        )
    # A copy of its own: the state that follows may change its byte order.
    return numpy.dtype(args[0], copy=True)


def _scalar(*args: Any) -> Any:
    import numpy

    check_arguments(args, numpy.dtype, bytes)
    dtype, data = args
    if len(data) != dtype.itemsize:
        raise UnsafeFileError(f"load: a {dtype} was written with {len(data)} bytes")
    _check_data(dtype, data)
    return numpy.frombuffer(data, dtype)[0]


def _array(*args: Any) -> Any:
    """The empty array that a state is put into."""
    import numpy

    check_arguments(args, Rebuild, tuple, bytes)
    if args[0].name != "numpy.ndarray":
        raise UnsafeFileError(f"load: a NumPy array is made of {args[0].name}")
    return numpy.empty(0, "b1")


def _no_call(*args: Any) -> Any:
    raise UnsafeFileError("load: the file wants to call numpy.ndarray")


def set_numpy_state(target: Any, state: Any) -> Any:
    """Fills an array, or tells a dtype its byte order.

    Raises:
        UnsafeFileError: if the state does not fit.
    """
    import numpy

    if isinstance(target, numpy.dtype):
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        if order not in ("<", ">", "|", "=") or target.names or target.hasobject:
            raise UnsafeFileError("load: NumPy values must be plain numbers")
        if order == ">" and target.kind in "SU":
            raise UnsupportedFileError("load: NumPy texts of the other byte order")
        if order == ">":
            own: Any = target
            own.__setstate__((3, ">", None, None, None, -1, -1, 0))
        return target
    if type(target) is not numpy.ndarray or target.size:
        kind = type(target).__name__
        raise UnsafeFileError(f"load: the file wants to set the state of a {kind}")
    check_arguments(state if isinstance(state, tuple) else (), *_ARRAY_STATE)
    _, shape, dtype, _, data = state
    if not isinstance(dtype, numpy.dtype) or not all(
        type(size) is int and size >= 0 for size in shape
    ):
        raise UnsafeFileError("load: a NumPy array has a wrong shape or dtype")
    if len(shape) > _MAX_DIMS or math.prod(shape) * dtype.itemsize != len(data):
        raise UnsafeFileError(
            f"load: a NumPy array of shape {brief(shape)} and dtype {dtype} has "
            f"{len(data)} bytes"
        )
    _check_data(dtype, data)
    try:
        target.__setstate__((1, *state[1:]))
    except (ValueError, OverflowError) as error:
        raise UnsafeFileError(f"load: a NumPy array is damaged: {error}") from None
    return target


def _check_data(dtype: Any, data: bytes) -> None:
    """Refuses bools and characters that there are not."""
    import numpy

    if dtype.kind == "b" and data.translate(None, b"\0\1"):
        raise UnsafeFileError("load: a NumPy bool is neither 0 nor 1")
    if dtype.kind == "U" and data:
        if int(numpy.frombuffer(data, "<u4").max()) > _LAST_CHARACTER:
            raise UnsafeFileError("load: a NumPy text has characters that do not exist")


def _from_buffer(*args: Any) -> Any:
    """How protocol 5 writes arrays: their bytes, dtype, shape and order."""
    import numpy

    check_arguments(args, (bytes, bytearray), numpy.dtype, tuple, str)
    data, dtype, shape, order = args
    made = numpy.empty(0, "b1")
    set_numpy_state(made, (1, shape, dtype, order == "F", bytes(data)))
    return made


_MAX_DIMS = 32
_ARRAY_STATE = (int, tuple, object, (bool, int), bytes)

NUMPY_FUNCTIONS = {
    name: Rebuild(name, function, copies=True)
    for name, function in {
        "numpy.dtype": _dtype,
        "numpy.ndarray": _no_call,
        "numpy.core.multiarray.scalar": _scalar,
        "numpy._core.multiarray.scalar": _scalar,
        "numpy.core.multiarray._reconstruct": _array,
        "numpy._core.multiarray._reconstruct": _array,
        "numpy.core.numeric._frombuffer": _from_buffer,
        "numpy._core.numeric._frombuffer": _from_buffer,
    }.items()
}
"""Every name of NumPy's that a file may use."""
