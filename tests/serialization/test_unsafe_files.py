"""Files that lie, are damaged, or want code to run: an error that says what."""

from __future__ import annotations

import io
import os
import pathlib
import pickle
import random
import struct
import zipfile

import pytest

import rushlight
from rushlight.serialization import Record, UnsafeFileError

FILES = pathlib.Path(__file__).parent.parent / "fixtures" / "model_files"
STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"


def archive(pickled, records=None, **options):
    """A model file with the given pickle and storage bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        out.writestr("archive/data.pkl", b"\x80\x02" + pickled + b".", **options)
        for name, data in (records or {"data/0": bytes(16)}).items():
            out.writestr(f"archive/{name}", data)
    buffer.seek(0)
    return buffer


def tensor(numel=4, offset=0, size=(4,), stride=(1,), extra=b"\x89"):
    """The pickle of a tensor over a storage of four floats."""

    def number(value):
        return b"\x8a\x09" + value.to_bytes(9, "little", signed=True)

    def numbers(values):
        return b"(" + b"".join(map(number, values)) + b"t"

    return (
        *(b"ctorch._utils\n_rebuild_tensor_v2\n(", STORAGE, number(numel), b"tQ"),
        *(number(offset), numbers(size), numbers(stride), extra),
        b"ccollections\nOrderedDict\n)RtR",
    )


def load_tensor(**numbers):
    return rushlight.load(archive(b"".join(tensor(**numbers))))


def test_honest_tensor():
    assert load_tensor().tolist() == [0, 0, 0, 0]
    assert load_tensor(offset=2, size=(2,)).shape == (2,)
    assert load_tensor(size=(2, 2), stride=(0, 3)).shape == (2, 2)
    assert load_tensor(offset=4, size=(0,)).numel() == 0


@pytest.mark.parametrize(
    "numbers",
    [
        {"numel": 5},
        {"numel": -1},
        {"numel": 2**62},
        {"offset": 1},
        {"offset": -1},
        {"offset": 2**63},
        {"offset": 5, "size": (0,)},
        {"size": (5,)},
        {"size": (-1,)},
        {"size": (2,), "stride": (4,)},
        {"size": (2,), "stride": (-1,)},
        {"size": (2, 2), "stride": (1,)},
        {"size": (1,) * 65, "stride": (1,) * 65},
        {"size": (2**32, 2**32), "stride": (0, 0)},
        {"size": (2**62, 4), "stride": (0, 1)},
        {"size": (2**63 - 1, 0), "stride": (2, 1)},
        {"extra": b"K\x01"},
    ],
)
def test_tensor_that_lies_about_its_storage(numbers):
    with pytest.raises(UnsafeFileError, match="load: "):
        load_tensor(**numbers)


def test_bools_are_zero_or_one():
    pickled = b"".join(tensor(numel=16)).replace(b"FloatStorage", b"BoolStorage")
    assert rushlight.load(archive(pickled)).dtype == rushlight.bool
    with pytest.raises(UnsafeFileError, match="bytes other than 0 and 1"):
        rushlight.load(archive(pickled, {"data/0": b"\2" * 16}))


def test_one_storage_has_one_dtype():
    floats = b"".join(tensor())
    ints = floats.replace(b"FloatStorage", b"IntStorage")
    with pytest.raises(
        UnsafeFileError, match="torch.int32 and has 16 of torch.float32"
    ):
        rushlight.load(archive(floats + ints + b"\x86"))


class Evil:
    """Runs a command when it is unpickled by Python's pickle."""

    def __reduce__(self):
        return os.system, ("echo never",)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("weights_only", [True, False])
def test_calls_are_refused_by_name(protocol, weights_only):
    data = pickle.dumps({"a": Evil()}, protocol)[2:-1]
    with pytest.raises(UnsafeFileError, match="(?i)unsupported global.*posix.system"):
        rushlight.load(archive(data), weights_only=weights_only)


