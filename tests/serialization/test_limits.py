"""Objects that unfold without end, keys that collide, files that are something else."""

from __future__ import annotations

import copy
import datetime
import decimal
import enum
import fractions
import gzip
import io
import pathlib
import pickle
import struct
import time
import types
import uuid
from collections import Counter, OrderedDict, deque, namedtuple

import pytest
from fuzz import attacks, corpus
from fuzz.mutations import number_opcode

import rushlight
from rushlight.serialization import Record, UnsafeFileError, UnsupportedFileError

NESTS = {
    "list": (b"]", b"a"),
    "tuple": (b"(", b"t"),
    "tuple1": (b"", b"\x85"),
    "dict": (b"}K\x01", b"s"),
    "ordered": (b"ccollections\nOrderedDict\n)RK\x01", b"s"),
    "frozenset": (b"(", b"\x91"),
    "record": (b"cno.such\nThing\n(", b"tR"),
    "state": (b"cno.such\nThing\n)\x81", b"b"),
    "namespace": (b"ctypes\nSimpleNamespace\n)R}X\x01\0\0\0a", b"sb"),
}


def load(pickled, weights_only=False):
    data = attacks.archive(b"\x80\x04" + pickled + b".")
    return rushlight.load(io.BytesIO(data), weights_only=weights_only)


@pytest.mark.parametrize("kind", NESTS)
@pytest.mark.parametrize("depth", [30, 240, 251, 5000, 40_000])
def test_depth(kind, depth):
    opening, closing = NESTS[kind]
    pickled = opening * depth + b"N" + closing * depth
    start = time.process_time()
    try:
        found = load(pickled)
    except UnsafeFileError as error:
        assert depth > 30
        texts = ("nested deeper", "cannot be a key", "expands far beyond")
        assert any(text in str(error) for text in texts)
    else:
        assert depth <= 240
        repr(found)
        copy.deepcopy(found)
        assert found == found
    assert time.process_time() - start < 5


def test_depth_of_tensors_with_attributes():
    made = rushlight.ones(1)
    for _ in range(30):
        outer = rushlight.ones(1)
        outer.child = [made]
        made = outer
    buffer = io.BytesIO()
    rushlight.save(made, buffer)
    buffer.seek(0)
    assert rushlight.load(buffer).child[0].child[0].shape == (1,)
    for _ in range(25):
        outer = rushlight.ones(1)
        outer.child = [made]
        made = outer
    buffer = io.BytesIO()
    rushlight.save(made, buffer)
    buffer.seek(0)
    with pytest.raises(UnsafeFileError, match="nested deeper"):
        rushlight.load(buffer)


@pytest.mark.parametrize(
    "double", [b"h\x01h\x01\x86", b"(h\x01h\x01l", b"(h\x01h\x01t"]
)
def test_laughs(double):
    pickled = b")q\x010" + (double + b"q\x010") * 60 + b"h\x01"
    with pytest.raises(UnsafeFileError, match="shares its parts so often"):
        load(pickled)
    assert len(repr(load(b")q\x010" + (double + b"q\x010") * 10 + b"h\x01"))) > 1000


def test_long_text_shared():
    text = b"X" + (1_000_000).to_bytes(4, "little") + b"x" * 1_000_000
    few = load(b"(" + text + b"q\x01" + b"h\x01" * 9 + b"l")
    assert len(few) == 10
    with pytest.raises(UnsafeFileError, match="shares its parts so often"):
        load(b"(" + text + b"q\x01" + b"h\x01" * 100_000 + b"l")


def test_objects_that_contain_themselves():
    itself = load(b"]q\x01h\x01a")
    assert itself[0] is itself
    assert repr(itself) == "[[...]]"
    loop = load(b"}q\x01K\x01](h\x01h\x01es")
    assert loop[1][0] is loop
    with pytest.raises(UnsafeFileError, match="cannot be a key"):
        load(b"]q\x01(h\x01h\x01t\x85(h\x01\x91")
    # Twenty lists, each holding all: printing would take every path through them.
    lists = b"".join(b"]q" + bytes([n]) for n in range(20))
    every = b"(" + b"".join(b"h" + bytes([n]) for n in range(20)) + b"e"
    filled = b"".join(b"h" + bytes([n]) + every + b"0" for n in range(20))
    with pytest.raises(UnsafeFileError, match="contains itself in too many ways"):
        load(lists + b"0" * 20 + filled + b"h\x00")


