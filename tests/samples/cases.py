"""Parametrisation of the drivers, and how they call a row's operator."""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from . import ALL_ROWS, bridge, dtypes as dt, known_failures
from .make import Maker
from .table import OpSamples, SampleInput

SMOKE_DTYPES = ("float32", "int64")
SEED = 20


def rows(
    check: str, keep: Callable[[OpSamples], object] = lambda row: True
) -> pytest.MarkDecorator:
    """Parametrise a test by `row`; `check` names it in known_failures."""
    kept = [row for row in ALL_ROWS if keep(row)]
    return pytest.mark.parametrize(
        "row",
        [pytest.param(r, id=r.id, marks=_marks(check, r.id, "", False)) for r in kept],
    )


def rows_and_dtypes(
    check: str,
    dtypes: Callable[[OpSamples], Iterable[str]] = lambda row: row.dtypes,
    smoke: Iterable[str] = (),
) -> pytest.MarkDecorator:
    """Parametrise a test by `row` and `dtype`; dtypes in `smoke` join that tier."""
    quick = frozenset(smoke)
    params = []
    for row in ALL_ROWS:
        for dtype in sorted(dtypes(row), key=dt.ORDER.index):
            marks = _marks(check, row.id, dtype, dtype in quick)
            params.append(pytest.param(row, dtype, id=f"{row.id}-{dtype}", marks=marks))
    return pytest.mark.parametrize(("row", "dtype"), params)


def _marks(check: str, row: str, dtype: str, smoke: bool) -> list[pytest.MarkDecorator]:
    marks = [pytest.mark.smoke] if smoke else []
    reason = known_failures.reason(
        check, row, dtype, os.environ.get("RUSHLIGHT_TEST_XP", "")
    )
    if reason:
        marks.append(pytest.mark.xfail(reason=reason, strict=True))
    return marks


def samples_of(row: OpSamples, dtype: str, xp: Any) -> Iterator[SampleInput]:
    yield from row.inputs(Maker(xp, row.id, dtype), dtype)


def invoke(row: OpSamples, xp: Any, args: Any, kwargs: Any) -> Any:
    """Call the row's operator; warnings about deprecated spellings do not matter here."""
    if row.seeded:
        xp.manual_seed(SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return row.function(xp)(*args, **kwargs)


def tested_tensors(row: OpSamples, item: SampleInput, dtype: str) -> list[Any]:
    """The tensors of a sample that may take a gradient, in order, each once."""
    places = [*enumerate(item.args), *item.kwargs.items()]
    found: dict[int, Any] = {}
    for place, value in places:
        if place not in row.constant:
            for tensor in bridge.tensors(value):
                if bridge.dtype_of(tensor) in dt.INEXACT:
                    found[id(tensor)] = tensor
    return list(found.values())


def with_tensors(item: SampleInput, old: list[Any], new: Iterable[Any]) -> Any:
    """(args, kwargs) of a sample with some of its tensors exchanged."""
    table = {id(o): n for o, n in zip(old, new, strict=True)}
    return bridge.map_tensors(
        lambda tensor: table.get(id(tensor), tensor), (item.args, dict(item.kwargs))
    )


def differentiable(result: Any) -> list[Any]:
    """The results that carry a gradient."""
    return [t for t in bridge.tensors(result) if t.requires_grad]
