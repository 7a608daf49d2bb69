"""Saving and loading: what comes back, from where, and onto which device."""

from __future__ import annotations

import collections
import io
import pathlib
import zipfile

import numpy as np
import pytest

import rushlight
from rushlight.serialization import UnsafeFileError

FILES = pathlib.Path(__file__).parent.parent / "fixtures" / "model_files"
DTYPES = (
    "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 "
    "complex64 complex128"
).split()


def same_tensor(left, right):
    assert type(left) is type(right)
    assert left.dtype == right.dtype
    assert left.shape == right.shape
    assert left.stride() == right.stride()
    assert left.storage_offset() == right.storage_offset()
    assert left.requires_grad == right.requires_grad
    assert left.detach().tolist() == right.detach().tolist()


def same(left, right):
    """Asserts equality of structures that contain tensors."""
    if isinstance(left, rushlight.Tensor):
        same_tensor(left, right)
    elif isinstance(left, dict):
        assert type(left) is type(right)
        assert list(left) == list(right)
        for key in left:
            same(left[key], right[key])
    elif isinstance(left, (list, tuple)):
        assert type(left) is type(right)
        assert len(left) == len(right)
        for a, b in zip(left, right):
            same(a, b)
    else:
        assert type(left) is type(right)
        assert left == right


def contents():
    base = rushlight.arange(24.0).reshape(2, 3, 4)
    return {
        "dtypes": [rushlight.arange(3).to(getattr(rushlight, d)) for d in DTYPES],
        "base": base,
        "view": base[1, 1:],
        "transposed": base.transpose(0, 2),
        "gaps": base[:, ::2, 1],
        "expanded": rushlight.ones(1).expand(5),
        "empty": rushlight.empty(0, 3),
        "scalar": rushlight.tensor(2.5),
        "requires_grad": rushlight.ones(2, requires_grad=True),
        "parameter": rushlight.nn.Parameter(rushlight.ones(2)),
        "frozen": rushlight.nn.Parameter(rushlight.ones(2), requires_grad=False),
        "size": rushlight.Size([1, 2]),
        "some dtypes": [getattr(rushlight, d) for d in DTYPES],
        "device": rushlight.device("cpu"),
        "plain": [None, True, False, 1.5, float("inf"), "é", b"a\xff", b"", 1 - 2j],
        "tuples": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)),
        "ints": [0, 255, 256, 65535, 65536, -1, 2**31, -(2**31) - 1, 10**30, 10**700],
        "set": {1, "a", (2, 3)},
        "frozen set": frozenset([1, 2]),
        "ordered": collections.OrderedDict([("b", [1]), ("a", 2)]),
        "counter": collections.Counter("aab"),
        "default": collections.defaultdict(list, {"a": [1]}),
        "bytearray": bytearray(b"xy"),
        "long list": list(range(2500)),
        "long dict": {number: str(number) for number in range(1500)},
        1: 2,
        (1, "a"): 3,
        None: 4,
    }


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_round_trip(tmp_path, zipped, protocol):
    path = tmp_path / "model.pt"
    options = {"pickle_protocol": protocol, "_use_new_zipfile_serialization": zipped}
    written = contents()
    rushlight.save(written, path, **options)
    read = rushlight.load(path)
    same(written, read)
    pointers = {read[k].untyped_storage().data_ptr() for k in ("base", "view", "gaps")}
    assert len(pointers) == 1
    buffer = io.BytesIO()
    rushlight.save(written, buffer, **options)
    buffer.seek(0)
    same(written, rushlight.load(buffer))


def test_attributes_and_sharing(tmp_path):
    path = tmp_path / "model.pt"
    tensor = rushlight.ones(2)
    tensor.note = {"a": [1]}
    parameter = rushlight.nn.Parameter(rushlight.ones(2))
    parameter.note = "tagged"
    loop = [tensor, tensor, parameter]
    loop.append(loop)
    rushlight.save(loop, path)
    read = rushlight.load(path)
    assert read[0] is read[1]
    assert read[3] is read
    assert read[0].note == {"a": [1]}
    assert type(read[2]) is rushlight.nn.Parameter
    assert read[2].note == "tagged"


def test_state_dict_keeps_its_metadata(tmp_path):
    path = tmp_path / "model.pt"
    model = rushlight.nn.Sequential(rushlight.nn.Linear(3, 2))
    state = model.state_dict()
    rushlight.save(state, path)
    read = rushlight.load(path)
    same(state, read)
    assert read._metadata == state._metadata
    model.load_state_dict(read)


