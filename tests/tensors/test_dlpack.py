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


def test_read_only_arrays_are_taken() -> None:
    array = np.arange(3)
    array.flags.writeable = False
    assert rl.from_dlpack(array).tolist() == [0, 1, 2]


@pytest.mark.parametrize("version", [None, (0, 8), (1, 0), (1, 3)])
def test_capsules_of_the_version_asked_for(version: tuple[int, int] | None) -> None:
    x = rl.arange(6).reshape(2, 3).t()
    capsule = x.__dlpack__(max_version=version)
    assert ("versioned" in repr(capsule)) == (version is not None and version[0] >= 1)
    back = rl.from_dlpack(capsule)
    assert (back.data_ptr(), back.stride()) == (x.data_ptr(), x.stride())
    with pytest.raises(RuntimeError, match="consumed only once"):
        rl.from_dlpack(capsule)


def test_producers_from_before_versions() -> None:
    class Old:
        def __dlpack__(self, stream: None = None) -> object:
            return rl.ones(2).__dlpack__()

    assert rl.from_dlpack(Old()).tolist() == [1, 1]


def test_unused_versioned_capsules_let_go() -> None:
    x = rl.ones(1000)
    for _ in range(3):
        x.__dlpack__(max_version=(1, 0))
    gc.collect()
    assert np.from_dlpack(x).sum() == 1000
