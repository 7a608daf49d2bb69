"""Kinds of values and tensors that need a way of their own into a file and out."""

from __future__ import annotations

import copy
import dataclasses
import enum
import functools
import io
import mmap
import pickle

import numpy as np
import pytest

import rushlight
from rushlight.serialization import Record, UnsafeFileError, safe_globals
from rushlight.utils.data import Subset, TensorDataset

FORMATS = pytest.mark.parametrize("zipped", [True, False])


def stream(value, zipped=True):
    file = io.BytesIO()
    rushlight.save(value, file, _use_new_zipfile_serialization=zipped)
    file.seek(0)
    return file


def geometry(tensor):
    shape = tuple(tensor.shape), tensor.stride(), tensor.storage_offset()
    return type(tensor), tensor.dtype, tensor.device.type, *shape, tensor.requires_grad


@FORMATS
def test_meta_tensors(zipped):
    base = rushlight.empty(3, 2, device="meta", requires_grad=True)
    tied = rushlight.empty(0, 2, dtype=rushlight.int8, device="meta")
    values = [base, base.detach().t(), rushlight.nn.Parameter(base.detach()), tied]
    found = rushlight.load(stream(values, zipped))
    assert [geometry(t) for t in found] == [geometry(t) for t in values]
    with pytest.raises(NotImplementedError, match="no data"):
        rushlight.save(base.untyped_storage(), io.BytesIO())
    copied = copy.deepcopy(base)
    assert geometry(copied) == geometry(base)


@FORMATS
@pytest.mark.parametrize("place", ["meta", rushlight.device("meta"), {"cpu": "meta"}])
def test_everything_to_meta(place, zipped):
    base = rushlight.arange(12.0).reshape(3, 4)
    bits = rushlight.ones(2, dtype=rushlight.bool)
    found = rushlight.load(stream([base[1:, ::2], bits], zipped), map_location=place)
    assert geometry(found[0])[2:6] == ("meta", (2, 2), (4, 2), 4)
    assert geometry(found[1])[1:3] == (rushlight.bool, "meta")


@pytest.mark.parametrize(
    "size, stride",
    [
        ((2**62, 4), (1, 1)),
        ((-1,), (1,)),
        ((2,), (-1,)),
        ((2, 2), (1,)),
        (("a",), (1,)),
    ],
)
def test_meta_tensors_of_impossible_shapes(size, stride):
    class Claim:
        def __reduce__(self):
            return _rebuild, (rushlight.float32, size, stride, False)

    def _rebuild(*args):
        raise AssertionError

    _rebuild.__module__, _rebuild.__qualname__ = __name__, "_rebuild"
    globals()["_rebuild"] = _rebuild
    file = stream(Claim(), zipped=False).getvalue()
    old = f"c{__name__}\n_rebuild\n".encode()
    new = b"ctorch._utils\n_rebuild_meta_tensor_no_storage\n"
    assert old in file
    with pytest.raises(UnsafeFileError):
        rushlight.load(io.BytesIO(file.replace(old, new)))


class Tagged(rushlight.Tensor):
    @staticmethod
    def __new__(cls, *args):
        raise AssertionError("load calls no method")


class Restored(rushlight.Tensor):
    def __setstate__(self, state):
        raise AssertionError("load calls no method")


@FORMATS
def test_tensors_of_the_programs_classes(zipped):
    tensor = rushlight.arange(3.0).as_subclass(Tagged)
    tensor.note = "kept"
    value = [tensor, tensor.as_subclass(rushlight.Tensor)[1:]]
    with pytest.raises(UnsafeFileError, match="Tagged was not an allowed global"):
        rushlight.load(stream(value, zipped))
    with safe_globals([Tagged]):
        safe = rushlight.load(stream(value, zipped))
    for found in (safe, rushlight.load(stream(value, zipped), weights_only=False)):
        assert type(found[0]) is Tagged and found[0].note == "kept"
        assert found[0].tolist() == [0, 1, 2]
        found[1][0] = 7
        assert found[0].tolist() == [0, 7, 2]


def test_tensor_classes_with_a_state_of_their_own_become_records():
    file = stream(rushlight.ones(2).as_subclass(Restored))
    assert type(rushlight.load(file, weights_only=False)) is Record
    file.seek(0)
    with safe_globals([Restored]), pytest.raises(UnsafeFileError, match="not built"):
        rushlight.load(file)


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Choosy(enum.IntFlag):
    ONE = 1
    TWO = 2

    @classmethod
    def _missing_(cls, value):
        raise AssertionError("load calls no method")


@dataclasses.dataclass(slots=True)
class Point:
    x: int
    y: object = None


@dataclasses.dataclass(slots=True, frozen=True)
class Fixed:
    x: int
    y: object = None


@pytest.mark.parametrize(
    "value",
    [
        Access.READ | Access.WRITE,
        Access(0),
        Point(1, [2]),
        Fixed(1, Point(2)),
        [Access],
    ],
)
def test_values_of_the_programs_classes(value):
    assert rushlight.load(stream(value), weights_only=False) == value
    kinds = [Access, Point, Fixed]
    with safe_globals(kinds):
        assert rushlight.load(stream(value)) == value


def test_flags_that_would_call_a_method_or_do_not_exist():
    old = stream(Choosy.ONE, zipped=False).getvalue()
    for number in (b"K\x03\x85", b"K\x04\x85"):
        with pytest.raises(UnsafeFileError, match="no such member"):
            rushlight.load(
                io.BytesIO(old.replace(b"K\x01\x85", number)), weights_only=False
            )


