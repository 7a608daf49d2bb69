"""The expressions of *.txt, and what each comes to in a library: a repr or an error."""

from __future__ import annotations

import copy
import json
import math
import operator
import pickle
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
RECORD = FOLDER / "recorded.json"


class Index:
    """An object that is an index by its __index__."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __index__(self) -> int:
        return self.n


def expressions() -> dict[str, list[str]]:
    """Expressions by the name of their file."""
    return {
        path.stem: [
            line
            for line in path.read_text("utf-8").splitlines()
            if line and not line.startswith("#")
        ]
        for path in sorted(FOLDER.glob("*.txt"))
    }


def recorded() -> dict[str, dict[str, str]]:
    """What PyTorch made of them: file -> expression -> outcome."""
    return dict(json.loads(RECORD.read_text("utf-8")))


def names(group: str, t: ModuleType) -> dict[str, Any]:
    """The names that expressions use: `t` is the library."""

    def cube() -> Any:
        return t.arange(24).reshape(2, 3, 4)

    def matrix() -> Any:
        return t.arange(12.0).reshape(3, 4)

    def item(index: Any, x: Any = None) -> Any:
        return (cube() if x is None else x)[index]

    def assigned(index: Any, value: Any, x: Any = None) -> Any:
        out = cube() if x is None else x
        out[index] = value
        return out

    shared = {
        "t": t,
        "np": np,
        "math": math,
        "copy": copy,
        "operator": operator,
        "L": t.linalg,
        "A": t.arange(6.0).reshape(2, 3) - 2,
        "a": cube(),
        "rt": lambda value: pickle.loads(pickle.dumps(value)),
        "X": cube,
        "F": matrix,
        "I": item,
        "S": assigned,
        "Idx": Index,
        "s_": np.s_,
        "T": t.tensor,
    }
    return {**shared, "x": matrix() if group == "objects" else t.arange(3.0)}


def outcome(group: str, expression: str, library: ModuleType) -> str:
    """`repr` of the value, or class and text of the error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return repr(eval(expression, names(group, library)))
        except Exception as error:
            return f"{type(error).__name__}: {error}"
