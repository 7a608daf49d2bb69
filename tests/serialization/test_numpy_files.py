"""NumPy's files: exchange with NumPy, and files that are damaged or too large."""

from __future__ import annotations

import io
import os
import random
import zipfile

import hypothesis
import numpy as np
import pytest
from hypothesis.extra import numpy as arrays

import rushlight
from rushlight.serialization import (
    UnsafeFileError,
    load_npy,
    load_npz,
    save_npy,
    save_npz,
)

DTYPES = (
    "bool uint8 int8 int16 int32 int64 float16 float32 float64 complex64 complex128"
)


def tensors():
    found = {
        name: rushlight.arange(6).to(getattr(rushlight, name)).reshape(2, 3)
        for name in DTYPES.split()
    }
    return {
        **found,
        "file": rushlight.tensor(2.5),
        "empty": rushlight.empty(0, 3),
        "a.b/c é": found["int16"].t(),
    }


@pytest.mark.parametrize("compressed", [False, True])
def test_numpy_reads_what_we_write(tmp_path, compressed):
    path = tmp_path / "a.npz"
    save_npz(path, tensors(), compressed)
    with np.load(path, allow_pickle=False) as found:
        assert sorted(found) == sorted(tensors())
        for name, tensor in tensors().items():
            assert found[name].dtype == tensor.numpy().dtype
            np.testing.assert_array_equal(found[name], tensor.numpy())
    with zipfile.ZipFile(path) as archive:
        kinds = {entry.compress_type for entry in archive.infolist()}
    assert kinds == {zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED}
    for name, tensor in load_npz(path).items():
        assert tensor.dtype == tensors()[name].dtype
        assert tensor.tolist() == tensors()[name].tolist()


def test_we_read_what_numpy_writes(tmp_path):
    given = {
        "c": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(24, dtype=np.int32).reshape(2, 3, 4)),
        "big": np.arange(3, dtype=">f4"),
        "big complex": np.array([1 + 2j], dtype=">c16"),
        "scalar": np.float16(3),
        "empty": np.ones((0, 4), dtype=np.int8),
    }
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **given)
        found = load_npz(tmp_path / "a.npz")
        assert list(found) == list(given)
        for name, array in given.items():
            np.testing.assert_array_equal(found[name].numpy(), array)
    assert found["fortran"].stride() == (1, 2, 6)
    assert found["c"].add_(1)[0, 0].item() == 1  # memory of its own, writable


def test_load_names_the_function_that_reads_them(tmp_path):
    save_npz(tmp_path / "a.npz", {"x": rushlight.ones(1)})
    save_npy(tmp_path / "a.npy", rushlight.ones(1))
    for kind in ("npz", "npy"):
        with pytest.raises(
            UnsafeFileError, match=f"serialization.load_{kind} reads it"
        ):
            rushlight.load(tmp_path / f"a.{kind}")


def test_npy(tmp_path):
    for tensor in tensors().values():
        save_npy(tmp_path / "x", tensor)
        np.testing.assert_array_equal(np.load(tmp_path / "x"), tensor.numpy())
        assert load_npy(tmp_path / "x").tolist() == tensor.tolist()
    file = io.BytesIO()
    save_npy(file, rushlight.ones(2, requires_grad=True))
    file.seek(0)
    assert load_npy(file).tolist() == [1, 1]


@hypothesis.given(
    arrays.arrays(
        arrays.scalar_dtypes().filter(lambda d: d.name in DTYPES.split()),
        arrays.array_shapes(min_dims=0, min_side=0, max_side=4),
    )
)
@hypothesis.settings(deadline=None, max_examples=60)
def test_round_trip(array):
    for order in "CF":
        file = io.BytesIO()
        np.savez(file, x=np.asarray(array, order=order))
        file.seek(0)
        np.testing.assert_array_equal(load_npz(file)["x"].numpy(), array)


