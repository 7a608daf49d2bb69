"""The matrix of model files: each library reads what the other writes."""

from __future__ import annotations

import collections
import datetime
import functools
import io
import pickle
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fuzz import corpus  # noqa: E402

import rushlight  # noqa: E402
from rushlight.serialization import (  # noqa: E402
    Record,
    UnsafeFileError,
    UnsupportedFileError,
)

DTYPES = (
    "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 "
    "complex64 complex128"
).split()
KINDS = {
    "plain": lambda xp, base: base,
    "view": lambda xp, base: base[1, 1:],
    "transposed": lambda xp, base: base.transpose(0, 2),
    "gaps": lambda xp, base: base[:, ::2, 1],
    "expanded": lambda xp, base: base[:1, :1, :1].expand(2, 3, 4),
    "empty": lambda xp, base: base[:0],
    "scalar": lambda xp, base: base[1, 2, 3],
    "parameter": lambda xp, base: xp.nn.Parameter(base, requires_grad=False),
    "twice": lambda xp, base: [base, base[0], base],
}
FORMATS = [(zipped, protocol) for zipped in (True, False) for protocol in (2, 3, 4, 5)]

pytestmark = pytest.mark.filterwarnings("ignore")


def make(xp, dtype, kind):
    base = xp.arange(24).reshape(2, 3, 4).to(getattr(xp, dtype))
    return KINDS[kind](xp, base)


def same(left, right):
    assert isinstance(left, list) == isinstance(right, list)
    if isinstance(left, list):
        assert len(left) == len(right)
        addresses = [
            {item.untyped_storage().data_ptr() for item in items}
            for items in (left, right)
        ]
        assert len(addresses[0]) == len(addresses[1]) == 1
        for one, other in zip(left, right):
            same(one, other)
        return
    assert type(left).__name__ == type(right).__name__
    assert str(left.dtype) == str(right.dtype)
    assert tuple(left.shape) == tuple(right.shape)
    assert left.stride() == right.stride()
    assert left.storage_offset() == right.storage_offset()
    assert left.requires_grad == right.requires_grad
    assert left.tolist() == right.tolist()


def stream(xp, value, **options):
    buffer = io.BytesIO()
    xp.save(value, buffer, **options)
    buffer.seek(0)
    return buffer


@pytest.mark.parametrize("zipped, protocol", FORMATS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors_both_ways(dtype, zipped, protocol):
    options = {"_use_new_zipfile_serialization": zipped, "pickle_protocol": protocol}
    theirs = {kind: make(torch, dtype, kind) for kind in KINDS}
    ours = {kind: make(rushlight, dtype, kind) for kind in KINDS}
    for weights_only in (True, False):
        read = rushlight.load(
            stream(torch, theirs, **options), weights_only=weights_only
        )
        for kind in KINDS:
            same(read[kind], ours[kind])
        if weights_only and protocol != 2:
            continue  # PyTorch's own restriction
        read = torch.load(stream(rushlight, ours, **options), weights_only=weights_only)
        for kind in KINDS:
            same(read[kind], theirs[kind])


def sparse(xp, layout):
    indices, values = xp.tensor([[0, 1, 1], [2, 0, 2]]), xp.tensor([3.0, 4.0, 5.0])
    if layout == "coo":
        return xp.sparse_coo_tensor(indices, values, (2, 3))
    if layout == "coalesced":
        return xp.sparse_coo_tensor(indices, values.double(), (2, 3)).coalesce()
    if layout == "hybrid":
        return xp.sparse_coo_tensor(indices, xp.ones(3, 2), (2, 3, 2))
    if layout == "csr":
        rows, columns = xp.tensor([0, 1, 3]), xp.tensor([2, 0, 2])
        return xp.sparse_csr_tensor(rows, columns, values, (2, 3))
    if layout == "csc":
        columns, rows = xp.tensor([0, 1, 1, 3]), xp.tensor([1, 0, 1])
        return xp.sparse_csc_tensor(columns, rows, values, (2, 3))
    blocks = xp.arange(8.0).reshape(2, 2, 2)
    place = xp.tensor([0, 1, 2]), xp.tensor([1, 0])
    if layout == "bsr":
        return xp.sparse_bsr_tensor(*place, blocks, (4, 4))
    return xp.sparse_bsc_tensor(*place, blocks, (4, 4))


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    "layout", ["coo", "coalesced", "hybrid", "csr", "csc", "bsr", "bsc"]
)
def test_sparse_tensors(layout, zipped):
    theirs, ours = sparse(torch, layout), sparse(rushlight, layout)
    options = {"_use_new_zipfile_serialization": zipped}
    assert repr(ours) == repr(theirs)
    assert ours.to_dense().tolist() == theirs.to_dense().tolist()
    assert ours._nnz() == theirs._nnz()
    assert ours.sparse_dim() == theirs.sparse_dim()
    assert ours.dense_dim() == theirs.dense_dim()
    for weights_only in (True, False):
        read = rushlight.load(
            stream(torch, theirs, **options), weights_only=weights_only
        )
        assert repr(read) == repr(theirs)
        read = torch.load(stream(rushlight, ours, **options), weights_only=weights_only)
        assert repr(read) == repr(theirs)
        assert read.is_sparse == ours.is_sparse
        if ours.is_sparse:
            assert read.is_coalesced() == ours.is_coalesced()