@pytest.mark.parametrize("name", ["contents.pt", "legacy.pt", "protocol4.pt"])
@pytest.mark.parametrize("mmap", [False, True])
def test_reads_files_of_pytorch(name, mmap):
    if mmap and name == "legacy.pt":
        with pytest.raises(RuntimeError, match="mmap can only be used"):
            rushlight.load(FILES / name, mmap=True)
        return
    read = rushlight.load(FILES / name, mmap=mmap)
    for dtype, tensor in read["dtypes"].items():
        assert tensor.dtype == getattr(rushlight, dtype)
        assert tensor.tolist() == [0, 1, 1 if dtype == "bool" else 2]
    base = rushlight.arange(24.0).reshape(2, 3, 4)
    same_tensor(read["base"], base)
    same_tensor(read["view"], base[1, 1:])
    same_tensor(read["transposed"], base.transpose(0, 2))
    shared = read["base"].untyped_storage().data_ptr()
    assert read["view"].untyped_storage().data_ptr() == shared
    assert read["expanded"].tolist() == [1.0] * 5
    assert read["empty"].shape == (0, 3)
    assert read["scalar"].item() == 2.5
    assert read["conjugate"].tolist() == [1 - 2j]
    assert read["requires_grad"].requires_grad
    assert read["parameter"].note == "tagged"
    assert type(read["parameter"]) is rushlight.nn.Parameter
    assert read["marked"].note == [1, 2]
    assert type(read["size"]) is rushlight.Size
    assert read["dtype"] == rushlight.bfloat16
    assert read["device"] == rushlight.device("cpu")
    assert read["plain"] == [
        *(None, True, False, 1.5, "text é", b"bytes\xff", (1, (2,)), 1 + 2j)
    ]
    assert read["ints"][-1] == 10**30
    assert read["set"] == {1, "a"}
    assert list(read["ordered"].items()) == [("b", 1), ("a", 2)]
    assert read["counter"] == collections.Counter("aab")
    assert read["bytearray"] == bytearray(b"xy")
    assert read[3] == "number key"
    assert read[(1, "a")] == "tuple key"


def test_continues_a_training_of_pytorch():
    read = rushlight.load(FILES / "training.pt")
    assert read["epoch"] == 3
    model = rushlight.nn.Sequential(
        rushlight.nn.Linear(3, 4), rushlight.nn.BatchNorm1d(4)
    )
    optimizer = rushlight.optim.Adam(model.parameters())
    model.load_state_dict(read["model"])
    optimizer.load_state_dict(read["optimizer"])
    assert optimizer.param_groups[0]["lr"] == 0.01
    assert float(optimizer.state[model[0].weight]["step"]) == 1


@pytest.mark.parametrize("protocol", [2, 5])
def test_numpy_values(tmp_path, protocol):
    path = tmp_path / "model.pt"
    numbers = [np.float64(0.5), np.int32(3), np.bool_(True), np.complex64(1j)]
    arrays = [np.arange(6.0).reshape(2, 3), np.zeros((0, 2)), np.eye(2).T]
    rushlight.save([numbers, arrays, arrays[0]], path, pickle_protocol=protocol)
    read_numbers, read_arrays, first = rushlight.load(path)
    assert read_numbers == numbers
    assert list(map(type, read_numbers)) == list(map(type, numbers))
    assert first is read_arrays[0]
    for left, right in zip(arrays, read_arrays):
        assert left.dtype == right.dtype
        assert left.flags.f_contiguous == right.flags.f_contiguous
        np.testing.assert_array_equal(left, right)
    rushlight.save(np.array(["text"]), path)
    assert rushlight.load(path).tolist() == ["text"]
    rushlight.save(np.array([{}]), path)
    with pytest.raises(UnsafeFileError, match="NumPy values of type 'O8'"):
        rushlight.load(path)


