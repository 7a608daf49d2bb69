"""Stubs and API pages name every operator and every public name, and are up to date."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import rushlight
from tools import api_pages, records, stubs

ROOT = Path(__file__).resolve().parent.parent
# Types of the core whose objects are documented where they are met.
UNDOCUMENTED = {
    f"rushlight.{name}"
    for name in "Node OpFunction OpMethod SavedTensor layout memory_format".split()
}


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return stubs.stubs()


def defined(text: str, cls: str | None = None) -> set[str]:
    """Names that a stub defines, at the top or in a class."""
    body = ast.parse(text).body
    if cls is not None:
        body = next(
            n.body for n in body if isinstance(n, ast.ClassDef) and n.name == cls
        )
    names = {n.name for n in body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def test_stubs_are_up_to_date(texts: dict[str, str]) -> None:
    stale = [n for n, text in texts.items() if (ROOT / n).read_text("utf-8") != text]
    assert not stale, "run `python -m tools.stubs`"


def test_stubs_name_every_operator(texts: dict[str, str]) -> None:
    operators = defined(texts["rushlight/_C/ops.pyi"])
    methods = defined(texts["rushlight/_C/__init__.pyi"], "Tensor")
    functions = defined(texts["rushlight/__init__.pyi"])
    for record in records.load():
        assert record.name in operators
        if "method" in record.variants:
            assert record.name in methods
        if "inplace" in record.variants:
            assert f"{record.name}_" in methods
        if "function" in record.variants and not record.name.startswith("_"):
            assert record.name in functions


def test_stubs_name_every_public_name(texts: dict[str, str]) -> None:
    shown = defined(texts["rushlight/__init__.pyi"])
    imported = {"Any", "TYPE_CHECKING", "annotations", "importlib"}
    coming = {n for n in rushlight._SUBMODULES if not stubs.exists(n)}
    missing = {n for n in dir(rushlight) if not n.startswith("_")} - shown
    assert not missing - imported - coming
    members = defined(texts["rushlight/_C/__init__.pyi"], "Tensor")
    assert not {n for n in vars(rushlight.Tensor) if n[0] != "_"} - members


def test_pages_are_up_to_date() -> None:
    folder = ROOT / "docs" / "api"
    made = api_pages.pages()
    kept = {path.name: path.read_text("utf-8") for path in folder.glob("*.md")}
    stale = [
        name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name)
    ]
    assert not stale, "run `python -m tools.api_pages`"


def test_public_names_are_documented() -> None:
    bare = []
    for name in ["rushlight", *api_pages.public_modules()]:
        module = importlib.import_module(name)
        for public in api_pages.public_names(module):
            value = getattr(module, public)
            if not callable(value):
                continue
            own = (
                vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
            )
            if not own:
                bare.append(f"{name}.{public}")
    for public, value in vars(rushlight.Tensor).items():
        if not public.startswith("_") and not value.__doc__:
            bare.append(f"rushlight.Tensor.{public}")
    assert not set(bare) - UNDOCUMENTED
