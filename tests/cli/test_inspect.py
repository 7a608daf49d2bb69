"""`rushlight inspect`: what it shows, what it finds suspicious, and that it runs nothing."""

from __future__ import annotations

import functools
import io
import json
import os
import pathlib
import pickle
import pickletools
import random
import struct
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest

import rushlight
from rushlight import cli, nn
from rushlight.safetensors import save, save_file
from rushlight.serialization.inspection import inspect_file, render
from rushlight.serialization.inspection.report import plain, size_text

FILES = pathlib.Path(__file__).parent.parent / "fixtures" / "model_files"


class Attack:
    """Pickles as a call of any function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def texts(report, suspicious=True):
    return "\n".join(f.text for f in report.findings if f.suspicious is suspicious)


def archive(path, records, source=None, compress=()):
    """A torch archive of the given records, the others taken from `source`."""
    base = {}
    if source is not None:
        file = io.BytesIO()
        rushlight.save(source, file)
        with zipfile.ZipFile(file) as old:
            base = {i.filename.partition("/")[2]: old.read(i) for i in old.infolist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, data in {**base, **records}.items():
            kind = zipfile.ZIP_DEFLATED if name in compress else zipfile.ZIP_STORED
            new.writestr(f"archive/{name}", data, kind)
    return path


def test_a_state_dict(tmp_path, capsys):
    path = tmp_path / "model.pt"
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    rushlight.save({"model": model.state_dict(), "epoch": 3, "note": "é\x1b[31m"}, path)
    assert cli.main(["inspect", str(path), "--width", "80"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0] == "model.pt" and max(map(len, lines)) <= 80
    assert "  model" in lines and "    0" in lines
    row = next(line for line in lines if "weight" in line)
    assert row.split() == ["weight", "float32", "[4,", "3]", "48", "B"]
    assert "num_batches_tracked" in out and "int64" in out
    assert "\x1b" not in out and "'é\\x1b[31m'" in out
    assert "7 tensors, 33 values, 136 B in 7 storages, 0 of them shared" in out
    assert out.endswith("\nnothing suspicious found\n")


@pytest.mark.parametrize("name", ["contents", "legacy", "protocol4", "training"])
def test_shapes_are_those_that_load_gives(name):
    report = inspect_file(FILES / f"{name}.pt", values=True)
    assert not report.suspicious, texts(report)
    loaded = rushlight.load(FILES / f"{name}.pt")
    found = {line.path: line for line in report.tensors}

    def compare(value, path):
        if isinstance(value, rushlight.Tensor):
            line = found.pop(path)
            assert line.shape == tuple(value.shape)
            assert f"torch.{line.dtype}" == str(value.dtype)
            assert (
                line.stride == value.stride() and line.offset == value.storage_offset()
            )
        elif isinstance(value, dict):
            for key, item in value.items():
                compare(item, (*path, str(key)))
        elif isinstance(value, (list, tuple)):
            for at, item in enumerate(value):
                compare(item, (*path, str(at)))

    compare(loaded, ())
    assert found == {}


def test_shared_storages_views_and_values(tmp_path):
    base = rushlight.arange(6.0).reshape(2, 3)
    base[0, 1], base[1, 2] = float("nan"), float("-inf")
    path = tmp_path / "m.pt"
    rushlight.save(
        {"a": base, "b": base.t(), "c": base[1], "d": base[0, 0].expand(1000)}, path
    )
    report = inspect_file(path, values=True)
    counts = {line.name: (line.nan, line.inf) for line in report.tensors}
    assert counts == {"a": (1, 1), "b": (1, 1), "c": (0, 1), "d": (0, 0)}
    assert [s.names for s in report.storages.values()] == [["a", "b", "c", "d"]]
    shown = render(report)
    assert "shares its storage with a, c and 1 more; strides [1, 3]" in shown
    assert "from element 3" in shown and "a has 1 NaN and 1 infinite values" in shown
    assert inspect_file(path).tensors[0].nan is None
    assert not report.suspicious


def test_whole_models_are_a_note():
    report = inspect_file(FILES / "module.pt")
    assert not report.suspicious
    assert "torch.nn.modules.linear.Linear, not only tensors" in texts(report, False)
    assert [line.name for line in report.tensors] == ["weight", "bias"]
    report = inspect_file(FILES / "unknown.pt")
    assert "class __main__.Unknown, whose code pickle would" in texts(report, False)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("function", "args", "words"),
    [
        (os.system, ("echo pwned > proof",), "runs a shell command"),
        (eval, ("open('proof', 'w')",), "runs Python code"),
        (exec, ("open('proof', 'w')",), "runs Python code"),
        (__import__, ("os",), "imports any module"),
        (getattr, (str, "join"), "reaches and calls any attribute"),
        (subprocess.Popen, (["touch", "proof"],), "starts other programs"),
        (open, ("proof", "w"), "opens or changes files"),
        (pickle.loads, (b"N.",), "runs another pickle"),
        (json.loads, ("[]",), "which load does not know"),
    ],
)
def test_attacks_are_named_and_not_run(
    function, args, words, protocol, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    attack = Attack(function, *args)
    pickled = pickle.dumps({"w": [attack]}, protocol)
    pathlib.Path("bare.bin").write_bytes(pickled)
    archive("zip.pt", {"data.pkl": pickled}, {"w": 1})
    legacy = io.BytesIO()
    rushlight.save({"w": 1}, legacy, _use_new_zipfile_serialization=False)
    whole = legacy.getvalue()
    with tarfile.open("tar.pth", "w") as tar:
        info = tarfile.TarInfo("pickle")
        info.size = len(pickled)
        tar.addfile(info, io.BytesIO(pickled))
    # The fourth of five pickles in a row is the object.
    stream, at = io.BytesIO(whole), 0
    for _ in range(3):
        list(pickletools.genops(stream))
        at = stream.tell()
    pathlib.Path("legacy.pt").write_bytes(whole[:at] + pickled + pickle.dumps([], 2))
    for name in ("bare.bin", "zip.pt", "legacy.pt", "tar.pth"):
        report = inspect_file(name)
        assert words in texts(report), name
        assert "pickle would call" in texts(report), name
        assert cli.main(["inspect", name]) == 1
    assert not os.path.exists("proof")


def test_pickles_that_end_in_the_middle_still_tell_their_names(tmp_path):
    (tmp_path / "x.pt").write_bytes(b"\x80\x02cos\nsystem\nX\x01\0\0\0a\x85R")
    report = inspect_file(tmp_path / "x.pt")
    assert "names os.system, which runs a shell command" in texts(report)


def with_bytes(path, change):
    path.write_bytes(change(path.read_bytes()))


def test_odd_archives(tmp_path):
    path, source = tmp_path / "m.pt", {"w": rushlight.ones(3)}
    cases = {
        "would be unpacked outside": {"../../x": b""},
        "has the record x, which PyTorch does not write": {"x": b""},
        "1 storages with 3 bytes are used by nothing": {"data/9": b"abc"},
        "claims 12 bytes; its record has 4": {"data/0": b"abcd"},
        "unknown byte order middle": {"byteorder": b"middle"},
        "cannot be followed to its end": {"data.pkl": b"\x80\x02]q"},
        "5 bytes stand after the pickle's end": {"data.pkl": b"N.12345"},
    }
    for text, records in cases.items():
        archive(path, records, source)
        assert text in texts(inspect_file(path)), text
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("two/version", b"3")
    assert "more than one folder: archive, two" in texts(inspect_file(path))
    archive(path, {}, source, compress=["data.pkl"])
    assert "data.pkl is compressed" in texts(inspect_file(path))
    archive(path, {"data/1": bytes(10**6)}, source, compress=["data/1"])
    assert "a decompression bomb?" in texts(inspect_file(path))
    archive(path, {}, source)
    assert not inspect_file(path).suspicious
    with_bytes(path, lambda data: data + b"more")
    assert "4 bytes stand after the archive" in texts(inspect_file(path))
    archive(path, {}, source)
    with_bytes(path, lambda data: data.replace(struct.pack("<f", 1), b"\0\0\0\1", 1))
    assert "data/0 is damaged" in texts(inspect_file(path))
    archive(path, {}, source)
    with_bytes(path, lambda data: data[: len(data) // 2])
    assert "without a readable directory" in texts(inspect_file(path))


def test_a_record_that_claims_more_than_the_file(tmp_path):
    path = archive(tmp_path / "m.pt", {}, {"w": rushlight.ones(3)})
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\1\2", 0, data.rfind(b"archive/data/0"))
    data[at + 20 : at + 28] = struct.pack("<2L", 2**30, 2**30)
    path.write_bytes(data)
    assert "claims 1,073,741,824 bytes of the file" in texts(
        inspect_file(path, values=True)
    )


def test_claims_beyond_a_storage(tmp_path):
    path = tmp_path / "m.pt"
    rushlight.save({"w": rushlight.ones(3)}, path)
    with zipfile.ZipFile(path) as file:
        pickled = file.read("m/data.pkl")
    wrong = pickled.replace(b"K\x03\x85", b"M\xe8\x03\x85", 1)
    assert wrong != pickled
    archive(path, {"data.pkl": wrong}, {"w": rushlight.ones(3)})
    assert "w of shape [1000] reaches byte 4,000; its storage has 12" in texts(
        inspect_file(path, values=True)
    )


def test_numbers_without_bound(tmp_path):
    path = tmp_path / "m.pt"
    huge = b"\x8b" + struct.pack("<i", 100_000) + b"\x7f" * 100_000
    archive(path, {"data.pkl": b"\x80\x02}(K\x01" + huge + huge + b"K\x02u."}, {})
    shown = render(inspect_file(path))
    assert shown.count("an integer of 799,999 bits") == 2
    rushlight.save({"w": rushlight.ones(3)}, path)
    with zipfile.ZipFile(path) as file:
        pickled = file.read("m/data.pkl")
    for at, text in (
        (1, "wrong key or size"),
        (2, "impossible sizes"),
        (3, "impossible sizes"),
    ):
        parts = (
            pickled.split(b"K\x03", 1) if at == 1 else pickled.split(b"K\x03\x85", 1)
        )
        wrong = [b"K\x03", huge + b"\x85", b"(" + huge * 3 + b"t"][at - 1]
        wrong = huge if at == 1 else wrong
        archive(
            path, {"data.pkl": parts[0] + wrong + parts[1]}, {"w": rushlight.ones(3)}
        )
        report = inspect_file(path, values=True)
        assert text in texts(report), at
        render(report)
        json.dumps(report.as_dict())


def test_content_hash(tmp_path):
    path, source = tmp_path / "m.pt", {"w": rushlight.ones(3)}
    rushlight.save(source, path)
    assert inspect_file(path).facts["content hash"] == "matches"
    archive(path, {"data/0": bytes(12)}, source)
    report = inspect_file(path)
    assert report.facts["content hash"] == "does not match"
    assert "not the one that the content hash covers" in texts(report)
    assert inspect_file(FILES / "module.pt").facts["content hash"] == "none"


def test_deep_cyclic_and_repeated_objects(tmp_path):
    path = tmp_path / "m.pt"
    deep = b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b"."
    archive(path, {"data.pkl": deep}, {})
    assert "nested deeper than 60 levels" in texts(inspect_file(path))
    archive(path, {"data.pkl": b"\x80\x02]q\0h\0a."}, {})
    assert "the same object as the whole" in render(inspect_file(path))
    bomb = b"\x80\x02]q\0" + b"".join(
        b"](" + b"h%c" % i * 20 + b"eq%c" % (i + 1) for i in range(30)
    )
    archive(path, {"data.pkl": bomb + b"."}, {})
    assert len(render(inspect_file(path))) < 50_000


def old_tar(path, **changes):
    """A file of PyTorch 0.1: one storage of six floats, a tensor of it in a dict."""

    kind = b"ctorch\nFloatStorage\n"
    members = {
        "sys_info": pickle.dumps({"little_endian": True}, 2),
        "storages": b"\x80\x02K\x01." + b"\x80\x02(K\x07X\x03\0\0\0cpu" + kind + b"t."
        + struct.pack("<q6f", 6, *range(6)) + b"\x80\x02].",
        "tensors": b"\x80\x02K\x01." + b"\x80\x02(K\x08K\x07ctorch\nFloatTensor\nt."
        + struct.pack("<i4x5q", 2, 2, 3, 3, 1, 0),
        "pickle": b"\x80\x02}X\x01\0\0\0wX\x01\0\0\x008Qs.",
        **changes,
    }  # fmt: skip
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return inspect_file(path)


def test_tar_archives(tmp_path):
    report = old_tar(tmp_path / "m.pth.tar")
    assert not report.suspicious, texts(report)
    (line,) = report.tensors
    assert (line.name, line.dtype, line.shape) == ("w", "float32", (2, 3))
    loaded = rushlight.load(tmp_path / "m.pth.tar")
    assert loaded["w"].tolist() == [[0, 1, 2], [3, 4, 5]]
    late = b"\x80\x02K\x02." + b"\x80\x02(K\x07X\x03\0\0\0cpuctorch\nFloatStorage\nt."
    late += struct.pack("<q6f", 6, *range(6)) + b"cos\nsystem\n(U\x02idtR."
    for change, text in (
        ({"storages": late}, "names os.system, which runs a shell command"),
        ({"evil": b""}, "has the member evil, which PyTorch did not write"),
        ({"../x": b""}, "would be unpacked outside of its folder"),
        ({"tensors": b"K\x05."}, "the member tensors is damaged"),
        ({"pickle": b"K\x09Q."}, "refers to 9, which is not in the file"),
    ):
        assert text in texts(old_tar(tmp_path / "x", **change)), text


def test_safetensors(tmp_path, capsys):
    path = tmp_path / "m.safetensors"
    weight = rushlight.tensor([1.0, float("nan")])
    save_file({"net.0.weight": weight}, path, {"format": "pt"})
    assert cli.main(["inspect", "--values", str(path)]) == 0
    out = capsys.readouterr().out
    assert "format: safetensors" in out and "1 NaN" in out and "'pt'" in out
    with_bytes(path, lambda data: data[:-1])
    assert "need 8 bytes after the header; the file has 7" in texts(inspect_file(path))
    path.write_bytes(save({}).replace(b"{}  ", b'{"a"'))
    assert "no valid JSON" in texts(inspect_file(path))


def test_numpy_files(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.ones((2, 3)), b=np.array([1, np.inf]))
    report = inspect_file(tmp_path / "a.npz", values=True)
    assert not report.suspicious
    assert [(t.name, t.shape, t.inf) for t in report.tensors] == [
        ("a", (2, 3), 0),
        ("b", (2,), 1),
    ]
    np.save(tmp_path / "b.npy", np.asfortranarray(np.ones((2, 3), np.int16)))
    report = inspect_file(tmp_path / "b.npy")
    assert report.tensors[0].kind == "array in Fortran order" and not report.suspicious
    objects = np.array([Attack(os.system, "true"), 1], dtype=object)
    np.savez(tmp_path / "c.npz", c=objects)
    assert "c is an array of Python objects" in texts(inspect_file(tmp_path / "c.npz"))
    assert "runs a shell command" in texts(inspect_file(tmp_path / "c.npz"))
    with_bytes(tmp_path / "b.npy", lambda data: data[:-3])
    assert "needs 12 bytes; there are 9" in texts(inspect_file(tmp_path / "b.npy"))
    with_bytes(tmp_path / "b.npy", lambda data: data.replace(b"(2, 3)", b"(__, )"))
    assert "no valid NumPy header" in texts(inspect_file(tmp_path / "b.npy"))


def test_files_of_other_kinds(tmp_path):
    for data, text in {
        b"": "is empty",
        b"hello, world": "is no model file",
        b"PK\3\4": "without a readable directory",
    }.items():
        (tmp_path / "x").write_bytes(data)
        assert text in texts(inspect_file(tmp_path / "x"))


def test_command_line(tmp_path, capsys):
    assert cli.main(["inspect", str(tmp_path / "none")]) == 2
    assert "none: No such file" in capsys.readouterr().err
    assert cli.main(["inspect", "--json", str(FILES / "module.pt")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["tensors"][0]["name"] == "weight" and found["suspicious"] is False
    assert cli.main(["inspect", "--json", *map(str, FILES.glob("*.pt"))]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 6
    assert cli.main([]) == 2
    assert "inspect" in capsys.readouterr().out
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"rushlight {rushlight.__version__}\n"


def test_python_dash_m(tmp_path):
    root = pathlib.Path(rushlight.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-m", "rushlight", "inspect", str(FILES / "training.pt")],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "exp_avg_sq" in done.stdout


def test_output_that_nobody_reads_to_its_end():
    root = pathlib.Path(rushlight.__file__).parent.parent
    files = [str(FILES / "training.pt")] * 60  # more than a pipe holds
    process = subprocess.Popen(
        [sys.executable, "-m", "rushlight", "inspect", *files],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141


def test_text_of_names_and_sizes():
    assert plain("a\x1b]0;b\u202e") == "a\\x1b]0;b\\u202e"
    assert len(plain("x" * 10**6)) == 60 and plain("ab" * 40).count("…") == 1
    assert [size_text(n) for n in (-5, 0, 999, 1000, 1 << 20, 10**9, 1 << 70)] == [
        "?", "0 B", "999 B", "1.0 KB", "1.0 MB", "954 MB", "1024 EB"
    ]  # fmt: skip


def damaged(data, generator):
    found = bytearray(data)
    for _ in range(generator.randint(1, 6)):
        at = generator.randrange(len(found) + 1)
        kind = generator.randrange(4)
        if kind == 0 and at < len(found):
            found[at] = generator.randrange(256)
        elif kind == 1:
            del found[at : at + generator.randrange(1, 40)]
        elif kind == 2:
            found[at:at] = generator.randbytes(generator.randrange(1, 9))
        elif at < len(found):
            other = generator.randrange(len(found))
            found[at : at + 8] = found[other : other + 8]
        if not found:
            break
    return bytes(found)


COUNT = int(os.environ.get("RUSHLIGHT_FUZZ_INSPECT", "300"))


def test_damaged_files_are_described(tmp_path):
    """Any bytes give a report; RUSHLIGHT_FUZZ_INSPECT sets how many files."""
    generator = random.Random(5)
    sources = [path.read_bytes() for path in sorted(FILES.glob("*.pt"))]
    sources.append(save({"a.b": rushlight.ones(3), "c": rushlight.zeros(2, 2)}))
    file = io.BytesIO()
    np.savez_compressed(file, a=np.ones(4), b=np.array([{}], dtype=object))
    sources.append(file.getvalue())
    sources.append(pickle.dumps(Attack(os.system, "touch proof"), 0))
    path = tmp_path / "m"
    old_tar(path)
    sources.append(path.read_bytes())
    for _ in range(COUNT):
        path.write_bytes(damaged(generator.choice(sources), generator))
        report = inspect_file(path, values=True)
        assert max(map(len, render(report).splitlines())) <= 80
        json.dumps(report.as_dict())


class Keeper(rushlight.nn.Module):
    """A model that keeps functions as attributes."""

    def __init__(self):
        super().__init__()
        self.act = rushlight.tanh
        self.norm = functools.partial(rushlight.nn.LayerNorm, eps=1e-6)
        self.other = functools.partial(rushlight.relu)


def test_functions_of_whole_models_are_a_note(tmp_path):
    path = tmp_path / "keeper.pt"
    rushlight.save(Keeper(), path, _use_new_zipfile_serialization=False)
    report = inspect_file(path)
    assert not report.suspicious
    assert any("keeps functions" in finding.text for finding in report.findings)
    other = path.read_bytes().replace(b"tanh", b"_ops")
    path.write_bytes(other)
    assert "names builtins.getattr" in texts(inspect_file(path))


def test_meta_tensors_and_missing_checksums(tmp_path):
    path = tmp_path / "bare.pt"
    rushlight.serialization.set_crc32_options(False)
    try:
        rushlight.save({"w": rushlight.empty(2, 3, device="meta")}, path)
    finally:
        rushlight.serialization.set_crc32_options(True)
    report = inspect_file(path)
    assert not report.suspicious
    assert report.facts["checksums"] == "0 of 3 records match, 3 have none"
    assert "float32 [2, 3] on meta" in render(report)