def test_dense_to_sparse():
    theirs = torch.tensor([[0.0, 2.0], [3.0, 0.0]])
    ours = rushlight.tensor([[0.0, 2.0], [3.0, 0.0]])
    assert repr(ours.to_sparse()) == repr(theirs.to_sparse())
    assert repr(ours.to_sparse(1)) == repr(theirs.to_sparse(1))
    repeated = [[0, 0, 1], [1, 1, 0]], [1.0, 2.0, 3.0], (2, 2)
    coalesced = rushlight.sparse_coo_tensor(*repeated).coalesce()
    assert repr(coalesced) == repr(torch.sparse_coo_tensor(*repeated).coalesce())


MISSING = [
    *("complex32", "uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2"),
    *("float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"),
]


@pytest.mark.parametrize("name", MISSING)
def test_dtypes_that_we_do_not_have(name):
    values = torch.ones(3).to(getattr(torch, name))
    for zipped in (True, False):
        options = {"_use_new_zipfile_serialization": zipped}
        with pytest.raises(UnsupportedFileError, match=f"torch.{name}"):
            rushlight.load(stream(torch, values, **options))
        found = rushlight.load(stream(torch, values, **options), weights_only=False)
        assert type(found) is Record
        assert f"torch.{name}" in repr(found) or found.args[6].name == f"torch.{name}"
        assert found.args[0].nbytes() == 3 * values.element_size()


def test_quantized_tensors():
    values = torch.quantize_per_tensor(torch.ones(3), 0.1, 10, torch.quint8)
    channels = torch.quantize_per_channel(
        torch.ones(2, 2), torch.ones(2), torch.zeros(2), 0, torch.qint8
    )
    for value, dtype in ((values, "quint8"), (channels, "qint8")):
        with pytest.raises(UnsupportedFileError, match=f"torch.{dtype}"):
            rushlight.load(stream(torch, value))
        found = rushlight.load(stream(torch, value), weights_only=False)
        assert found.name == "torch._utils._rebuild_qtensor"
        assert found.args[2] == tuple(value.shape)


def test_nested_tensors():
    nested = torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])
    with pytest.raises(UnsupportedFileError, match="nested"):
        rushlight.load(stream(torch, nested))