UNKNOWN = [
    *("builtins\neval", "__builtin__\nexec", "builtins\ngetattr", "os\nsystem"),
    *("subprocess\nPopen", "torch\nload", "torch.serialization\nload"),
    *("torch.nn.functional\n__import__", "torch.nn.functional\nos.system"),
    *("rushlight._C\nstorage_from_buffer", "numpy.core.multiarray\nfrombuffer"),
    *("functools\npartial", "operator\nattrgetter"),
]


@pytest.mark.parametrize("name", UNKNOWN)
def test_no_other_name_is_known(name):
    with pytest.raises(UnsafeFileError, match="(?i)unsupported global:? "):
        rushlight.load(archive(f"c{name}\n".encode()))


@pytest.mark.parametrize("name", UNKNOWN)
def test_other_names_are_refused_or_records(name):
    called = archive(f"c{name}\n)R".encode())
    try:
        found = rushlight.load(called, weights_only=False)
    except UnsafeFileError as error:
        assert "use to run code" in str(error)
        return
    assert type(found) is Record
    assert found.name.split(".")[-1] == name.replace(".", "\n").split("\n")[-1]
    assert found.args == ()


@pytest.mark.parametrize(
    "pickled",
    [
        b"",
        b"K",
        b"K\x01K\x02",
        b"(K\x01",
        b"]K\x01K\x02s",
        b"}K\x01a",
        b"}(K\x01u",
        b"}]K\x01s",
        b"}}K\x01s",
        b"K\x01)R",
        b"h\x05",
        b"X\xff\xff\xff\xff",
        b"\x8b\xff\xff\xff\x7f",
        b"\x8b\xff\xff\xff\xff",
        b"c__builtin__\nset\nK\x01\x85R",
        b"c__builtin__\nset\n]]a\x85R",
        b"ctorch\nSize\n(X\x01\x00\x00\x00at\x85R",
        b"ctorch\nFloatStorage\n)R",
        b"ctorch\nTensor\n)\x81",
        b"ctorch\nTensor\n}b",
        b"ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsK\x01sb",
        b"ccollections\nOrderedDict\n)RK\x01b",
        b"ccollections\ndefaultdict\nc__builtin__\nset\n\x85RK\x01K\x02s0",
        b"X\x01\x00\x00\x00aQ",
        b"I1_0\n",
        b"I\n",
        b"L9" + b"9" * 5000 + b"L\n",
        b"F1_0\n",
        b"Fx\n",
        b"S'a\n",
        b"p1\n",
        b"g1\n",
        b"P1\n",
        b"\x97",
        b"\x98",
        b"2",
        b"(o",
        b"\x8b" + (2000).to_bytes(4, "little") + bytes(2000),
        b"\x80\x09",
        b"\x82\x01",
        b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00utf16\x86R",
    ],
)
def test_broken_pickles(pickled):
    with pytest.raises(UnsafeFileError, match="load: "):
        rushlight.load(archive(pickled))


def test_bombs_stay_small():
    wide = b"]q\x01(" + b"K\x01" * 5000 + b"e0"
    copies = b"c__builtin__\nset\nq\x02h\x01\x85R0h\x02h\x01\x85R0" * 5000
    with pytest.raises(UnsafeFileError, match="expands far beyond"):
        rushlight.load(archive(wide + copies + b"N"))
    doubling = b")q\x010" + b"h\x01h\x01\x86q\x010" * 40 + b"h\x01"
    with pytest.raises(UnsafeFileError, match="cannot be a key"):
        rushlight.load(archive(b"}" + doubling + b"K\x01s"))
    deep = b")" + b"\x85" * 100_000
    with pytest.raises(UnsafeFileError, match="cannot be a key"):
        rushlight.load(archive(b"}" + deep + b"K\x01s"))


def test_whole_objects_without_methods_of_their_own():
    class Finalised(rushlight.nn.Module):
        def __del__(self):
            raise AssertionError("never called")

    with rushlight.serialization.safe_globals([Finalised]):
        module, name = Finalised.__module__, Finalised.__qualname__
        with pytest.raises(UnsafeFileError, match="methods of its own"):
            rushlight.load(archive(f"c{module}\n{name}\n)\x81".encode("latin1")))
    with pytest.raises(TypeError, match="expected classes"):
        rushlight.serialization.add_safe_globals([os.system])