def test_what_saving_refuses(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(NotImplementedError, match="a has dtype torch.bfloat16"):
        save_npz(path, {"a": rushlight.ones(1).bfloat16()})
    with pytest.raises(TypeError, match="a is no tensor but a list"):
        save_npz(path, {"a": [1]})
    with pytest.raises(TypeError, match="names must be strings, got 3"):
        save_npz(path, {3: rushlight.ones(1)})
    with pytest.raises(TypeError, match="tensors by name, got list"):
        save_npz(path, [rushlight.ones(1)])
    assert os.listdir(tmp_path) == []


class Attack:
    def __reduce__(self):
        return os.mkdir, ("proof",)


def test_objects_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    objects = np.array([Attack(), 1], dtype=object)
    np.savez("a.npz", x=objects)
    np.save("a.npy", objects)
    for load, path in ((load_npz, "a.npz"), (load_npy, "a.npy")):
        with pytest.raises(UnsafeFileError, match="holds Python objects"):
            load(path)
    assert not os.path.exists("proof")


@pytest.mark.parametrize("dtype", ["U3", "S2", "M8[s]", "u2", "u8", "i4,f4"])
def test_dtypes_that_no_tensor_has(dtype, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros(2, dtype))
    with pytest.raises(TypeError, match="array 'x' has dtype .* no tensor can hold"):
        load_npz(tmp_path / "a.npz")


def archive(records, kind=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as found:
        for name, data in records:
            found.writestr(name, data)
    return file.getvalue()


def npy(array, old=b"", new=b""):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue().replace(old, new)


ONES = np.ones(3)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "damaged"),
        (b"PK\3\4", "damaged"),
        (archive([("x.npy", npy(ONES))])[:-30], "damaged"),
        (archive([("x.npy", npy(ONES))]).replace(b"\xf0?", b"\xf1?", 1), "damaged"),
        (archive([("x.txt", b"")]), "is no array"),
        (
            archive([("x.npy", npy(ONES)), ("y.npy", npy(ONES))]).replace(
                b"y.npy", b"x.npy"
            ),
            "same name",
        ),
        (archive([("x.npy", b"hello")]), "no valid header"),
        (
            archive([("x.npy", npy(ONES, b"(3,)", b"(9,)"))]),
            "needs 72 bytes; there are 24",
        ),
        (
            archive([("x.npy", npy(ONES, b"(3,), }" + b" " * 9, b"(99999999999),}"))]),
            ".",
        ),
        (archive([("x.npy", npy(ONES, b"(3,)", b"[3,]"))]), "no valid header"),
        (archive([("x.npy", npy(ONES, b"(3,)", b"(-3)"))]), "no valid header"),
        (
            archive([("x.npy", npy(np.ones((3, 1)), b"(3, 1)", b"(-3,1)"))]),
            "needs -24 bytes",
        ),
        (archive([("x.npy", npy(ONES) + b"more")]), "needs 24 bytes; there are 28"),
        (archive([("x.npy", npy(np.array([True]))[:-1] + b"\2")]), "bool storage"),
        (archive([("x.npy", npy(ONES, b"(3,)", b"(((,"))]), "no valid header"),
    ],
)
def test_hostile_archives(data, text):
    with pytest.raises(UnsafeFileError, match=text):
        load_npz(io.BytesIO(data))


def test_bombs_are_bounded(tmp_path):
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, x=np.zeros(1 << 20))
    assert os.path.getsize(path) < 1 << 15
    assert load_npz(path)["x"].numel() == 1 << 20  # harmless: below 256 MB
    with pytest.raises(
        UnsafeFileError, match="expand to 8,388,736 bytes; max_bytes is 1,000"
    ):
        load_npz(path, max_bytes=1000)
    # The directory says that the record is small: no more than that is read.
    raw = path.read_bytes().replace(
        (8388736).to_bytes(4, "little"), (200).to_bytes(4, "little")
    )
    with pytest.raises(UnsafeFileError):
        load_npz(io.BytesIO(raw))


def test_records_that_share_bytes():
    data = bytearray(archive([("x.npy", npy(ONES)), ("y.npy", npy(ONES))]))
    at = data.rfind(b"PK\1\2")
    data[at + 42 : at + 46] = bytes(4)  # the second record's place is the first's
    with pytest.raises(UnsafeFileError):
        load_npz(io.BytesIO(bytes(data)))


def test_damaged_files_give_one_error():
    generator = random.Random(3)
    sources = [
        archive([("x.npy", npy(ONES)), ("y.npy", npy(np.ones((2, 2), np.int16)))], kind)
        for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    ]
    plain = npy(np.ones((2, 3)))
    for _ in range(400):
        for load, source in ((load_npz, generator.choice(sources)), (load_npy, plain)):
            found = bytearray(source)
            for _ in range(generator.randint(1, 4)):
                at = generator.randrange(len(found))
                found[at : at + generator.randint(0, 2)] = generator.randbytes(
                    generator.randint(0, 2)
                )
            try:
                load(io.BytesIO(bytes(found)))
            except (UnsafeFileError, TypeError):
                pass