def test_keys_made_to_collide():
    prime = 2**61 - 1
    keys = b"".join(number_opcode(prime * n) + b"N" for n in range(1, 5000))
    with pytest.raises(UnsafeFileError, match="made to collide"):
        load(b"}(" + keys + b"u")
    elements = b"".join(number_opcode(prime * n) for n in range(1, 5000))
    with pytest.raises(UnsafeFileError, match="made to collide"):
        load(b"cbuiltins\nset\n(" + elements + b"l\x85R")
    with pytest.raises(UnsafeFileError, match="made to collide"):
        load(b"\x8f(" + elements + b"\x90")
    values = [[Counter({0.5: 1}), frozenset([0.5, (1, 2)])] for _ in range(300)]
    assert load(pickle.dumps(values, 4)[:-1]) == values
    plain = b"".join(number_opcode(n) + b"N" for n in range(5000))
    assert len(load(b"}(" + plain + b"u")) == 5000


BIG = b"B" + (100_000).to_bytes(4, "little") + bytes(100_000) + b"q\x01"
SPREAD = {
    "arrays": BIG
    + b"0cnumpy\ndtype\nX\x02\0\0\0u1\x85Rq\x020(cnumpy.core.numeric\n_frombuffer\nq\x03"
    + b"h\x03(h\x01h\x02\x8a\x03\xa0\x86\x01\x85X\x01\0\0\0CtR" * 2000
    + b"l",
    "encoded": b"X"
    + (100_000).to_bytes(4, "little")
    + b"a" * 100_000
    + b"q\x01X\x06\0\0\0latin1q\x020(c_codecs\nencode\nq\x03"
    + b"h\x03h\x01h\x02\x86R" * 2000
    + b"l",
    "bytearrays": BIG
    + b"(cbuiltins\nbytearray\nq\x03"
    + b"h\x03h\x01\x85R" * 2000
    + b"l",
    "states": b"}("
    + b"".join(b"X\x04\0\0\0" + b"%04d" % n + b"N" for n in range(9999))
    + b"uq\x01(ctypes\nSimpleNamespace\nq\x03"
    + b"h\x03)Rh\x01b" * 5000
    + b"l",
    "modules": b"ctorch.nn.modules.linear\nLinear\nq\x010("
    + b"h\x01)\x81" * 30_000
    + b"l",
    "sets": b"](" + b"K\x01" * 50_000 + b"eq\x01(cbuiltins\nset\nq\x02"
    b"" + b"h\x02h\x01\x85R" * 5000 + b"l",
}


@pytest.mark.parametrize("name", SPREAD)
def test_copies_are_counted(name):
    with pytest.raises(UnsafeFileError, match="expands far beyond"):
        load(SPREAD[name])


def test_conjugates_are_counted():
    storage = b"(X\x07\0\0\0storagectorch\nComplexFloatStorage\nX\x01\0\0\0" + b"0"
    storage += b"X\x03\0\0\0cpuK\x02tQ"
    rest = (
        b"K\0K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)R}X\x04\0\0\0conj\x88s"
    )
    one = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + rest + b"tR"
    data = struct.pack("<4f", 1, 2, 3, 4)

    def file(count):
        pickled = b"\x80\x02(" + one * count + b"l."
        records = (("m/data.pkl", pickled), ("m/data/0", data), ("m/version", b"3\n"))
        return io.BytesIO(corpus.Zip(records).build())

    assert rushlight.load(file(3))[2].tolist() == [1 - 2j, 3 - 4j]
    with pytest.raises(UnsafeFileError, match="copied far beyond"):
        rushlight.load(file(20))


def test_ints_that_meet_in_the_table():
    # The table of a dict is walked by i -> 5 i + 1: keys are put along one such walk,
    # then many more at its beginning.
    bits, walk = 18, [1]
    for _ in range(85_000):
        walk.append((5 * walk[-1] + 1) % (1 << bits))
    keys = walk + [walk[0] + (n << bits) for n in range(1, 85_000)]
    pickled = b"}(" + b"".join(number_opcode(key) + b"N" for key in keys) + b"u"
    start = time.process_time()
    with pytest.raises(UnsafeFileError, match="made to collide"):
        load(pickled)
    assert time.process_time() - start < 10


def test_keys_that_cannot_be():
    nan = b"G\x7f\xf8\0\0\0\0\0\0"
    assert len(load(b"}(" + nan + b"N" + nan + b"Nu")) == 2
    signalling = b"cdecimal\nDecimal\nX\x04\0\0\0sNaN\x85R"
    for key in (
        b"]",
        b"}",
        b"\x8f",
        b"]\x85",
        signalling,
        b"cbuiltins\nslice\nNNN\x87R",
    ):
        with pytest.raises(UnsafeFileError, match="cannot be a key"):
            load(b"}" + key + b"Ns")
    key = b"(" + b"K\x01" * 900 + b"tq\x01"
    with pytest.raises(UnsafeFileError, match="expands far beyond"):
        load(b"}" + key + b"Ns" + b"0}h\x01Ns" * 20_000)


