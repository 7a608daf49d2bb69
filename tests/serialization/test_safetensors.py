"""safetensors: the same bytes as the package of that name, and hostile headers."""

from __future__ import annotations

import io
import json
import os
import struct

import hypothesis
import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import strategies as st

import rushlight
from rushlight import nn
from rushlight.safetensors import (
    SafetensorError,
    load,
    load_file,
    load_model,
    safe_open,
    save,
    save_file,
    save_model,
)
from rushlight.serialization import UnsafeFileError
from rushlight.serialization.safetensors_header import CODES, ORDER

DTYPES = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64"


def example():
    tensors = {
        name: rushlight.arange(6).to(getattr(rushlight, name)).reshape(2, 3)
        for name in DTYPES.split()
    }
    return {**tensors, "ä/\"\\\x7f\n\u2028": rushlight.ones(1), "scalar": rushlight.tensor(2.5),
            "empty": rushlight.empty(0, 3), "a": rushlight.arange(4.0)[1:3]}  # fmt: skip


def theirs(tensors, metadata=None):
    """The bytes that the safetensors package writes."""
    specs = {
        name: safetensors.TensorSpec(
            dtype=str(tensor.dtype).partition(".")[2],
            shape=list(tensor.shape),
            data_ptr=tensor.data_ptr(),
            data_len=tensor.numel() * tensor.element_size(),
        )
        for name, tensor in tensors.items()
    }
    return safetensors.serialize(specs, metadata)


def same(left, right):
    assert sorted(left) == sorted(right)
    for name, tensor in left.items():
        assert tensor.dtype == right[name].dtype
        assert tensor.shape == right[name].shape
        assert tensor.stride() == right[name].stride()
        assert tensor.tolist() == right[name].tolist()


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"é": '"\\\n\x01'}])
def test_bytes_are_those_of_the_package(metadata):
    tensors = example()
    assert save(tensors, metadata) == theirs(tensors, metadata)
    assert save({}) == safetensors.serialize({})


def test_the_package_reads_our_files(tmp_path):
    tensors = example()
    del tensors["bfloat16"]  # which NumPy does not have
    save_file(tensors, tmp_path / "m.safetensors", {"a": "1", "b": "2"})
    with safetensors.safe_open(tmp_path / "m.safetensors", "np") as file:
        assert file.metadata() == {"a": "1", "b": "2"}
        assert sorted(file.keys()) == sorted(tensors)
        for name, tensor in tensors.items():
            np.testing.assert_array_equal(file.get_tensor(name), tensor.numpy())


def test_we_read_files_of_the_package(tmp_path):
    path = tmp_path / "m.safetensors"
    tensors = example()
    path.write_bytes(theirs(tensors, {"k": "v"}))
    same(load_file(path), tensors)
    same(load(path.read_bytes()), tensors)
    same(rushlight.load(path), tensors)
    same(rushlight.load(path, mmap=False, map_location="cpu"), tensors)
    same(rushlight.load(io.BytesIO(path.read_bytes())), tensors)
    assert path.read_bytes() == save(load_file(path), {"k": "v"})


@pytest.mark.parametrize("backend", ["mmap", "pread"])
def test_safe_open(tmp_path, backend):
    path = tmp_path / "m.safetensors"
    tensors = example()
    save_file(tensors, path, {"k": "v"})
    with safe_open(path, framework="pt", backend=backend) as file:
        assert file.keys() == sorted(tensors)
        assert sorted(file.offset_keys()) == sorted(tensors)
        assert file.metadata() == {"k": "v"}
        same(file.get_tensors(), tensors)
        part = file.get_slice("int16")
        assert (part.get_shape(), part.get_dtype()) == ([2, 3], "I16")
        assert part[:, 1:].tolist() == [[1, 2], [4, 5]]
        assert part[1, 0].tolist() == 3
        kept = file.get_tensor("float64")
        with pytest.raises(SafetensorError, match="does not contain tensor 'zz'"):
            file.get_tensor("zz")
    assert kept.tolist() == tensors["float64"].tolist()
    with pytest.raises(SafetensorError, match="closed"):
        file.keys()
    with safe_open(path, "np", backend=backend) as file:
        assert isinstance(file.get_tensor("a"), np.ndarray)
        assert isinstance(file.get_slice("a")[:1], np.ndarray)


