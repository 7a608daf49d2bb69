"""Writes docs/api: a page per operator family from the registry, one per Python module.

``python -m tools.api_pages`` writes them, ``--verify`` fails where one is out of date.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
import re
import sys
import types
from collections.abc import Iterator
from typing import Any

import rushlight
from tools import records
from tools.records import ROOT, Record

NOTE = "<!-- Written by tools/api_pages.py; do not edit. -->\n"
KINDS = {
    "pointwise": "element by element, with broadcasting and promotion",
    "kernel": "a kernel fills results laid out beforehand",
    "dynamic": "the size of the result depends on the data",
    "view": "the result shares memory with the input",
    "composite": "made of other operators",
    "choose": "one of several operators, by the arguments",
    "mutate": "writes into its first argument",
}


def call_forms(record: Record) -> list[str]:
    """The ways a program reaches the operator."""
    forms = []
    name = record.name
    if "function" in record.variants:
        forms.append(f"`rushlight.{name}`")
    if "method" in record.variants:
        forms.append(f"`Tensor.{name}`")
    if "inplace" in record.variants:
        forms.append(f"`Tensor.{name}_`")
    if "inplace_function" in record.variants:
        forms.append(f"`rushlight.{name}_`")
    if "out" in record.variants:
        forms.append("`out=`")
    return forms


def operator_entry(group: list[Record]) -> Iterator[str]:
    """The section of one operator name with all its overloads."""
    first = group[0]
    yield f"## {first.name}\n"
    yield "```text"
    yield from (record.schema for record in group)
    yield "```\n"
    docs = dict.fromkeys(record.doc for record in group)
    yield "\n\n".join(docs) + "\n"
    forms = dict.fromkeys(form for record in group for form in call_forms(record))
    yield "- Called as: " + (", ".join(forms) or f"`rushlight._C.ops.{first.name}`")
    yield f"- Kind: {first.kind} ({KINDS[first.kind]})"
    has = any(record.differentiable for record in group)
    yield f"- Derivative: {'yes' if has else 'none'}\n"


def family_page(family: str, found: list[Record]) -> str:
    """A page of all operators of a table file."""
    groups: dict[str, list[Record]] = {}
    for record in found:
        if not record.name.startswith("_"):
            groups.setdefault(record.name, []).append(record)
    lines = [NOTE, f"# Operators: {family}\n", f"Declared in `ops/{family}.py`.\n"]
    for name in sorted(groups):
        lines += operator_entry(groups[name])
    return "\n".join(lines)


def public_modules() -> list[str]:
    """Modules that offer what no package above them shows.

    A module without public names of its own has no page, nor has one inside a package
    whose ``__all__`` leaves it out.
    """
    found = []
    for module in pkgutil.walk_packages(rushlight.__path__, "rushlight."):
        name = module.name
        parent = importlib.import_module(name.rpartition(".")[0])
        if any(piece.startswith("_") for piece in name.split(".")):
            continue
        if parent is not rushlight and hasattr(parent, "__all__"):
            continue
        offered = importlib.import_module(name)
        missing = object()
        if any(
            getattr(parent, public, missing) is not getattr(offered, public)
            for public in public_names(offered)
        ):
            found.append(name)
    return found


def is_standard(module: Any, name: str) -> bool:
    """Whether a name comes from the standard module that this one extends."""
    value = getattr(module, name)
    home = (callable(value) and value.__module__) or ""
    return home.partition(".")[0] == module.__name__.removeprefix("rushlight.")


def public_names(module: Any) -> list[str]:
    """What a module offers: its __all__, or the public names it or its parts define."""
    names = getattr(module, "__all__", None)
    if names is not None:
        return sorted(
            name
            for name in names
            if not name.startswith("_") and not is_standard(module, name)
        )
    # dir(), since what is loaded late is in no namespace before.
    found: dict[str, Any] = {}
    for name in dir(module):
        if not name.startswith("_"):
            with contextlib.suppress(ImportError):  # a subsystem that is not there yet
                found[name] = getattr(module, name, None)
    return sorted(
        name
        for name, value in found.items()
        if (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__.startswith(module.__name__)
    )


def signature_text(value: Any) -> str:
    """The signature, without addresses and paths that differ from run to run."""
    try:
        text = str(inspect.signature(value))
    except (TypeError, ValueError):
        return "(...)"
    text = re.sub(r"<module '([^']*)' [^>]*>", r"\1", text)
    text = re.sub(r"<(?:function )?(\S+)(?: object)? at 0x[0-9a-f]+>", r"\1", text)
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)  # postponed annotations


def documented(name: str, value: Any) -> Iterator[str]:
    """Signature and docstring of a class, function or method."""
    yield f"```text\n{name}{signature_text(value)}\n```\n"
    own = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    if isinstance(own, str):
        yield f"```text\n{inspect.cleandoc(own)}\n```\n"


def module_page(name: str) -> str:
    """A page of a Python module's classes and functions with their docstrings."""
    module = importlib.import_module(name)
    lines = [NOTE, f"# {name}\n", f"{inspect.getdoc(module)}\n"]
    for public in public_names(module):
        value = getattr(module, public)
        if inspect.ismodule(value):
            continue
        lines.append(f"## {public}\n")
        if type(value).__name__ == "OpFunction":
            lines.append(f"```text\n{value.__doc__}\n```\n")
        elif not callable(value):
            lines.append(f"Constant of type `{type(value).__name__}`.\n")
        else:
            lines += documented(public, value)
    return "\n".join(lines)