def test_meta_tensors_both_ways():
    def make(xp):
        base = xp.empty(3, 2, device="meta", requires_grad=True)
        made = [base, base.detach().t(), xp.nn.Parameter(base.detach())]
        base.detach().note = "lost"
        made[1].note = "kept"
        return made

    for zipped in (True, False):
        options = {"_use_new_zipfile_serialization": zipped}
        ours = rushlight.load(stream(torch, make(torch), **options))
        theirs = torch.load(stream(rushlight, make(rushlight), **options))
        for left, right in zip(ours, theirs, strict=True):
            assert left.device.type == right.device.type == "meta"
            assert tuple(left.shape) == tuple(right.shape)
            assert left.stride() == right.stride()
            assert left.requires_grad == right.requires_grad
            assert type(left).__name__ == type(right).__name__
            assert left.__dict__ == right.__dict__


def test_files_without_checksums_or_data():
    value = {"a": torch.arange(5.0)}
    torch.serialization.set_crc32_options(False)
    try:
        bare = stream(torch, value)
    finally:
        torch.serialization.set_crc32_options(True)
    assert rushlight.load(bare)["a"].tolist() == [0, 1, 2, 3, 4]
    with torch.serialization.skip_data():
        room = stream(torch, value)
    assert rushlight.load(room)["a"].shape == (5,)
    with rushlight.serialization.skip_data():
        room = stream(rushlight, {"a": rushlight.arange(5.0)})
    assert torch.load(room)["a"].shape == (5,)


def test_tensors_of_the_users_own_class(monkeypatch):
    def make(xp):
        kind = type("Tagged", (xp.Tensor,), {"__module__": __name__})
        monkeypatch.setitem(globals(), "Tagged", kind)
        tensor = xp.arange(3.0).as_subclass(kind)
        tensor.note = "kept"
        return kind, stream(xp, [tensor])

    for writer, reader in ((torch, rushlight), (rushlight, torch)):
        _, file = make(writer)
        kind, _ = make(reader)
        found = reader.load(file, weights_only=False)[0]
        assert type(found) is kind
        assert found.tolist() == [0, 1, 2] and found.note == "kept"


def test_functions_that_models_keep():
    def make(xp):
        functional = xp.nn.functional
        return [
            xp.relu,
            functional.gelu,
            functional.logsigmoid,
            functional.softmax,
            xp.einsum,
            xp.Tensor.relu,
            xp.nn.init.xavier_uniform_,
        ]

    for writer, reader in ((torch, rushlight), (rushlight, torch)):
        found = reader.load(stream(writer, make(writer)), weights_only=False)
        assert all(a is b for a, b in zip(found, make(reader), strict=True))
        call = functools.partial(writer.nn.LayerNorm, eps=1e-3)
        found = reader.load(stream(writer, call), weights_only=False)
        assert found.func is reader.nn.LayerNorm and found.keywords == {"eps": 1e-3}


def network(xp):
    return xp.nn.Sequential(
        collections.OrderedDict(
            conv=xp.nn.Conv2d(1, 2, 3, padding="same"),
            norm=xp.nn.BatchNorm2d(2),
            act=xp.nn.GELU(),
            pool=xp.nn.AdaptiveAvgPool2d((2, 2)),
            flat=xp.nn.Flatten(),
            drop=xp.nn.Dropout(0.5),
            blocks=xp.nn.ModuleList([xp.nn.Linear(8, 8), xp.nn.Identity()]),
        )
    )


def forward(xp, model):
    model.eval()
    x = xp.arange(32.0).reshape(2, 1, 4, 4) / 32
    for name, child in model.named_children():
        x = child[0](x) if name == "blocks" else child(x)
    return np.array(x.tolist())


@pytest.mark.parametrize("zipped", [True, False])
def test_whole_models_run_equal(zipped):
    options = {"_use_new_zipfile_serialization": zipped}
    theirs = network(torch)
    theirs.conv.weight.tag = "kept"
    model = rushlight.load(stream(torch, theirs, **options), weights_only=False)
    assert type(model) is rushlight.nn.Sequential
    assert repr(model) == repr(theirs)
    assert model.conv.weight.tag == "kept"
    expected = forward(torch, theirs)
    np.testing.assert_allclose(forward(rushlight, model), expected, atol=1e-6)
    back = torch.load(stream(rushlight, model, **options), weights_only=False)
    np.testing.assert_allclose(forward(torch, back), expected, atol=1e-6)
    with pytest.raises(UnsafeFileError, match="torch.nn.modules.container.Sequential"):
        rushlight.load(stream(torch, theirs, **options))