def test_numbers_and_names_have_limits():
    for pickled in (b"I" + b"9" * 5000 + b"\n", b"L" + b"9" * 5000 + b"L\n"):
        with pytest.raises(UnsafeFileError, match="is no number"):
            load(pickled)
    assert load(b"I" + b"9" * 4000 + b"\n") == int("9" * 4000)
    long = b"X" + (5000).to_bytes(4, "little") + b"x" * 5000
    with pytest.raises(UnsafeFileError, match="long string"):
        load(long + long + b"\x93")
    with pytest.raises(OverflowError, match="bits"):
        rushlight.save(2**20_000, io.BytesIO())


class Colour(enum.Enum):
    """An enumeration of the program."""

    RED = "r"


Point = namedtuple("Point", "x y")
VALUES = [
    *(datetime.datetime(2024, 1, 2, 3, 4, 5, 6), datetime.date(2024, 1, 2)),
    *(datetime.time(1, 2, 3), datetime.timedelta(days=-1, seconds=5)),
    datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc),
    *(
        pathlib.PurePosixPath("/a/b"),
        pathlib.PureWindowsPath("c:/x"),
        pathlib.Path("y"),
    ),
    *(decimal.Decimal("1.50"), fractions.Fraction(-1, 3), uuid.UUID(int=2**100)),
    *(deque([1, 2], 3), slice(1, None, 2), range(1, 9, 2), {1: OrderedDict(a=1)}),
    *(Counter("aab"), frozenset([1]), bytearray(b"x"), 1 - 2j, -0.0, 2**100, "\ud800"),
    *(types.SimpleNamespace(a=[1]), rushlight.strided, rushlight.channels_last),
]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_of_the_standard_library(value, protocol):
    buffer = io.BytesIO()
    rushlight.save([value, value], buffer, pickle_protocol=protocol)
    for weights_only in (True, False):
        buffer.seek(0)
        found, again = rushlight.load(buffer, weights_only=weights_only)
        assert found == value
        assert type(found) is type(value)
        assert type(again) is type(value)


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_of_python_itself(protocol):
    values = [v for v in VALUES if type(v).__module__ not in ("torch", "rushlight")]
    assert load(pickle.dumps(values, protocol)[:-1], True) == values


def test_numpy_values_that_do_not_exist():
    dtype = b"cnumpy\ndtype\nX\x02\0\0\0%s\x85R"
    scalar = b"cnumpy.core.multiarray\nscalar\n(" + dtype + b"C%c%stR"
    assert load(scalar % (b"b1", 1, b"\1"), True)
    assert load(scalar % (b"U1", 4, b"x\0\0\0"), True) == "x"
    with pytest.raises(UnsafeFileError, match="neither 0 nor 1"):
        load(scalar % (b"b1", 1, b"\2"))
    with pytest.raises(UnsafeFileError, match="do not exist"):
        load(scalar % (b"U1", 4, b"\0\0\0\1"))
    for code in (b"O8", b"V4", b"M8", b"U0"):
        with pytest.raises(UnsupportedFileError, match="are not built"):
            load(dtype % code)


def test_classes_of_the_program():
    buffer = io.BytesIO()
    rushlight.save([Colour.RED, Point(1, [2])], buffer)
    buffer.seek(0)
    assert rushlight.load(buffer, weights_only=False) == [Colour.RED, Point(1, [2])]
    buffer.seek(0)
    with pytest.raises(UnsafeFileError, match=r"GLOBAL \S*Colour"):
        rushlight.load(buffer)
    buffer.seek(0)
    with rushlight.serialization.safe_globals([Colour, Point]):
        assert rushlight.load(buffer) == [Colour.RED, Point(1, [2])]
    buffer.seek(0)
    unsafe = rushlight.serialization.get_unsafe_globals_in_checkpoint(buffer)
    assert [name.rpartition(".")[2] for name in unsafe] == ["Colour", "Point"]
    other = [(Colour, "elsewhere.Colour")]
    with rushlight.serialization.safe_globals(other):
        assert load(b"celsewhere\nColour\nX\x01\0\0\0r\x85R", True) is Colour.RED
        with pytest.raises(UnsafeFileError, match="no such member"):
            load(b"celsewhere\nColour\nX\x01\0\0\0b\x85R", True)
    with pytest.raises(ValueError, match="tuple of length 2"):
        rushlight.serialization.add_safe_globals([(Colour,)])


