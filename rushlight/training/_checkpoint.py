"""`Checkpoint`: all that a training run needs to go on, in a folder of whole files."""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter, OrderedDict, defaultdict
from pathlib import Path
from typing import Any

import rushlight
from rushlight import Generator
from rushlight.serialization import UnsafeFileError, get_safe_globals
from rushlight.serialization.atomic import remove_abandoned, sync_folder

from ._random_states import random_states, set_random_states

_NUMBERED = re.compile(r"checkpoint-(\d{6,})\.pt")
_HEADER = "checkpoint"
_RANDOM = "random"
_PLAIN = {type(None), bool, int, float, complex, str, bytes, bytearray}
_PLAIN |= {rushlight.Size, rushlight.dtype, rushlight.device}
_DICTS = (dict, OrderedDict, defaultdict, Counter)
_LISTS = (list, tuple, set, frozenset)


class Checkpoint:
    """The parts of a training run, saved together so that it goes on exactly.

    A file holds the state of every part and of the random streams of rushlight, Python
    and NumPy. It is a dictionary by the names of the parts, which `load` of rushlight
    and of PyTorch reads. Gradients are not part of it: save between two steps.

    Parts are attributes: ``checkpoint.epoch += 1``. Those that are plain values get
    new values by `resume` and `load`, the others take over their state in place.

    Args:
        folder: of one run; `save` makes it. It gets files ``checkpoint-000001.pt``,
            the newest with the highest number, and ``best.pt``.
        keep: how many of the newest files stay. One more than 1 is there to fall back
            to if the newest is damaged.
        parts: by name, what to save: objects with `state_dict` and `load_state_dict`
            (models, optimizers, schedules, loaders, ...), random generators, and plain
            values: None, numbers, strings, tensors, and containers of them.

    Raises:
        ValueError: if `keep` is less than 1, or the name of a part is taken.
        TypeError: if a part is none of these.

    Example:
        >>> checkpoint = Checkpoint(folder, model=model, optimizer=optimizer, epoch=0)
        >>> if checkpoint.resume():
        ...     print("going on in epoch", checkpoint.epoch)
    """

    folder: Path
    keep: int
    parts: dict[str, Any]
    _number: int | None

    def __init__(
        self, folder: str | os.PathLike[str], /, *, keep: int = 2, **parts: Any
    ) -> None:
        if keep < 1:
            raise ValueError(f"Checkpoint: keep must be at least 1, got {keep}")
        for name, part in parts.items():
            if hasattr(Checkpoint, name) or name in Checkpoint.__annotations__:
                raise ValueError(f"Checkpoint: a part cannot be called {name!r}")
            if name in (_HEADER, _RANDOM):
                raise ValueError(f"Checkpoint: the name {name!r} is its own")
            if not _has_state(part):
                _check_plain(part, name)
        # The number of the newest file that belongs to this run; None: not known yet.
        fields = {"folder": Path(folder), "keep": keep, "parts": parts, "_number": None}
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        parts = self.__dict__.get("parts", {})
        if name not in parts:
            raise AttributeError(f"Checkpoint has no part {name!r}, only {list(parts)}")
        return parts[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in Checkpoint.__annotations__:
            super().__setattr__(name, value)
            return
        self.__getattr__(name)  # must exist: a misspelt value would not be saved
        self.parts[name] = value

    def __repr__(self) -> str:
        kinds = {n: type(p).__name__ for n, p in self.parts.items() if _has_state(p)}
        shown = [f"{name}={kinds.get(name, p)}" for name, p in self.parts.items()]
        return f"Checkpoint({str(self.folder)!r}, {', '.join(shown)})"

    def files(self) -> list[Path]:
        """The numbered files in the folder, the newest last."""
        if not self.folder.is_dir():
            return []
        found = [path for path in self.folder.iterdir() if _number_of(path)]
        return sorted(found, key=_number_of)

    def save(self, best: bool = False) -> Path:
        """Writes the next file, then deletes those that are too old.

        A kill at any moment leaves the file before this one, or this one, whole.

        Args:
            best: keep it as ``best.pt`` too, in place of the one before.

        Returns:
            The path of the file.

        Raises:
            TypeError: if a state holds what `load` would not read.
        """
        content: dict[str, Any] = {
            name: _state_of(part) for name, part in self.parts.items()
        }
        for name, state in content.items():
            _check_plain(state, name)
        plain = [name for name, part in self.parts.items() if not _has_state(part)]
        content[_RANDOM] = random_states()
        content[_HEADER] = {"format": 1, "plain": plain}

        self.folder.mkdir(parents=True, exist_ok=True)
        if self._number is None:
            self._number = max(map(_number_of, self.files()), default=0)
        number = self._number + 1
        path = self.folder / f"checkpoint-{number:06d}.pt"
        if best:
            # First, so that no file tells of a best one that is not there.
            best_path = self.folder / "best.pt"
            rushlight.save(content, best_path)
        if not (best and _link(best_path, path)):
            rushlight.save(content, path)
        self._number = number
        for file in self.files():
            if _number_of(file) <= number - self.keep:
                file.unlink(missing_ok=True)
        remove_abandoned(os.fspath(self.folder))
        return path

    def resume(self) -> bool:
        """Takes over the newest whole file of the folder.

        A damaged file is passed over for the one before it, with a warning that says
        what is wrong with it.

        Returns:
            Whether there was one; False means a fresh start.

        Raises:
            UnsafeFileError: if there are files, and all of them are damaged.
            ValueError, RuntimeError: if the file does not fit, as `load` raises them.
        """
        damaged: list[str] = []
        for path in reversed(self.files()):
            try:
                content = rushlight.load(path, weights_only=True)
            except (UnsafeFileError, EOFError) as error:
                damaged.append(f"{path} is damaged: {error}")
                continue
            if damaged:
                warnings.warn(
                    f"Checkpoint: {'; '.join(damaged)}; resuming from {path}",
                    stacklevel=2,
                )
            self._restore(content, path)
            self._number = _number_of(path)
            return True
        if damaged:
            raise UnsafeFileError(f"Checkpoint: no whole file; {'; '.join(damaged)}")
        return False

    def load(self, path: str | os.PathLike[str]) -> None:
        """Takes over a file that `save` wrote, such as ``best.pt``.

        Raises:
            FileNotFoundError, UnsafeFileError: if there is no file, or a damaged one.
            ValueError: if it is no checkpoint, or has other parts. Nothing is changed.
            RuntimeError: if the state of a part does not fit.
        """
        self._restore(rushlight.load(path, weights_only=True), Path(path))

    def _restore(self, content: Any, path: Path) -> None:
        header = content.get(_HEADER) if isinstance(content, dict) else None
        if not (isinstance(header, dict) and header.get("format") == 1):
            raise ValueError(f"Checkpoint: {path} was not written by Checkpoint.save")
        self._check_parts(content, header["plain"], path)
        for name, part in self.parts.items():
            try:
                if isinstance(part, Generator):
                    part.set_state(content[name])
                elif _has_state(part):
                    part.load_state_dict(content[name])
                else:
                    self.parts[name] = content[name]
            except Exception as error:
                raise RuntimeError(
                    f"Checkpoint: part {name!r} ({type(part).__name__}) does not fit "
                    f"{path}: {error}"
                ) from error
        # Last, since taking over a state may draw numbers.
        set_random_states(content[_RANDOM])

    def _check_parts(self, content: Any, plain: list[str], path: Path) -> None:
        saved = [name for name in content if name not in (_HEADER, _RANDOM)]
        missing = [name for name in self.parts if name not in saved]
        unknown = [name for name in saved if name not in self.parts]
        if missing or unknown:
            raise ValueError(
                f"Checkpoint: {path} has other parts than this program: "
                f"missing in the file {missing}, only in the file {unknown}"
            )
        for name, part in self.parts.items():
            if _has_state(part) == (name in plain):
                kinds = ["the state of an object", "a plain value"]
                raise ValueError(
                    f"Checkpoint: part {name!r} is {kinds[name in plain]} in {path}, "
                    f"and {kinds[name not in plain]} in this program "
                    f"({type(part).__name__})"
                )


def _has_state(part: Any) -> bool:
    methods = ("state_dict", "load_state_dict")
    return isinstance(part, Generator) or all(hasattr(part, name) for name in methods)


def _state_of(part: Any) -> Any:
    if isinstance(part, Generator):
        return part.get_state()
    return part.state_dict() if _has_state(part) else part


def _number_of(path: Path) -> int:
    found = _NUMBERED.fullmatch(path.name)
    return int(found[1]) if found else 0


def _link(source: Path, target: Path) -> bool:
    """Gives a file a second name; False where the file system has no such thing."""
    target.unlink(missing_ok=True)  # at most a damaged file that was passed over
    try:
        os.link(source, target)
    except OSError:
        return False
    sync_folder(os.fspath(target.parent))
    return True


def _check_plain(value: Any, place: str) -> None:
    """Raises TypeError, with the place, for what `load` would refuse."""
    kind = type(value)
    if kind in _DICTS:
        for key, item in value.items():
            _check_plain(key, f"the keys of {place}")
            _check_plain(item, f"{place}[{key!r}]")
    elif kind in _LISTS:
        for index, item in enumerate(value):
            _check_plain(item, f"{place}[{index}]")
    elif not (
        kind in _PLAIN
        or isinstance(value, rushlight.Tensor)
        or kind.__module__.partition(".")[0] == "numpy"
        or kind in get_safe_globals()
    ):
        raise TypeError(
            f"Checkpoint: {place} is of class {kind.__qualname__}, which has no "
            "state_dict and load_state_dict and is no plain value (None, a number, a "
            "string, a tensor, or a container of them)"
        )