def test_every_layer_that_both_have():
    arguments = {
        **dict.fromkeys(["Linear", "BatchNorm1d", "Embedding", "LayerNorm"], (3, 2)),
        **dict.fromkeys([f"Conv{n}d" for n in "123"], (3, 4, 2)),
        **dict.fromkeys([f"ConvTranspose{n}d" for n in "123"], (3, 4, 2)),
        "BatchNorm1d": (3,),
        "LayerNorm": (3,),
        "GroupNorm": (1, 3),
        "Bilinear": (3, 3, 2),
        "Threshold": (0.1, 1.0),
        "Unflatten": (1, (1, 3)),
    }
    checked = 0
    for name in dir(torch.nn):
        kind = getattr(torch.nn, name)
        is_layer = isinstance(kind, type) and issubclass(kind, torch.nn.Module)
        if not is_layer or not hasattr(rushlight.nn, name) or "Lazy" in name:
            continue
        for args in (arguments.get(name, ()), (2,), (1, 3)):
            try:
                theirs = kind(*args)
                break
            except (TypeError, ValueError):
                continue
        else:
            continue
        ours = rushlight.load(stream(torch, theirs), weights_only=False)
        assert repr(ours) == repr(theirs)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        back = torch.load(stream(rushlight, ours), weights_only=False)
        assert set(vars(back)) == set(vars(theirs)), name
        checked += 1
    assert checked > 100


class Net(torch.nn.Module):
    """A user's class under PyTorch."""

    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(2, 2)
        self.activation = torch.nn.functional.gelu
        self.norm_layer = torch.nn.BatchNorm1d
        self.config = {"sizes": (1, 2)}

    def forward(self, x):
        return self.activation(self.fc(x))


class OurNet(rushlight.nn.Module):
    """The same under rushlight."""

    forward = Net.forward


OurNet.__qualname__ = OurNet.__name__ = "Net"


def test_models_of_the_users_own_class(monkeypatch):
    theirs = Net()
    written = stream(torch, theirs)
    monkeypatch.setitem(globals(), "Net", OurNet)
    ours = rushlight.load(written, weights_only=False)
    assert type(ours) is OurNet
    assert ours.norm_layer is rushlight.nn.BatchNorm1d
    x = [[1.0, -2.0]]
    np.testing.assert_allclose(
        ours(rushlight.tensor(x)).tolist(), theirs(torch.tensor(x)).tolist(), atol=1e-6
    )
    monkeypatch.delitem(globals(), "Net")
    written.seek(0)
    record = rushlight.load(written, weights_only=False)
    assert type(record) is Record
    assert record.name.endswith(".Net")
    assert type(record.state["_modules"]["fc"]) is rushlight.nn.Linear


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_whole_optimizers_and_schedulers(name):
    model = torch.nn.Linear(2, 1)
    optimizer = getattr(torch.optim, name)(model.parameters(), lr=0.1)
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    found = rushlight.load(stream(torch, [model, optimizer]), weights_only=False)
    assert type(found[1]) is getattr(rushlight.optim, name)
    assert found[1].param_groups[0]["params"][0] is found[0].weight
    found[0](rushlight.ones(1, 2)).sum().backward()
    found[1].step()
    optimizer.zero_grad()
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    np.testing.assert_allclose(
        found[0].weight.tolist(), model.weight.tolist(), rtol=1e-5
    )
    states = {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    assert rushlight.load(stream(torch, states))["scheduler"] == states["scheduler"]


def test_tar_files_of_the_first_pytorch(tmp_path):
    path = tmp_path / "old.pt"
    path.write_bytes(corpus.corpus()[0].build())
    theirs = torch.load(path, weights_only=False)
    for weights_only in (True, False):
        ours = rushlight.load(path, weights_only=weights_only)
        for key in ("a", "b"):
            same(ours[key], theirs[key])
    assert ours["b"].tolist() == [2, 3, 4, 5]


def old_stream(body, keys, storages):
    """A file of a PyTorch before 0.4, which Python 2 wrote."""
    head = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001)]
    head.append(pickle.dumps({"little_endian": True, "protocol_version": 1001}, 2))
    return io.BytesIO(b"".join(head) + body + pickle.dumps(keys, 2) + storages)