def test_fields_that_a_file_lacks():
    old = stream([Point(5, "mark")], zipped=False).getvalue()
    start, end = old.index(b"X\x01\0\0\0x"), old.index(b"u\x86")
    bare = old[:start] + old[end:]
    first = rushlight.load(io.BytesIO(bare), weights_only=False)[0]
    assert repr(first) == "Point(x=None, y=None)"


def test_slots_take_their_fields_only():
    old = stream(Point(5, "mark"), zipped=False).getvalue()
    changed = old.replace(b"X\x01\0\0\0y", b"X\x01\0\0\0z")
    assert changed != old
    with pytest.raises(UnsafeFileError, match="does not fit its fields"):
        rushlight.load(io.BytesIO(changed), weights_only=False)


@FORMATS
def test_constants_and_named_results(zipped):
    constants = [..., NotImplemented, {"index": (slice(None), ...)}]
    found = rushlight.load(stream(constants, zipped))
    assert found[0] is ... and found[1] is NotImplemented
    assert found[2] == constants[2]
    result = rushlight.tensor([[1.0, 3.0], [2.0, 0.0]]).max(0)
    again = rushlight.load(stream(result, zipped), weights_only=False)
    assert type(again) is type(result)
    assert again.values.tolist() == [2, 3] and again.indices.tolist() == [1, 0]


def test_datasets_of_a_whole_program():
    data = Subset(TensorDataset(rushlight.arange(4)), [2, 3])
    found = rushlight.load(stream(data), weights_only=False)
    assert type(found) is Subset and [int(x) for (x,) in found] == [2, 3]


def test_unknown_factories_become_records():
    from collections import defaultdict

    value = {"by class": defaultdict(rushlight.Tensor), "weight": rushlight.ones(1)}
    with pytest.raises(UnsafeFileError, match="defaultdict"):
        rushlight.load(stream(value))
    found = rushlight.load(stream(value), weights_only=False)
    assert type(found["by class"]) is Record and found["weight"].item() == 1


@FORMATS
def test_mapped_memory_as_a_file(tmp_path, zipped):
    rushlight.save(
        rushlight.arange(3), tmp_path / "a.pt", _use_new_zipfile_serialization=zipped
    )
    with open(tmp_path / "a.pt", "rb") as file:
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with memory:
        assert rushlight.load(memory).tolist() == [0, 1, 2]


@pytest.mark.parametrize("weights_only", [True, False])
def test_a_bare_pickle_of_an_array_is_no_model_file(weights_only):
    file = io.BytesIO(pickle.dumps(np.arange(3), 2))
    with pytest.raises(UnsafeFileError, match="Invalid magic number"):
        rushlight.load(file, weights_only=weights_only)


class Holder(rushlight.nn.Module):
    def __init__(self, held):
        super().__init__()
        self.held = held


F = rushlight.nn.functional
FUNCTIONS = {
    "relu": rushlight.relu,
    "gelu": F.gelu,
    "logsigmoid": F.logsigmoid,
    "softmax": F.softmax,
    "einsum": rushlight.einsum,
    "method": rushlight.Tensor.relu,
    "init": rushlight.nn.init.xavier_uniform_,
    "class": rushlight.Tensor,
}


@FORMATS
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_as_attributes(name, zipped):
    model = Holder(FUNCTIONS[name])
    found = rushlight.load(stream(model, zipped), weights_only=False)
    assert found.held is FUNCTIONS[name]
    if name != "class":
        assert pickle.loads(pickle.dumps(FUNCTIONS[name])) is FUNCTIONS[name]
    assert copy.deepcopy(model).held is FUNCTIONS[name]
    with pytest.raises(UnsafeFileError):
        rushlight.load(stream([FUNCTIONS["relu"]], zipped))


@FORMATS
def test_partial_calls_as_attributes(zipped):
    calls = [
        functools.partial(rushlight.nn.LayerNorm, eps=1e-3),
        functools.partial(F.leaky_relu, negative_slope=0.5),
    ]
    found = rushlight.load(stream(Holder(calls), zipped), weights_only=False).held
    assert found[0](2).eps == 1e-3
    assert found[1](rushlight.tensor(-2.0)).item() == -1
    again = rushlight.load(stream(found, zipped), weights_only=False)
    assert again[1].keywords == {"negative_slope": 0.5}


def test_partial_calls_keep_their_function():
    good = functools.partial(F.leaky_relu, 1)
    for state in [
        (F.relu, (), {}, None),
        (F.leaky_relu, [], {}, None),
        (F.leaky_relu, (), {1: 2}, None),
        (F.leaky_relu, (), {}, {"func": 1}),
    ]:

        class Forged:
            def __reduce__(self, state=state):
                return functools.partial, (good.func,), state

        with pytest.raises(UnsafeFileError, match="partial"):
            rushlight.load(stream(Forged()), weights_only=False)


def test_attributes_of_classes_of_operators_only():
    """`getattr` in a file stands for operators and for nothing else."""

    class Forged:
        def __init__(self, *args):
            self.args = args

        def __reduce__(self):
            return getattr, self.args

    for args in [(rushlight.Tensor, "relu"), ("text", "format"), ([], "append")]:
        found = rushlight.load(stream(Forged(*args)), weights_only=False)
        assert type(found) is Record
    good = stream(rushlight.relu, zipped=False).getvalue()
    for other in (b"load", b"_sum", b"save", b"hub_"):
        bad = good.replace(b"relu", other)
        found = rushlight.load(io.BytesIO(bad), weights_only=False)
        assert type(found) is Record