def test_arguments_of_safe_open(tmp_path):
    save_file({}, tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match="framework must be"):
        safe_open(tmp_path / "m.safetensors", framework="tf")
    with pytest.raises(ValueError, match="backend must be"):
        safe_open(tmp_path / "m.safetensors", framework="pt", backend="x")
    with pytest.raises(FileNotFoundError):
        safe_open(tmp_path / "none", framework="pt")


def test_writing_to_a_mapped_tensor_leaves_the_file_alone(tmp_path):
    path = tmp_path / "m.safetensors"
    save_file({"a": rushlight.ones(1000)}, path)
    before = path.read_bytes()
    first, second = load_file(path)["a"], load_file(path)["a"]
    first.fill_(3)
    assert second[0].item() == 1
    assert path.read_bytes() == before
    save_file({"a": rushlight.zeros(1000)}, path)  # replaces the file, not its bytes
    assert second[5].item() == 1 and load_file(path)["a"][5].item() == 0


def test_tensors_at_odd_places_are_copied():
    header = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    blob = struct.pack("<Q", len(header)) + header + struct.pack("<2f", 1, 2)
    assert len(header) % 4
    assert load(blob)["a"].tolist() == [1, 2]


def test_mapped_tensors_at_odd_places(tmp_path):
    header = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} '
    path = tmp_path / "m"
    path.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<2f", 1, 2))
    found = load_file(path)["a"]
    assert found.tolist() == [1, 2] and found.data_ptr() % 4 == 0


def test_what_save_refuses(tmp_path):
    path = tmp_path / "m.safetensors"
    base = rushlight.arange(6.0).reshape(2, 3)
    with pytest.raises(ValueError, match="non contiguous tensor: `t`"):
        save_file({"t": base.t()}, path)
    with pytest.raises(RuntimeError, match="share memory.*'a', 'b'"):
        save_file({"a": base, "b": base[1]}, path)
    with pytest.raises(ValueError, match="expected torch.Tensor"):
        save_file({"a": 1}, path)
    with pytest.raises(TypeError, match="name 1 is a int and no string"):
        save_file({1: base}, path)
    with pytest.raises(ValueError, match="expected a dict"):
        save_file([base], path)
    with pytest.raises(ValueError, match="strings by strings"):
        save_file({"a": base}, path, {"a": 1})
    with pytest.raises(ValueError, match="__metadata__"):
        save_file({"__metadata__": base}, path)
    with pytest.raises(NotImplementedError, match="complex128"):
        save_file({"a": base.to(rushlight.complex128)}, path)
    assert not path.exists() and os.listdir(tmp_path) == []
    save_file({"a": base[0], "b": base[1]}, path)  # side by side is not shared
    assert load_file(path)["b"].tolist() == [3, 4, 5]


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 3)
        self.b = nn.Linear(3, 3)
        self.b.weight = self.a.weight


def test_models_with_shared_parameters(tmp_path):
    path = tmp_path / "m.safetensors"
    source, target = Tied(), Tied()
    save_model(source, path, {"epoch": "3"})
    with safe_open(path, framework="pt") as file:
        assert file.keys() == ["a.bias", "a.weight", "b.bias"]
        assert file.metadata() == {"epoch": "3", "b.weight": "a.weight"}
    assert load_model(target, path) == ([], [])
    same(target.state_dict(), source.state_dict())
    assert target.b.weight is target.a.weight


def test_models_that_do_not_match(tmp_path):
    path = tmp_path / "m.safetensors"
    save_file({"weight": rushlight.ones(1, 2), "x": rushlight.ones(1)}, path)
    model = nn.Linear(2, 1)
    assert load_model(model, path, strict=False) == (["bias"], ["x"])
    assert model.weight.tolist() == [[1, 1]]
    with pytest.raises(RuntimeError, match='Missing key.*"bias"\n.*Unexpected.*"x"'):
        load_model(model, path)
    view = nn.Module()
    storage = rushlight.ones(6)
    view.p, view.q = nn.Parameter(storage[:4]), nn.Parameter(storage[2:])
    with pytest.raises(RuntimeError, match="none covers the whole"):
        save_model(view, path)