def test_unknown_class_of_pytorch():
    with pytest.raises(UnsafeFileError, match="GLOBAL __main__.Unknown"):
        rushlight.load(FILES / "unknown.pt")
    record = rushlight.load(FILES / "unknown.pt", weights_only=False)
    assert type(record["model"]) is Record
    assert repr(record["model"]) == "<inert record: __main__.Unknown()>"


def test_module_file_of_pytorch():
    with pytest.raises(UnsafeFileError, match="torch.nn.modules.linear.Linear"):
        rushlight.load(FILES / "module.pt")
    assert rushlight.load(FILES / "module.pt", weights_only=False).in_features == 2


def test_archives_that_lie(tmp_path):
    honest = archive(b"N").getvalue()

    def refuse(data, text):
        with pytest.raises(UnsafeFileError, match=text):
            rushlight.load(io.BytesIO(data))

    refuse(honest[: len(honest) // 2], "failed finding central directory")
    refuse(honest.replace(b"archive/data.pkl", b"archive/../a.pkl"), "not allowed")
    refuse(honest.replace(b"archive/data.pkl", b"archive/data/0\x00\x00"), "twice|name")
    once = honest.replace(b"archive/data.pkl", b"archive/data.pkx", 1)
    refuse(once, "second, different name")
    refuse(archive(b"N", {"../x": b""}).getvalue(), "not allowed")
    refuse(archive(b"N", compress_type=zipfile.ZIP_DEFLATED).getvalue(), "compressed")
    missing = honest.replace(b"archive/data.pkl", b"archive/dat_.pkl")
    refuse(missing, "has no record 'data.pkl'")
    damaged = bytearray(archive(b"".join(tensor())).getvalue())
    at = damaged.index(b"archive/data/0") + len("archive/data/0")
    damaged[at] ^= 1
    refuse(bytes(damaged), "checksum does not match")
    size = struct.pack("<II", 16, 16)
    grown = archive(b"".join(tensor())).getvalue()
    refuse(grown.replace(size, struct.pack("<II", 2**31, 2**31)), "claims 2147483648")
    refuse(grown.replace(size, struct.pack("<II", 16, 17)), "two different sizes")


def test_script_archive_is_named():
    with pytest.raises(NotImplementedError, match="rushlight.jit.load"):
        rushlight.load(archive(b"N", {"constants.pkl": b""}))


@pytest.mark.parametrize("data", [b"no model", b"\x80\x02K\x01.", b"PK\x03\x04", b"{}"])
def test_no_model_file(data):
    with pytest.raises(UnsafeFileError, match="load: "):
        rushlight.load(io.BytesIO(data))


def test_empty_file(tmp_path):
    path = tmp_path / "empty.pt"
    path.touch()
    with pytest.raises(EOFError, match="Ran out of input"):
        rushlight.load(path)


def test_error_is_of_both_types():
    assert issubclass(UnsafeFileError, pickle.UnpicklingError)
    assert issubclass(UnsafeFileError, RuntimeError)


@pytest.mark.parametrize("name", ["contents.pt", "legacy.pt"])
def test_mutated_files_load_or_are_refused(name):
    raw = (FILES / name).read_bytes()
    rng = random.Random(7)
    for _ in range(400):
        data = bytearray(raw)
        for _ in range(rng.choice([1, 1, 2, 5])):
            at = rng.randrange(len(data))
            if rng.random() < 0.7:
                data[at] = rng.randrange(256)
            else:
                del data[at : at + rng.randrange(1, 5)]
        try:
            rushlight.load(io.BytesIO(bytes(data)))
        except (UnsafeFileError, EOFError):
            pass
        except RuntimeError as error:
            assert "don't know how to restore" in str(error)
