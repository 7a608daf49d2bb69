"""Entry points of a folder: the public functions of its `hubconf.py`.

Loading one runs the folder's code with all rights of the program, like an import.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

_FILE = "hubconf.py"


def load(
    repo_or_dir: str | os.PathLike[str],
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: bool | str | None = "check",
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    **kwargs: Any,
) -> Any:
    """Calls an entry point of the `hubconf.py` in a folder and returns its result.

    **This runs the code of the folder**, with all that it may do; PyTorch does the
    same. Use it only for folders whose code you trust.

    Args:
        repo_or_dir: the folder.
        model: the name of a function in its `hubconf.py`.
        args, kwargs: passed to that function.
        source: "local"; a download from "github" is not available.
        trust_repo, force_reload, verbose, skip_validation: concern downloads from
            "github" only, as in PyTorch.

    Raises:
        ValueError: if `source` is unknown or `model` is no string.
        FileNotFoundError: if the folder has no `hubconf.py`.
        RuntimeError: if packages that it lists in `dependencies` are missing, or it has
            no such function.
        NotImplementedError: for source="github".
    """
    _check_source(source, "load")
    with _hubconf(repo_or_dir) as module:
        return _entry(module, model)(*args, **kwargs)


def list(
    github: str | os.PathLike[str],
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: bool | str | None = "check",
    verbose: bool = True,
    *,
    source: str = "github",
) -> builtins.list[str]:
    """The names of the entry points of a folder; runs its `hubconf.py`.

    Args:
        github: the folder.
        source: "local", as for `load`.
        force_reload, skip_validation, trust_repo, verbose: as for `load`.

    Raises:
        ValueError, FileNotFoundError, NotImplementedError: as `load`.
    """
    _check_source(source, "list")
    with _hubconf(github, check=False) as module:
        return [
            name
            for name in dir(module)
            if not name.startswith("_") and callable(getattr(module, name))
        ]


def help(
    github: str | os.PathLike[str],
    model: str,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: bool | str | None = "check",
    *,
    source: str = "github",
) -> str | None:
    """The docstring of an entry point; runs the folder's `hubconf.py`.

    Args:
        github: the folder.
        model: the name of the entry point.
        source: "local", as for `load`.
        force_reload, skip_validation, trust_repo: as for `load`.

    Raises:
        ValueError, FileNotFoundError, RuntimeError, NotImplementedError: as `load`.
    """
    _check_source(source, "help")
    with _hubconf(github) as module:
        return _entry(module, model).__doc__


def _check_source(source: str, function: str) -> None:
    if source == "github":
        raise NotImplementedError(
            f"rushlight.hub.{function}(source='github'): download the repository and "
            "pass its folder with source='local'"
        )
    if source != "local":
        raise ValueError(
            f'Unknown source: "{source}". Allowed values: "github" | "local".'
        )


@contextlib.contextmanager
def _hubconf(
    folder: str | os.PathLike[str], check: bool = True
) -> Iterator[ModuleType]:
    """The folder's `hubconf.py` as a module; imports from the folder work meanwhile."""
    path = os.path.abspath(os.path.expanduser(os.fspath(folder)))
    file = os.path.join(path, _FILE)
    if not os.path.isfile(file):
        raise FileNotFoundError(2, f"hub: there is no {_FILE} in the folder", path)
    spec = importlib.util.spec_from_file_location("hubconf", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, path)
    try:
        spec.loader.exec_module(module)
        if check:
            _check_dependencies(module)
        yield module
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(path)


def _check_dependencies(module: ModuleType) -> None:
    wanted = getattr(module, "dependencies", None) or ()
    missing = [name for name in wanted if not _is_installed(name)]
    if missing:
        raise RuntimeError(f"Missing dependencies: {', '.join(missing)}")


def _is_installed(name: str) -> bool:
    if name in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the package above a dotted name
        return False


def _entry(module: ModuleType, name: Any) -> Callable[..., Any]:
    if not isinstance(name, str):
        raise ValueError("Invalid input: model should be a string of function name")
    found = getattr(module, name, None)
    if not callable(found):
        raise RuntimeError(f"Cannot find callable {name} in hubconf")
    return found