# Hostile files


def blob(header, data=b"", length=None):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


DEEP = b'{"a":' + b"[" * 100_000
HOSTILE = {
    "empty": (b"", "at least 8 bytes"),
    "short": (b"\x01\0\0", "at least 8 bytes"),
    "no header": (bytes(8), "expected '{'"),
    "huge length": (struct.pack("<Q", 2**64 - 1) + b"{", "at most 100000000"),
    "over 100 MB": (struct.pack("<Q", 100_000_001) + b"{", "at most 100000000"),
    "length past the end": (blob(b"{}", length=1000), "claims 1000 bytes"),
    "not UTF-8": (blob(b'{"\xff":1}'), "not UTF-8"),
    "lone surrogate": (blob(b'{"\\ud800":{}}'), "expected a string"),
    "a list": (blob(b"[]"), "expected '{'"),
    "space first": (blob(b" {}"), "expected '{'"),
    "unfinished": (blob(b'{"a":{"dtype":"F32"'), "expected ','"),
    "unfinished string": (blob(b'{"a'), "expected a string"),
    "text after it": (blob(b"{}x"), "expected the end"),
    "deep": (blob(DEEP), "expected '{'"),
    "deep objects": (blob(b'{"a":' * 50_000), "unknown field"),
    "key twice": (blob(b'{"a":%b,"a":%b}' % ((json.dumps(entry()).encode(),) * 2), b"1234"), "twice"),
    "field twice": (blob(b'{"a":{"dtype":"F32","dtype":"F32"}}'), "twice"),
    "key and escaped key": (blob(b'{"a":%b,"\\u0061":%b}' % ((json.dumps(entry()).encode(),) * 2), b"1234"), "twice"),
    "lacks a field": (blob({"a": {"dtype": "F32", "shape": []}}), "lacks"),
    "unknown field": (blob({"a": {**entry(), "x": 1}}, b"1234"), "unknown field"),
    "unknown dtype": (blob({"a": entry("F128")}, b"1234"), "unknown dtype 'F128'"),
    "dtype no text": (blob({"a": entry(3)}, b"1234"), "expected '\"'"),
    "three offsets": (blob({"a": entry(offsets=(0, 4, 8))}, b"1234"), "data_offsets"),
    "negative offset": (blob({"a": entry(offsets=(-4, 0))}, b"1234"), "list of integers"),
    "fraction": (blob({"a": entry(shape=(1.0,))}, b"1234"), "list of integers"),
    "huge integer": (blob({"a": entry(shape=(10**30,))}, b"1234"), "list of integers"),
    "huge digits": (blob(b'{"a":{"shape":[' + b"1" * 100_000 + b"]}}"), "list of integers"),
    "bool": (blob({"a": entry(shape=(True,))}, b"1234"), "list of integers"),
    "not a number": (blob({"a": entry(shape=(float("nan"),))}, b"1234"), "list of integers"),
    "leading zero": (blob(b'{"a":{"shape":[01]}}'), "list of integers"),
    "nested shape": (blob({"a": entry(shape=([1],))}, b"1234"), "list of integers"),
    "wrong product": (blob({"a": entry(shape=(2,))}, b"1234"), "does not fill its 4"),
    "product overflows": (blob({"a": entry(shape=(2**32, 2**32, 4))}, b"1234"), "does not fill"),
    "zero beside huge": (blob({"a": entry(shape=(0, 2**62, 2**62), offsets=(0, 0))}), "does not fill"),
    "many sizes": (blob({"a": entry(shape=(1,) * 65)}, b"1234"), "65 sizes"),
    "ends before it begins": (blob({"a": entry(offsets=(4, 0))}, b"1234"), "before it begins"),
    "overlap": (blob({"a": entry(), "b": entry(offsets=(2, 6))}, b"123456"), "overlaps"),
    "same bytes": (blob({"a": entry(), "b": entry()}, b"1234"), "overlaps"),
    "hole in front": (blob({"a": entry(offsets=(4, 8))}, b"12345678"), "leaves a hole"),
    "hole": (blob({"a": entry(), "b": entry(offsets=(8, 12))}, bytes(12)), "leaves a hole"),
    "bytes after it": (blob({"a": entry()}, b"12345"), "need 4 bytes.*has 5"),
    "cut short": (blob({"a": entry()}, b"123"), "need 4 bytes.*has 3"),
    "metadata no texts": (blob({"__metadata__": {"a": 1}}), "only strings"),
    "metadata nested": (blob({"__metadata__": {"a": {"b": "c"}}}), "only strings"),
    "metadata a list": (blob({"__metadata__": ["a"]}), "strings by strings"),
    "bools": (blob({"a": entry("BOOL", (1,), (0, 1))}, b"\x02"), "bool storage"),
    "half a byte": (blob({"a": entry("F4", (3,), (0, 1))}, b"\0"), "does not fill"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name, tmp_path):
    data, text = HOSTILE[name]
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    for read in (load, lambda data: load_file(path)):
        with pytest.raises(UnsafeFileError, match=text) as caught:
            read(data)
        assert len(str(caught.value)) < 300


def test_unsorted_headers_are_allowed():
    found = load(
        blob({"b": entry(offsets=(4, 8)), "a": entry()}, struct.pack("<2f", 1, 2))
    )
    assert {name: tensor.tolist() for name, tensor in found.items()} == {
        "a": [1],
        "b": [2],
    }


@pytest.mark.parametrize(
    ("code", "size"),
    [
        ("U16", 2),
        ("U32", 4),
        ("U64", 8),
        ("F8_E4M3", 1),
        ("F8_E5M2", 1),
        ("F8_E8M0", 1),
    ],
)
def test_dtypes_that_are_missing_are_named(code, size, tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(
        blob(
            {"a": entry(code, (1,), (0, size)), "b": entry(offsets=(size, size + 4))},
            bytes(size + 4),
        )
    )
    with pytest.raises(
        NotImplementedError, match=rf"rushlight\.\w+: tensor 'a'.*{code}"
    ):
        load_file(path)
    with safe_open(path, framework="pt") as file:  # the others can be read
        assert file.get_tensor("b").tolist() == [0]
        assert file.get_slice("a").get_dtype() == code


# Properties


@st.composite
def named_tensors(draw):
    found = {}
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    for name in draw(st.lists(text, max_size=5, unique=True)):
        if name == "__metadata__":
            continue
        dtype = draw(st.sampled_from(sorted(CODES, key=str)))
        shape = draw(st.lists(st.integers(0, 3), max_size=4))
        count = int(np.prod(shape))
        raw = draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
        found[name] = rushlight.tensor(raw).reshape(shape).to(dtype)
    return found


@hypothesis.given(
    named_tensors(),
    st.none()
    | st.fixed_dictionaries({"k": st.text(st.characters(exclude_categories=["Cs"]))}),
)
@hypothesis.settings(deadline=None, max_examples=60)
def test_round_trip_and_bytes(tensors, metadata):
    written = save(tensors, metadata)
    assert written == theirs(tensors, metadata)
    same(load(written), tensors)


@hypothesis.given(st.data())
@hypothesis.settings(deadline=None, max_examples=200)
def test_damaged_files_give_one_error(data):
    written = bytearray(
        save({"a": rushlight.ones(3), "b": rushlight.ones(2, 2)}, {"k": "v"})
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(written) - 1))
        written[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3)
        )
    try:
        found = load(bytes(written))
    except (UnsafeFileError, NotImplementedError):
        return
    for tensor in found.values():
        tensor.tolist()
    # What we accept, the package accepts.
    safetensors.deserialize(bytes(written))


@hypothesis.given(named_tensors(), st.randoms())
@hypothesis.settings(deadline=None, max_examples=60)
def test_layout_of_the_json_is_free(tensors, random):
    written = save(tensors)
    size = struct.unpack("<Q", written[:8])[0]
    table = json.loads(written[8 : 8 + size])
    for name, found in table.items():
        table[name] = dict(random.sample(list(found.items()), 3))
    indent = random.choice([None, 0, 2])
    header = json.dumps(
        table, indent=indent, ensure_ascii=random.random() < 0.5
    ).encode()
    same(load(blob(header, written[8 + size :])), tensors)


def test_every_dtype_has_a_place_in_the_order():
    assert set(CODES.values()) <= set(ORDER)
