"""Small tensor programs by subject; every generator function in these files is one."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

SUBJECTS = (
    "making converting arithmetic shapes indexing products memory results".split()
)


def programs() -> dict[str, Callable[[Any], Iterator[Any]]]:
    """All programs by ``subject.name``."""
    found = {}
    for subject in SUBJECTS:
        module = importlib.import_module(f"{__name__}.{subject}")
        for name, function in vars(module).items():
            if inspect.isgeneratorfunction(function) and not name.startswith("_"):
                found[f"{subject}.{name}"] = function
    return found
