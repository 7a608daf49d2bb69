"""Every registry record has samples, a doc, and a derivative or the reason for none."""

import re
from typing import Any

import pytest
from samples import ALL_ROWS, bridge, known_failures

pytestmark = pytest.mark.smoke


def records(xp: Any) -> list[dict[str, Any]]:
    if xp.__name__ != "rushlight":
        pytest.skip("the library under test has no registry of records")
    return list(xp._C.op_records())


def base_name(record: dict[str, Any]) -> str:
    """Name without the overload and without the underscore of the in-place form."""
    name = str(record["name"]).split(".", 1)[0]
    return name.rstrip("_") if not name.startswith("__") else name


def sampled() -> set[str]:
    names: set[str] = set()
    for row in ALL_ROWS:
        for name in (row.leaf, *row.records):
            names |= {name, name.rstrip("_")}
        names.add(row.name.replace(".", "_"))
    return names


def test_every_record_has_samples(xp: Any) -> None:
    have = sampled()
    patterns = [re.compile(p) for p in known_failures.WITHOUT_SAMPLES]
    missing = sorted(
        {base_name(r) for r in records(xp)} - have, key=lambda name: name.strip("_")
    )
    missing = [m for m in missing if not any(p.fullmatch(m) for p in patterns)]
    assert not missing, f"records without samples: {missing}"


def test_every_record_has_a_doc(xp: Any) -> None:
    missing = [r["name"] for r in records(xp) if not r.get("doc")]
    assert not missing, f"records without a doc line: {missing}"


def test_derivatives_agree_with_the_table(xp: Any) -> None:
    """A record has a derivative wherever its rows, proven on PyTorch, take one.

    A record without rows says so in known_failures, so none is without an answer.
    """
    derived: dict[str, bool] = {}
    for record in records(xp):
        name = base_name(record)
        derived[name] = derived.get(name, False) or bool(record["differentiable"])
    wrong = [
        row.id
        for row in ALL_ROWS
        if row.grad and derived.get(row.leaf.rstrip("_")) is False
    ]
    wrong = [w for w in wrong if w not in known_failures.WITHOUT_DERIVATIVE]
    assert not wrong, f"differentiable in PyTorch, records without: {wrong}"


def test_row_ids_are_unique() -> None:
    ids = [row.id for row in ALL_ROWS]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    assert not twice, f"rows of the same name need labels: {twice}"


def test_known_failures_name_rows() -> None:
    ids = {row.id for row in ALL_ROWS} | {""}
    unknown = [key for key in known_failures.KNOWN if key[1] not in ids]
    assert not unknown, f"known failures of no row: {unknown}"


def test_public_rows_resolve(xp: Any) -> None:
    missing = []
    for row in ALL_ROWS:
        try:
            row.function(xp)
        except (AttributeError, NotImplementedError):
            if known_failures.reason("value", row.id, "") is None:
                missing.append(row.id)
    assert not missing, f"not in {bridge.library().__name__}: {missing}"
