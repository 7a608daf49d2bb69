"""A save that is interrupted leaves the old file; one that ends leaves the new one."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import stat
import subprocess
import sys
import threading

import pytest

import rushlight
from rushlight.serialization import atomic
from rushlight.serialization.atomic import atomic_write, remove_abandoned
from tests.crash import kill_saves

FULL_DISK = """
import resource, sys, rushlight
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
for size in (400_000, 900_000):
    tensors = {str(i): rushlight.ones(size // 4) for i in range(4)}
    try:
        rushlight.save(tensors, sys.argv[1])
    except OSError as error:
        print(type(error).__name__, error.errno, error.filename)
"""


def test_kill_leaves_a_whole_file(tmp_path):
    report = kill_saves.run(tmp_path, 12, seed=7)
    assert report.kills == 12
    assert report.kept_old + report.became_new == 12


def test_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save("old", path)
    with pytest.raises(TypeError):
        rushlight.save([rushlight.ones(3), sys], path)
    assert rushlight.load(path) == "old"
    assert os.listdir(tmp_path) == ["model.pt"]


def test_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save("old", path)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True
    )
    assert done.stdout.split() == ["OSError", "27", str(path)] * 2, done.stderr
    assert rushlight.load(path) == "old"
    assert os.listdir(tmp_path) == ["model.pt"]


def test_missing_folder(tmp_path):
    with pytest.raises(RuntimeError, match="Parent directory .*absent does not exist."):
        rushlight.save(1, tmp_path / "absent" / "model.pt")


def test_keeps_mode_attributes_and_link(tmp_path):
    path, link = tmp_path / "model.pt", tmp_path / "latest.pt"
    rushlight.save(1, path)
    path.chmod(0o640)
    with contextlib.suppress(OSError):  # not all file systems have them
        os.setxattr(path, "user.note", b"mine")
    attributes = os.listxattr(path)
    if os.geteuid() == 0:
        os.chown(path, 1234, 4321)
    before = path.stat()
    link.symlink_to(path)
    rushlight.save(2, link)
    after = path.stat()
    assert link.is_symlink() and rushlight.load(path) == 2
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert os.listxattr(path) == attributes


def test_new_file_has_the_mode_of_any_new_file(tmp_path):
    rushlight.save(1, tmp_path / "model.pt")
    (tmp_path / "other").touch()
    assert (tmp_path / "model.pt").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anything")
def test_file_that_may_not_be_written(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save(1, path)
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="model.pt"):
        rushlight.save(2, path)


def test_writes_into_what_is_no_file():
    rushlight.save(rushlight.ones(2), os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_longest_name(tmp_path):
    path = tmp_path / ("m" * 252 + ".pt")
    rushlight.save(1, path)
    assert rushlight.load(path) == 1


def test_open_map_survives_the_next_save(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save(rushlight.ones(100_000), path)
    mapped = rushlight.load(path, mmap=True)
    rushlight.save(rushlight.zeros(10), path)
    assert mapped.sum().item() == 100_000
    assert rushlight.load(path).sum().item() == 0


def test_large_old_file_is_freed_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic, "_LARGE", 1000)
    path = tmp_path / "model.pt"
    others = set(threading.enumerate())
    for value in (1, 2):
        rushlight.save(rushlight.full((1000,), value), path)
    for thread in set(threading.enumerate()) - others:
        thread.join(10)
    assert rushlight.load(path)[0].item() == 2
    held = [os.path.realpath(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")]
    assert not [name for name in held if "model.pt" in name]


def slot(path, index):
    return path.with_name(f".{path.name}.{index}.rushlight-save")


def test_next_save_removes_what_a_kill_left(tmp_path):
    path = tmp_path / "model.pt"
    for index in (0, 1, 4):
        slot(path, index).write_bytes(b"half")
    (tmp_path / ".other.pt.0.rushlight-save").touch()
    rushlight.save(1, path)
    assert sorted(os.listdir(tmp_path)) == [".other.pt.0.rushlight-save", "model.pt"]
    remove_abandoned(str(tmp_path))
    assert os.listdir(tmp_path) == ["model.pt"]


def test_files_of_living_writers_stay(tmp_path):
    path = tmp_path / "model.pt"
    with atomic_write(path) as first:
        first.write(b"first")
        with atomic_write(path) as second:
            second.write(b"second")
            remove_abandoned(str(tmp_path))
            assert slot(path, 0).exists() and slot(path, 1).exists()
        assert path.read_bytes() == b"second"
        assert slot(path, 0).exists()
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["model.pt"]


def test_links_and_folders_of_such_names_stay(tmp_path):
    path = tmp_path / "model.pt"
    (tmp_path / "precious").write_bytes(b"precious")
    slot(path, 0).symlink_to(tmp_path / "precious")
    slot(path, 1).mkdir()
    rushlight.save(1, path)
    assert rushlight.load(path) == 1
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert slot(path, 0).is_symlink() and slot(path, 1).is_dir()


@pytest.mark.parametrize("locked_only", [False, True])
def test_file_taken_for_abandoned_is_made_again(tmp_path, monkeypatch, locked_only):
    path = tmp_path / "model.pt"
    stolen = []

    def flock(number, operation):
        if not stolen:
            stolen.append(slot(path, 0))
            if locked_only:
                raise BlockingIOError
            slot(path, 0).unlink()
        return locked(number, operation)

    locked = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", flock)
    rushlight.save(3, path)
    assert stolen and rushlight.load(path) == 3
    assert os.listdir(tmp_path) == ["model.pt"]


def test_threads_saving_one_target(tmp_path):
    path = tmp_path / "model.pt"

    def work(value):
        for _ in range(10):
            rushlight.save(rushlight.full((50,), value), path)

    threads = [threading.Thread(target=work, args=(value,)) for value in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(rushlight.load(path).tolist())) == 1
    assert os.listdir(tmp_path) == ["model.pt"]


def test_pipe_gets_a_whole_file():
    read, write = os.pipe()
    tensors = {"a": rushlight.arange(300_000), "b": rushlight.ones(2, 3)}
    got = []

    def collect():
        with open(read, "rb") as file:
            got.append(file.read())

    reader = threading.Thread(target=collect)
    reader.start()
    with open(write, "wb") as file:
        rushlight.save(tensors, file)
    reader.join()
    loaded = rushlight.load(io.BytesIO(got[0]))
    assert rushlight.equal(loaded["a"], tensors["a"]) and loaded["b"].shape == (2, 3)