class Eager(rushlight.nn.Module):
    """Its methods must not be called by `load`."""

    call_super_init = True

    def __setattr__(self, name, value):
        raise AssertionError("never called")

    def __setstate__(self, state):
        raise AssertionError("never called")


class Loud(rushlight.nn.Module):
    """The same without a state method."""

    call_super_init = True
    __init__ = __setattr__ = Eager.__setattr__


class Watched(rushlight.nn.Module):
    """Every look at an attribute is the program's code."""

    def __getattribute__(self, name):
        raise AssertionError("never called")


class Described:
    """A descriptor that runs code when it is looked up in the class."""

    def __get__(self, instance, owner):
        raise AssertionError("never called")


class Descriptive(rushlight.nn.Module):
    """Has such a descriptor under the name of an attribute."""

    a = Described()


def test_methods_of_the_program_are_not_called():
    for kind in (Eager, Loud, Watched, Descriptive):
        name = f"c{kind.__module__}\n{kind.__qualname__}\n".encode()
        found = load(name + b")\x81}X\x01\0\0\0aK\x01sb")
        assert type(found) is (Record if kind in (Eager, Watched) else kind)
        state = found.state if type(found) is Record else vars(found)
        assert state["a"] == 1


def test_records():
    record = load(b"cno.such\nThing\nK\x01\x85R(K\x02K\x03eK\x04K\x05s}b")
    assert type(record) is Record
    assert (record.name, record.args, record.state) == ("no.such.Thing", (1,), {})
    assert (record.items, record.pairs) == ([2, 3], [(4, 5)])
    text = "<inert record: no.such.Thing(1) with state {} with items [2, 3]>"
    assert repr(load(b"cno.such\nThing\nK\x01\x85R(K\x02K\x03e}b")) == text
    assert repr(load(b"cno.such\nThing\n")) == "<inert record: no.such.Thing>"
    with pytest.raises(UnsafeFileError, match="inert record"):
        record(1)
    with pytest.raises(AttributeError, match="'no.such.Thing' has no attribute 'fit'"):
        record.fit(1)
    with pytest.raises(pickle.PicklingError, match="inert record"):
        rushlight.save({"x": record}, io.BytesIO())
    assert copy.deepcopy([record])[0] is record
    with pytest.raises(UnsafeFileError, match="wants to change"):
        load(b"cno.such\nThing\nK\x01a")
    with pytest.raises(UnsafeFileError, match="second state"):
        load(b"cno.such\nThing\n)RK\x01bK\x02b")


@pytest.mark.parametrize(
    "data, text",
    [
        (gzip.compress(b"x"), "gzip"),
        (b"\x89HDF\r\n", "HDF5"),
        (b"<!DOCTYPE html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    ],
)
def test_other_formats_are_named(data, text):
    with pytest.raises(UnsafeFileError, match=text):
        rushlight.load(io.BytesIO(data))


@pytest.mark.parametrize("record", ["constants.pkl", "model.json", "archive_format"])
def test_other_archives_are_named(record):
    file = corpus.Zip((("m/data.pkl", b"N."), (f"m/{record}", b"")))
    with pytest.raises(UnsupportedFileError, match=r"rushlight\.(jit|export)\.load"):
        rushlight.load(io.BytesIO(file.build()))


def test_an_archive_without_records():
    with pytest.raises(UnsafeFileError):
        rushlight.load(io.BytesIO(b"PK\3\4" + corpus.zip_bytes([])))


def test_errors_of_the_callers_own_function_pass():
    def fail(storage, location):
        raise KeyError("mine")

    other = rushlight.zeros(1).untyped_storage()
    for zipped in (True, False):
        buffer = io.BytesIO()
        rushlight.save(rushlight.ones(1), buffer, _use_new_zipfile_serialization=zipped)
        buffer.seek(0)
        with pytest.raises(KeyError, match="mine"):
            rushlight.load(buffer, map_location=fail)
        buffer.seek(0)
        found = rushlight.load(buffer, map_location=lambda storage, where: other)
        assert found.untyped_storage().data_ptr() == other.data_ptr()


def test_environment_decides_for_weights_only(monkeypatch):
    buffer = io.BytesIO()
    rushlight.save(rushlight.nn.Linear(1, 1), buffer)

    def read(weights_only=None):
        buffer.seek(0)
        return rushlight.load(buffer, weights_only=weights_only)

    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    assert type(read()) is rushlight.nn.Linear
    with pytest.raises(UnsafeFileError):
        read(True)
    monkeypatch.setenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "1")
    with pytest.raises(RuntimeError, match="Only one of"):
        read()
    monkeypatch.delenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD")
    with pytest.raises(UnsafeFileError):
        read(False)
