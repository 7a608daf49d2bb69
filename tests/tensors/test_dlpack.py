"""DLPack both ways: arguments, what is shared, what is refused."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import rushlight as rl


@pytest.mark.parametrize(
    "array",
    [np.arange(6.0)[::2], np.array(3.5), np.zeros((0, 3), np.int8), np.array([True])],
)
def test_from_numpy_shares(array: np.ndarray) -> None:
    out = rl.from_dlpack(array)
    assert np.array_equal(out.numpy(), array)
    assert out.data_ptr() == array.ctypes.data or not array.size


def test_memory_outlives_the_tensor() -> None:
    array = np.from_dlpack(rl.arange(5))
    gc.collect()
    assert array.tolist() == [0, 1, 2, 3, 4]


def test_copy_is_new_memory() -> None:
    x = rl.ones(2)
    assert rl.from_dlpack(x, copy=True).data_ptr() != x.data_ptr()
    assert rl.from_dlpack(x, device="cpu", copy=False).data_ptr() == x.data_ptr()


def test_a_capsule_is_consumed_once() -> None:
    capsule = rl.ones(2).__dlpack__()
    rl.from_dlpack(capsule)
    with pytest.raises(RuntimeError, match="consumed only once"):
        rl.from_dlpack(capsule)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"stream": 1}, AssertionError, "stream should be None on cpu"),
        ({"stream": "a"}, TypeError, "stream must be ``int`` or ``none``"),
        ({"copy": "x"}, TypeError, "argument 'copy' must be bool, not str"),
        ({"dl_device": (2, 0)}, NotImplementedError, "__dlpack__"),
        ({"other": 1}, TypeError, "unexpected keyword argument 'other'"),
    ],
)
def test_refused_arguments(arguments: dict, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        rl.ones(2).__dlpack__(**arguments)


def test_refused_imports() -> None:
    with pytest.raises(BufferError, match="require gradient"):
        rl.from_dlpack(rl.ones(2, requires_grad=True))
    with pytest.raises(AssertionError, match="not compiled with CUDA"):
        rl.from_dlpack(rl.ones(2), device="cuda")
    with pytest.raises(AssertionError, match="already a DLPack capsule"):
        rl.from_dlpack(rl.ones(2).__dlpack__(), copy=True)
