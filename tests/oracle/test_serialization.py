"""Model files go both ways between PyTorch and us, in every format and dtype."""

from __future__ import annotations

import collections
import io

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402

DTYPES = (
    "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 "
    "complex64 complex128"
).split()


def contents(library):
    base = library.arange(24.0).reshape(2, 3, 4)
    parameter = library.nn.Parameter(library.arange(3.0))
    parameter.note = "tagged"
    marked = library.ones(2)
    marked.note = [1]
    model = library.nn.Sequential(library.nn.Linear(3, 4), library.nn.BatchNorm1d(4))
    optimizer = library.optim.Adam(model.parameters())
    model(library.ones(2, 3)).sum().backward()
    optimizer.step()
    return {
        "dtypes": [library.arange(3).to(getattr(library, name)) for name in DTYPES],
        "base": base,
        "views": [base[0, 1:], base.transpose(0, 2), base[:, ::2, 1]],
        "expanded": library.ones(1).expand(5),
        "empty": library.empty(0, 3),
        "scalar": library.tensor(2.0),
        "requires_grad": library.ones(3, requires_grad=True),
        "parameter": parameter,
        "frozen": library.nn.Parameter(library.ones(2), requires_grad=False),
        "marked": marked,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "size": library.Size([1, 2]),
        "some dtypes": [getattr(library, name) for name in DTYPES],
        "device": library.device("cpu"),
        "plain": [None, True, 1.5, float("inf"), "é", b"a\xff", b"", 1 - 2j, 10**30],
        "tuples": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)),
        "ints": [255, 256, 65535, 65536, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1],
        "set": {1, "a"},
        "ordered": collections.OrderedDict([("b", [1]), ("a", 2)]),
        "counter": collections.Counter("aab"),
        "bytearray": bytearray(b"xy"),
        "long": list(range(2500)),
        "long dict": {number: str(number) for number in range(1500)},
        (1, "a"): 3,
    }


def outline(value):
    """A structure without the library's types, tensors as all that they are."""
    if isinstance(value, (torch.Tensor, rushlight.Tensor)):
        return (
            *("tensor", type(value).__name__, str(value.dtype), tuple(value.shape)),
            *(tuple(value.stride()), value.storage_offset(), value.requires_grad),
            *(value.detach().tolist(), dict(value.__dict__)),
        )
    if isinstance(value, dict):
        items = [(key, outline(item)) for key, item in value.items()]
        attributes = getattr(value, "__dict__", None)
        return type(value).__name__, items, outline(attributes) if attributes else None
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [outline(item) for item in value]
    return str(value) if "." in str(type(value)) else (type(value).__name__, value)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("zipped", [True, False])
def test_we_read_what_pytorch_writes(tmp_path, zipped, protocol):
    path = tmp_path / "model.pt"
    written = contents(torch)
    options = {"pickle_protocol": protocol, "_use_new_zipfile_serialization": zipped}
    torch.save(written, path, **options)
    read = rushlight.load(path)
    assert outline(read) == outline(written)
    shared = read["base"].untyped_storage().data_ptr()
    assert {v.untyped_storage().data_ptr() for v in read["views"]} == {shared}
    if zipped:
        assert outline(rushlight.load(path, mmap=True)) == outline(written)
    buffer = io.BytesIO()
    torch.save(written, buffer, **options)
    buffer.seek(0)
    assert outline(rushlight.load(buffer)) == outline(written)


@pytest.mark.parametrize("zipped", [True, False])
def test_pytorch_reads_what_we_write(tmp_path, zipped):
    path = tmp_path / "model.pt"
    written = contents(rushlight)
    rushlight.save(written, path, _use_new_zipfile_serialization=zipped)
    read = torch.load(path, weights_only=True)
    assert outline(read) == outline(written)
    shared = read["base"].untyped_storage().data_ptr()
    assert {v.untyped_storage().data_ptr() for v in read["views"]} == {shared}
    if zipped:
        assert outline(torch.load(path, mmap=True)) == outline(written)


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
def test_conjugates_and_storages(tmp_path):
    path = tmp_path / "model.pt"
    tensor = torch.tensor([1 + 2j, 3 - 1j])
    torch.save([tensor.conj(), torch.ones(4).untyped_storage()], path)
    conjugate, storage = rushlight.load(path)
    assert conjugate.tolist() == [1 - 2j, 3 + 1j]
    assert storage.nbytes() == 16
    rushlight.save([rushlight.tensor([1 + 2j]).conj(), storage], path)
    conjugate, storage = torch.load(path)
    assert conjugate.tolist() == [1 - 2j]
    assert storage.nbytes() == 16


def test_numpy_values(tmp_path):
    path = tmp_path / "model.pt"
    values = [np.float64(0.5), np.arange(6).reshape(2, 3)]
    torch.save(values, path)
    read = rushlight.load(path)
    assert (read[0], read[1].tolist()) == (values[0], values[1].tolist())
    rushlight.save(values, path)
    read = torch.load(path, weights_only=False)
    assert (read[0], read[1].tolist()) == (values[0], values[1].tolist())


def test_whole_layers(tmp_path):
    path = tmp_path / "model.pt"
    torch.save(torch.nn.Linear(3, 2), path)
    layer = rushlight.load(path, weights_only=False)
    assert type(layer) is rushlight.nn.Linear
    rushlight.save(layer, path)
    assert type(torch.load(path, weights_only=False)) is torch.nn.Linear


def test_zip64_and_content_hash_in_torch(tmp_path, monkeypatch):
    """PyTorch reads our wide fields, with and without a map, and passes over the hash."""
    from rushlight.serialization import archive_writer

    tensors = {"large": rushlight.arange(200_000), "empty": rushlight.empty(0, 2)}
    tensors |= {str(n): rushlight.full((1,), float(n)) for n in range(50)}
    for limit, name in ((0xFFFFFFFF, "narrow.pt"), (1000, "wide.pt")):
        monkeypatch.setattr(archive_writer, "ZIP64_SIZE", limit)
        monkeypatch.setattr(archive_writer, "ZIP64_COUNT", min(limit, 0xFFFF))
        rushlight.save(tensors, tmp_path / name)
        for mmap in (False, True):
            loaded = torch.load(tmp_path / name, weights_only=True, mmap=mmap)
            assert loaded.keys() == tensors.keys()
            for key, tensor in tensors.items():
                assert loaded[key].tolist() == tensor.tolist()


def test_mapped_file_of_torch(tmp_path):
    torch.save({"a": torch.arange(100_000), "b": torch.ones(3).bool()}, tmp_path / "f")
    loaded = rushlight.load(tmp_path / "f", mmap=True)
    assert loaded["a"].sum().item() == 4_999_950_000
    assert loaded["b"].tolist() == [True] * 3