def test_views_of_storages_and_sources_of_modules():
    def text(value):
        return b"U" + bytes([len(value)]) + value

    def view(key, offset, count):
        part = b"(" + text(key) + b"K%cK%ct" % (offset, count)
        place = text(b"storage") + b"ctorch\nFloatStorage\n" + text(b"0") + text(b"cpu")
        storage = b"(" + place + b"K\x06" + part + b"tQ"
        sizes = b"K\x00K%c\x85K\x01\x85" % count
        return b"ctorch._utils\n_rebuild_tensor\n(" + storage + sizes + b"tR"

    module = b"(" + text(b"module") + b"ctorch.nn.modules.linear\nIdentity\nNNtQ)\x81"
    tables = b"".join(text(b"_" + name) + b"}" for name in (b"modules", b"buffers"))
    tables += text(b"_parameters") + b"}"
    state = b"}(" + tables + text(b"training") + b"\x88u"
    body = b"\x80\x02(" + view(b"a", 1, 3) + view(b"b", 2, 2) + module + state + b"bl."
    data = np.array([6], "<i8").tobytes() + np.arange(6, dtype="<f4").tobytes()
    theirs = torch.load(old_stream(body, ["0"], data), weights_only=False)
    ours = rushlight.load(old_stream(body, ["0"], data), weights_only=False)
    assert ours[0].tolist() == theirs[0].tolist() == [1, 2, 3]
    assert ours[1].tolist() == theirs[1].tolist() == [2, 3]
    for first, second, _ in (theirs, ours):
        first[1] = 9
        assert second.tolist() == [9, 3]
    assert type(ours[2]) is rushlight.nn.Identity
    assert type(theirs[2]) is torch.nn.Identity


def test_tensors_with_a_state():
    body = b"\x80\x02ctorch\nFloatTensor\n)Rq\x01("
    body += b"(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x03NtQ"
    body += b"K\x01K\x02\x85K\x01\x85tbh\x01\x86."
    data = np.array([3], "<i8").tobytes() + np.arange(3, dtype="<f4").tobytes()
    for weights_only in (True, False):
        ours = rushlight.load(old_stream(body, ["0"], data), weights_only=weights_only)
        assert ours[0] is ours[1]
        assert ours[0].tolist() == [1, 2]


def test_pickles_of_every_protocol(tmp_path):
    value = {"a": [1, 2.5, "x\n'é", True, 10**12, b"y\xff", ("z",), None], "b": {1, 2}}
    value["loop"] = value["a"]
    for protocol in range(6):
        pickled = pickle.dumps(value, protocol)
        data = corpus.Zip((("m/data.pkl", pickled), ("m/version", b"3\n"))).build()
        assert rushlight.load(io.BytesIO(data)) == value
        theirs = torch.load(io.BytesIO(data), weights_only=False)
        assert theirs == value


def test_numpy_values_of_every_protocol():
    values = [np.float64(0.5), np.arange(6).reshape(2, 3), np.ones((2, 3), order="F")]
    values += [np.arange(3.0).astype(">f8"), np.array(True), np.array([], "int8")]
    values += [
        np.array(["ab", "é"]),
        np.array([b"x", b"yz"]),
        np.str_("t"),
        np.bool_(1),
    ]
    for protocol in (2, 3, 4, 5):
        written = stream(torch, values, pickle_protocol=protocol)
        for weights_only in (True, False):
            written.seek(0)
            read = rushlight.load(written, weights_only=weights_only)
            for one, other in zip(read, values, strict=True):
                assert one.dtype == other.dtype.newbyteorder("=")
                assert np.array_equal(one, other)


