"""Checkpoint: what it holds, how files take turns, what it says when something is off."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rushlight as torch
from rushlight import nn
from rushlight.serialization import UnsafeFileError
from rushlight.training import Checkpoint


class Loop:
    """A small training run with everything that has a state."""

    def __init__(self, folder: Path, seed: int = 0, **options: Any) -> None:
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        self.model = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1)
        )
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.1, amsgrad=True)
        scheduler = torch.optim.lr_scheduler
        self.scheduler = scheduler.SequentialLR(
            self.optimizer,
            [
                scheduler.LinearLR(self.optimizer, total_iters=3),
                scheduler.CosineAnnealingLR(self.optimizer, T_max=9),
            ],
            milestones=[4],
        )
        self.noise = torch.Generator().manual_seed(seed)
        self.checkpoint = Checkpoint(
            folder,
            model=self.model,
            optimizer=self.optimizer,
            scheduler=self.scheduler,
            noise=self.noise,
            step=0,
            losses=[],
            **options,
        )

    def run(self, steps: int) -> None:
        for _ in range(steps):
            # An odd count of normal numbers leaves one in the stream's cache.
            x = torch.randn(5, 4) + torch.randn(5, 4, generator=self.noise)
            x += random.gauss(0, 1) + np.random.standard_normal()
            torch.randn(1)
            loss = self.model(x).pow(2).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.scheduler.step()
            self.checkpoint.step += 1
            self.checkpoint.losses.append(loss.item())

    def bits(self) -> list[Any]:
        tensors = [*self.model.state_dict().values()]
        for state in self.optimizer.state_dict()["state"].values():
            tensors += state.values()
        values = [self.scheduler.get_last_lr(), self.checkpoint.losses]
        streams = [torch.rand(3), random.random(), float(np.random.standard_normal())]
        return [*map(plain, [*tensors, *streams]), *values]


def plain(value: Any) -> Any:
    return value.numpy().tobytes() if isinstance(value, torch.Tensor) else value


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(autouse=True)
def streams() -> Iterator[None]:
    saved = random.getstate(), np.random.get_state(), torch.get_rng_state()
    yield
    random.setstate(saved[0])
    np.random.set_state(saved[1])
    torch.set_rng_state(saved[2])


def test_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    whole = Loop(tmp_path / "a")
    whole.run(11)
    expected = whole.bits()
    first = Loop(tmp_path / "b")
    first.run(6)
    first.checkpoint.save()
    first.run(2)  # lost
    second = Loop(tmp_path / "b", seed=1)
    assert second.checkpoint.resume()
    assert second.checkpoint.step == 6
    second.run(5)
    assert second.bits() == expected


def test_fresh_start(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "none", epoch=0)
    assert not checkpoint.resume()
    assert checkpoint.files() == []
    assert not (tmp_path / "none").exists()


def test_values_are_attributes(tmp_path: Path) -> None:
    model = nn.Linear(1, 1)
    checkpoint = Checkpoint(tmp_path, model=model, epoch=0, best=0.0)
    checkpoint.epoch += 2
    assert checkpoint.epoch == 2
    assert checkpoint.model is model
    assert repr(checkpoint) == (
        f"Checkpoint({str(tmp_path)!r}, model=Linear, epoch=2, best=0.0)"
    )
    with pytest.raises(AttributeError, match=r"no part 'epocj', only \['model', 'ep"):
        checkpoint.epocj = 3
    with pytest.raises(AttributeError, match="no part 'bets'"):
        checkpoint.bets


def test_keeps_the_newest(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, keep=3, epoch=0)
    for epoch in range(5):
        checkpoint.epoch = epoch
        assert checkpoint.save() == tmp_path / f"checkpoint-{epoch + 1:06d}.pt"
    assert [path.name for path in checkpoint.files()] == names(tmp_path)
    assert names(tmp_path) == [f"checkpoint-00000{n}.pt" for n in (3, 4, 5)]
    # A later process counts on.
    again = Checkpoint(tmp_path, keep=2, epoch=0)
    again.resume()
    assert again.epoch == 4
    again.save()
    assert names(tmp_path) == [f"checkpoint-00000{n}.pt" for n in (5, 6)]


def test_files_of_another_run_are_older(tmp_path: Path) -> None:
    old = Checkpoint(tmp_path, epoch=7)
    old.save()
    old.save()
    new = Checkpoint(tmp_path, epoch=0)
    assert new.save().name == "checkpoint-000003.pt"
    resumed = Checkpoint(tmp_path, epoch=1)
    resumed.resume()
    assert resumed.epoch == 0


@pytest.mark.parametrize("linked", [True, False])
def test_best(tmp_path: Path, linked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise OSError("no hard links here")

    if not linked:
        monkeypatch.setattr(os, "link", refused)
    checkpoint = Checkpoint(tmp_path, keep=1, accuracy=0.0)
    for accuracy in (0.5, 0.9, 0.7):
        checkpoint.accuracy = accuracy
        checkpoint.save(best=accuracy != 0.7)
    assert names(tmp_path) == ["best.pt", "checkpoint-000003.pt"]
    checkpoint.resume()
    assert checkpoint.accuracy == 0.7
    checkpoint.load(tmp_path / "best.pt")
    assert checkpoint.accuracy == 0.9
    assert torch.load(tmp_path / "best.pt")["accuracy"] == 0.9
    assert checkpoint.save().name == "checkpoint-000004.pt"


def test_the_best_file_stays_when_its_number_goes_or_is_replaced(
    tmp_path: Path,
) -> None:
    checkpoint = Checkpoint(tmp_path, keep=1, epoch=1)
    checkpoint.save(best=True)
    checkpoint.epoch = 2
    checkpoint.save()
    assert torch.load(tmp_path / "best.pt")["epoch"] == 1


def test_damaged_newest_file(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, keep=3, epoch=0)
    for epoch in range(3):
        checkpoint.epoch = epoch
        checkpoint.save()
    files = checkpoint.files()
    damage(files[-1])
    files[-2].write_bytes(b"")
    resumed = Checkpoint(tmp_path, keep=3, epoch=9)
    with pytest.warns(UserWarning) as caught:
        assert resumed.resume()
    (warning,) = caught
    assert warning.filename == __file__
    text = str(warning.message)
    assert f"{files[-1]} is damaged: " in text and "checksum" in text.lower()
    assert f"{files[-2]} is damaged: " in text
    assert text.endswith(f"resuming from {files[0]}")
    assert resumed.epoch == 0
    # What follows takes the place of the damaged files.
    assert resumed.save() == files[-2]
    assert resumed.save() == files[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Checkpoint(tmp_path, epoch=1).resume()


def test_no_whole_file(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, epoch=0)
    damage(checkpoint.save())
    with pytest.raises(UnsafeFileError, match="no whole file; .*000001.pt is damaged"):
        Checkpoint(tmp_path, epoch=0).resume()


def test_leftovers_of_a_killed_save_go(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, epoch=0)
    (tmp_path / ".checkpoint-000001.pt.3.rushlight-save").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    assert not checkpoint.resume()
    checkpoint.save()
    assert names(tmp_path) == ["checkpoint-000001.pt", "notes.txt"]


CASES: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"model": nn.Linear(3, 1)}, RuntimeError, "part 'model' (Linear) does not fit"),
    ({"model": nn.Linear(2, 1), "epoch": 0}, ValueError, "missing in the file []"),
    ({"epoch": 1}, ValueError, "missing in the file ['epoch']"),
    ({"model": None}, ValueError, "'model' is the state of an object in"),
]


@pytest.mark.parametrize(("parts", "kind", "text"), CASES)
def test_parts_that_do_not_fit(
    tmp_path: Path, parts: dict[str, Any], kind: type[Exception], text: str
) -> None:
    saved: dict[str, Any] = {"model": nn.Linear(2, 1)}
    Checkpoint(tmp_path, **saved).save()
    with pytest.raises(kind) as caught:
        Checkpoint(tmp_path, **parts).resume()
    if "[]" in text:
        text = "missing in the file ['epoch'], only in the file []"
    assert text in str(caught.value)
    assert "checkpoint-000001.pt" in str(caught.value)


def test_shape_mismatch_tells_both_shapes(tmp_path: Path) -> None:
    Checkpoint(tmp_path, model=nn.Linear(2, 1)).save()
    with pytest.raises(RuntimeError, match=r"size mismatch for weight"):
        Checkpoint(tmp_path, model=nn.Linear(3, 1)).resume()


def test_a_file_of_something_else(tmp_path: Path) -> None:
    torch.save({"model": {}}, tmp_path / "checkpoint-000001.pt")
    with pytest.raises(ValueError, match=r"was not written by Checkpoint\.save"):
        Checkpoint(tmp_path, model=nn.Linear(1, 1)).resume()
    with pytest.raises(FileNotFoundError):
        Checkpoint(tmp_path, epoch=0).load(tmp_path / "none.pt")


@pytest.mark.parametrize(
    ("make", "kind", "text"),
    [
        (lambda f: Checkpoint(f, keep=0), ValueError, "keep must be at least 1"),
        (lambda f: Checkpoint(f, save=1), ValueError, "cannot be called 'save'"),
        (lambda f: Checkpoint(f, folder=1), ValueError, "cannot be called 'folder'"),
        (lambda f: Checkpoint(f, random=1), ValueError, "'random' is its own"),
        (lambda f: Checkpoint(f, task=object()), TypeError, "task is of class object"),
        (
            lambda f: Checkpoint(f, logs={"a": [1, Path(".")]}),
            TypeError,
            "logs['a'][1] is of class PosixPath",
        ),
    ],
)
def test_wrong_arguments(
    tmp_path: Path, make: Callable[[Path], Any], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind) as caught:
        make(tmp_path)
    assert text in str(caught.value)


def test_a_state_that_is_not_plain_is_not_written(tmp_path: Path) -> None:
    class Odd:
        def state_dict(self) -> dict[str, Any]:
            return {"path": Path(".")}

        def load_state_dict(self, state: dict[str, Any]) -> None: ...

    checkpoint = Checkpoint(tmp_path, odd=Odd())
    with pytest.raises(TypeError, match=r"odd\['path'\] is of class PosixPath"):
        checkpoint.save()
    assert names(tmp_path) == []


def test_file_without_numpy(tmp_path: Path) -> None:
    """NumPy is neither imported for a checkpoint nor needed in one."""
    program = f"""
    import sys
    from rushlight.training import Checkpoint
    checkpoint = Checkpoint({str(tmp_path)!r}, epoch=3)
    checkpoint.save()
    assert checkpoint.resume()
    assert "numpy" not in sys.modules
    """
    code = textwrap.dedent(program)
    subprocess.run([sys.executable, "-c", code], check=True)
    state = np.random.get_state()[1].tobytes()  # type: ignore[index]
    checkpoint = Checkpoint(tmp_path, epoch=0)
    assert checkpoint.resume() and checkpoint.epoch == 3
    assert np.random.get_state()[1].tobytes() == state  # type: ignore[index]


CALLS = "open fsync replace link unlink chmod mkdir stat".split()


def two_epochs(folder: Path, deadly: int = 0) -> None:
    """A run that kills itself before its system call number `deadly`."""
    made = 0

    def counted(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal made
            made += 1
            if made == deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    checkpoint = Checkpoint(folder, keep=1, epoch=0)
    checkpoint.resume()
    while checkpoint.epoch < 2:
        checkpoint.epoch += 1
        checkpoint.save(best=True)


def in_a_child(function: Callable[..., None], *args: Any) -> int:
    """The exit code of a forked process that calls the function."""
    child = os.fork()
    if child == 0:
        try:
            function(*args)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_kill_before_any_system_call_of_a_save(tmp_path: Path) -> None:
    """At no moment is there less than one whole file, nor a best one that lags."""
    deadly, code = 0, -signal.SIGKILL
    while code != 0:
        deadly += 1
        folder = tmp_path / str(deadly)
        code = in_a_child(two_epochs, folder, deadly)
        assert code in (0, -signal.SIGKILL)
        checkpoint = Checkpoint(folder, keep=1, epoch=0)
        if checkpoint.resume():
            assert torch.load(folder / "best.pt")["epoch"] >= checkpoint.epoch
        # The run goes on where it was, and leaves the same files.
        assert in_a_child(two_epochs, folder) == 0
        # Only the deletion of the file before may be missing: no save came after.
        left = {*names(folder)} - {"checkpoint-000001.pt"}
        assert left == {"best.pt", "checkpoint-000002.pt"}
        assert torch.load(folder / "best.pt")["epoch"] == 2
    assert deadly > 20