def tensor_page() -> str:
    """What a tensor has beside the operators: attributes and methods."""
    lines = [NOTE, "# rushlight.Tensor\n"]
    lines.append("Operators that are methods are on the pages of the operators.\n")
    members = vars(rushlight.Tensor)
    attributes = (types.GetSetDescriptorType, property)
    lines += ["## Attributes\n", "| name | what |", "| --- | --- |"]
    for name, value in sorted(members.items()):
        if isinstance(value, attributes) and not name.startswith("_"):
            what = " ".join((value.__doc__ or "").split()).replace("|", "\\|")
            lines.append(f"| `{name}` | {what} |")
    lines.append("")
    methods = (types.FunctionType, types.MethodDescriptorType)
    for name, value in sorted(members.items()):
        if isinstance(value, methods) and not name.startswith("_"):
            lines += [f"## {name}\n", *documented(name, value)]
    return "\n".join(lines)


def index_page(families: dict[str, list[Record]]) -> str:
    """The list of all pages."""
    lines = [NOTE, "# API\n", "| operators | how many |", "| --- | --- |"]
    for family, found in sorted(families.items()):
        count = len({r.name for r in found if not r.name.startswith("_")})
        lines.append(f"| [{family}](ops_{family}.md) | {count} |")
    lines += ["", "| module | what |", "| --- | --- |"]
    lines.append("| [rushlight.Tensor](rushlight.Tensor.md) | The tensor itself. |")
    for name in ["rushlight", *public_modules()]:
        purpose = (inspect.getdoc(importlib.import_module(name)) or "").split("\n")[0]
        lines.append(f"| [{name}]({name}.md) | {purpose} |")
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """File name -> text of every page."""
    families: dict[str, list[Record]] = {}
    for record in records.load():
        families.setdefault(record.family, []).append(record)
    texts = {f"ops_{name}.md": family_page(name, f) for name, f in families.items()}
    modules = ["rushlight", *public_modules()]
    texts |= {f"{name}.md": module_page(name) for name in modules}
    texts["rushlight.Tensor.md"] = tensor_page()
    texts["index.md"] = index_page(families)
    return texts


def main() -> int:
    """Writes or verifies the pages; 1 if one was out of date."""
    verify = "--verify" in sys.argv[1:]
    folder = ROOT / "docs" / "api"
    texts = pages()
    same = [records.write(folder / n, t, verify) for n, t in sorted(texts.items())]
    for path in sorted(folder.glob("*.md")):
        if path.name not in texts:
            print(f"left over: {path.relative_to(ROOT).as_posix()}")
            same.append(False)
            if not verify:
                path.unlink()
    return 0 if all(same) or not verify else 1


if __name__ == "__main__":
    sys.exit(main())