def test_values_of_the_standard_library():
    zone = datetime.timezone(datetime.timedelta(hours=2), "X")
    values = [datetime.datetime(2024, 1, 2, 3, tzinfo=zone), collections.deque([1], 2)]
    read = rushlight.load(stream(torch, values))
    assert read == values
    assert read[1].maxlen == 2
    assert torch.load(stream(rushlight, values), weights_only=False) == values


@pytest.mark.parametrize("zipped", [True, False])
def test_places(zipped):
    options = {"_use_new_zipfile_serialization": zipped}
    written = stream(torch, torch.ones(2), **options).getvalue()
    seen = {}
    for xp in (torch, rushlight):
        calls = []

        def keep(storage, location, calls=calls):
            calls.append((storage.nbytes(), location))

        for place in (None, "cpu", xp.device("cpu"), {"cpu": "cpu"}, {}, keep):
            read = xp.load(io.BytesIO(written), map_location=place)
            assert read.tolist() == [1, 1]
        seen[xp.__name__] = calls
    assert seen["torch"] == seen["rushlight"]


def test_locations_of_other_machines():
    written = stream(torch, torch.ones(2)).getvalue()
    other = written.replace(b"X\x03\x00\x00\x00cpu", b"X\x03\x00\x00\x00xpu")
    entries = corpus.Zip(
        (
            ("m/data.pkl", pickle_of(other)),
            ("m/data/0", np.ones(2, "f4").tobytes()),
            ("m/version", b"3\n"),
        )
    ).build()
    for xp in (torch, rushlight):
        for place in ("cpu", {"xpu": "cpu"}, lambda storage, location: storage):
            read = xp.load(io.BytesIO(entries), map_location=place)
            assert read.tolist() == [1, 1]
        with pytest.raises(RuntimeError, match="(?i)xpu"):
            xp.load(io.BytesIO(entries))


def pickle_of(data):
    start = data.index(b"\x80\x02c")
    return data[start : data.index(b".PK", start) + 1]


def test_errors_are_of_the_same_types(tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("hello, this is no model")
    good = stream(torch, torch.ones(2)).getvalue()
    (tmp_path / "good").write_bytes(good)
    (tmp_path / "half").write_bytes(good[: len(good) // 2])

    def kinds(xp):
        found = []
        for name in ("missing", "empty", "text", "half", "", "good"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    xp.load(tmp_path / name)
                    found.append(None)
                except Exception as error:
                    found.append(error)
        with open(tmp_path / "good", encoding="latin1") as file:
            with pytest.raises((TypeError, UnicodeError, ValueError, RuntimeError)):
                xp.load(file)
        return found

    for theirs, ours in zip(kinds(torch), kinds(rushlight), strict=True):
        if isinstance(theirs, KeyError):
            # What PyTorch's pickle machine raises on text that is no pickle.
            assert isinstance(ours, UnsafeFileError)
            continue
        assert isinstance(ours, type(theirs)), (theirs, ours)


def test_file_objects_at_an_offset():
    for zipped in (True, False):
        options = {"_use_new_zipfile_serialization": zipped}
        first = stream(torch, torch.ones(2), **options).getvalue()
        second = stream(rushlight, rushlight.zeros(3), **options).getvalue()
        if not zipped:
            both = io.BytesIO(first + second)
            assert rushlight.load(both).tolist() == [1, 1]
            assert rushlight.load(both).tolist() == [0, 0, 0]
        shifted = io.BytesIO(b"header" + second)
        shifted.seek(6)
        assert rushlight.load(shifted).tolist() == [0, 0, 0]
