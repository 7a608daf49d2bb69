"""A save that is interrupted leaves the old file; one that ends leaves the new one."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time

import pytest

import rushlight

SAVE_FOR_EVER = """
import sys, rushlight
tensor = rushlight.ones(300_000)
while True:
    rushlight.save({"a": tensor, "b": tensor + 1}, sys.argv[1])
    print("saved", flush=True)
"""


def test_kill_leaves_a_whole_file(tmp_path):
    path = tmp_path / "model.pt"
    for delay in (0.0, 0.011, 0.023):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVE_FOR_EVER, path], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"saved\n"
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert rushlight.load(path)["b"].sum().item() == 600_000


def test_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save("old", path)
    with pytest.raises(TypeError):
        rushlight.save([rushlight.ones(3), sys], path)
    assert rushlight.load(path) == "old"
    assert os.listdir(tmp_path) == ["model.pt"]


def test_missing_folder(tmp_path):
    with pytest.raises(RuntimeError, match="Parent directory .*absent does not exist."):
        rushlight.save(1, tmp_path / "absent" / "model.pt")


def test_keeps_mode_and_link(tmp_path):
    path, link = tmp_path / "model.pt", tmp_path / "latest.pt"
    rushlight.save(1, path)
    path.chmod(0o640)
    link.symlink_to(path)
    rushlight.save(2, link)
    assert link.is_symlink()
    assert rushlight.load(path) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_writes_into_what_is_no_file():
    rushlight.save(rushlight.ones(2), os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