def test_mapped_storages_are_private(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save({"a": rushlight.zeros(1000), "b": rushlight.ones(3)}, path)
    mapped = rushlight.load(path, mmap=True)
    mapped["a"].add_(1)
    assert mapped["a"].sum().item() == 1000
    assert rushlight.load(path)["a"].sum().item() == 0
    path.unlink()
    assert mapped["b"].tolist() == [1, 1, 1]


def test_records_are_plain_and_aligned(tmp_path):
    path = tmp_path / "net.pth.tar"
    tensors = [rushlight.ones(n) for n in (1, 3, 100)]
    rushlight.save(tensors, path)
    raw = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        for entry in archive.infolist():
            start = entry.header_offset
            name_size = int.from_bytes(raw[start + 26 : start + 28], "little")
            extra_size = int.from_bytes(raw[start + 28 : start + 30], "little")
            assert (start + 30 + name_size + extra_size) % 64 == 0
    assert names[0] == "net.pth/data.pkl"
    assert {"net.pth/byteorder", "net.pth/data/2", "net.pth/version"} <= set(names)


def test_legacy_files_follow_each_other():
    buffer = io.BytesIO()
    for number in range(2):
        written = {"n": number, "t": rushlight.ones(number + 1)}
        rushlight.save(written, buffer, _use_new_zipfile_serialization=False)
    buffer.seek(0)
    assert [rushlight.load(buffer)["n"] for _ in range(2)] == [0, 1]


def test_big_endian_file(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save({"a": rushlight.arange(3, dtype=rushlight.int32)}, path)
    with zipfile.ZipFile(path) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    del records["model/.data/rushlight_content_hash"]
    records["model/byteorder"] = b"big"
    records["model/data/0"] = b"".join(n.to_bytes(4, "big") for n in range(3))
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in records.items():
            archive.writestr(name, data)
    assert rushlight.load(path)["a"].tolist() == [0, 1, 2]


def test_map_location(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save(rushlight.ones(2), path)
    seen = []

    def keep(storage, location):
        seen.append((type(storage), location))
        return storage

    for place in (None, "cpu", rushlight.device("cpu"), {"cuda:0": "cpu"}, keep):
        assert rushlight.load(path, map_location=place).tolist() == [1, 1]
    assert rushlight.load(path, map_location=lambda s, place: None).tolist() == [1, 1]
    assert seen == [(rushlight.UntypedStorage, "cpu")]
    for place in ("cuda", {"cpu": "cuda:1"}):
        with pytest.raises(RuntimeError, match="deserialize object on a CUDA device"):
            rushlight.load(path, map_location=place)
    with pytest.raises(RuntimeError, match="don't know how to restore data location"):
        rushlight.load(path, map_location="nowhere")
    with pytest.raises(TypeError, match="map_location must be"):
        rushlight.load(path, map_location=3)
    with pytest.raises(TypeError, match="must return a storage or None"):
        rushlight.load(path, map_location=lambda s, place: 3)


class Net(rushlight.nn.Module):
    """A module of the program's own, for whole-model files."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = rushlight.nn.Linear(2, 1)
        self.scale = 3

    def forward(self, x):
        return self.layer(x) * self.scale


def test_whole_model(tmp_path):
    path = tmp_path / "model.pt"
    net = Net()
    rushlight.save(net, path)
    with pytest.raises(UnsafeFileError, match="Weights only load failed.*Net"):
        rushlight.load(path)
    read = rushlight.load(path, weights_only=False)
    x = rushlight.ones(1, 2)
    assert type(read) is Net
    assert read(x).tolist() == net(x).tolist()
    with rushlight.serialization.safe_globals([Net]):
        with pytest.raises(UnsafeFileError, match="torch.nn.modules.linear.Linear"):
            rushlight.load(path)


def test_wrong_arguments(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save(1, path)
    with pytest.raises(FileNotFoundError):
        rushlight.load(tmp_path / "absent.pt")
    with pytest.raises(ValueError, match="f must be a file path"):
        rushlight.load(io.BytesIO(path.read_bytes()), mmap=True)
    with pytest.raises(AttributeError, match="a file that is seekable"):
        rushlight.load(3)
    with pytest.raises(AttributeError, match="with a 'write' attribute"):
        rushlight.save(1, 3)
    with open(path, encoding="latin1") as text, pytest.raises(TypeError, match="'rb'"):
        rushlight.load(text)
    with pytest.raises(ValueError, match="pickle protocol must be <= 5"):
        rushlight.save(1, path, pickle_protocol=6)
    with pytest.raises(ValueError, match="pickle_protocol must be >= 2"):
        rushlight.save(1, path, pickle_protocol=1)
    with pytest.raises(
        NotImplementedError, match=r"rushlight.load\(pickle_module=io\)"
    ):
        rushlight.load(path, pickle_module=io)
    with pytest.raises(AttributeError, match="Can't pickle local object"):
        rushlight.save(lambda: 1, path)
    with pytest.raises(RuntimeError, match="view the same data as different types"):
        tensor = rushlight.zeros(4)
        rushlight.save([tensor, tensor.view(rushlight.int32)], path)
    assert rushlight.load(path) == 1
