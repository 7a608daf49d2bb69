"""Runs a small program under a library and writes down what it saw, for comparison.

A program is a generator over the library module; everything it yields is described by
plain values (numbers rounded, addresses left out), so that two libraries, or a library and
a recorded run, can be compared with ``==``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

Program = Callable[[Any], Iterator[Any]]

MESSAGE = 44  # characters of a message that have to agree


def raised(action: Callable[[], Any], length: int = MESSAGE) -> Any:
    """How ``action`` fails: the type of its error and the start of its text."""
    try:
        value = action()
    except Exception as error:
        return [type(error).__name__, " ".join(str(error).split())[:length]]
    return ["no error", describe(value)]


def warned(action: Callable[[], Any], length: int = MESSAGE) -> Any:
    """The result of ``action`` and the start of every warning it gave."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = action()
    texts = [[w.category.__name__, str(w.message)[:length]] for w in caught]
    return [describe(value), texts]


def _number(x: Any) -> Any:
    if isinstance(x, complex):
        return [_number(x.real), _number(x.imag)]
    if isinstance(x, float):
        return float(f"{x:.5g}") if abs(x) > 1e-6 else 0.0 if x == x else "nan"
    return x


def _numbers(x: Any) -> Any:
    return [_numbers(y) for y in x] if isinstance(x, list) else _number(x)


def describe(value: Any) -> Any:
    """A value as JSON would hold it."""
    if isinstance(value, type):
        return value.__name__
    if hasattr(value, "requires_grad") and hasattr(value, "stride"):
        flags = " grad" if value.requires_grad else ""
        data = value.detach()
        dtype = str(value.dtype).rpartition(".")[2]
        return [f"{dtype} {list(value.shape)} {list(value.stride())}{flags}",
                _numbers(data.resolve_conj().tolist() if hasattr(data, "resolve_conj") else data.tolist())]  # fmt: skip
    if isinstance(value, (tuple, list)):
        return [describe(v) for v in value]
    if isinstance(value, dict):
        return {str(k): describe(v) for k, v in value.items()}
    if isinstance(value, (bool, int, str, type(None))):
        return value
    if isinstance(value, (float, complex)):
        return _number(value)
    return type(value).__name__


def same(a: Any, b: Any) -> bool:
    """Whether two descriptions agree, numbers to about four digits."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) or isinstance(b, float):
        if not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
            return False
        return a == b or abs(a - b) <= 2e-4 * abs(b) + 1e-6
    return bool(a == b)


def assert_same(actual: list[Any], expected: list[Any]) -> None:
    """Fails at the first thing that two runs saw differently."""
    for i, (a, e) in enumerate(zip(actual, expected)):
        assert same(a, e), f"yield {i}: got {a}, expected {e}"
    assert len(actual) == len(expected), f"{len(actual)} yields of {len(expected)}"


def run(program: Program, library: Any) -> list[Any]:
    """Everything the program yields; an error that ends it comes last."""
    seen: list[Any] = []
    library.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for value in program(library):
                seen.append(describe(value))
        except Exception as error:
            seen.append([f"stopped by {type(error).__name__}", str(error)[:300]])
    return seen
