"""Writes docs/api: a page per operator family from the registry, one per Python module.

``python -m tools.api_pages`` writes them, ``--verify`` fails where one is out of date.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

from tools import records
from tools.records import ROOT, Record

NOTE = "<!-- Written by tools/api_pages.py; do not edit. -->\n"
# Pages of Python modules: module -> what it is for.
MODULES = {
    "rushlight.nn": "layers, containers and losses as modules",
    "rushlight.nn.functional": "the same as plain functions",
    "rushlight.nn.init": "ways to fill a parameter before training",
    "rushlight.nn.utils": "gradient clipping and other helpers of training",
    "rushlight.optim": "optimizers",
    "rushlight.optim.lr_scheduler": "learning-rate schedules",
    "rushlight.autograd": "derivatives: backward, grad, Function, gradcheck",
    "rushlight.utils.data": "datasets, samplers and the loader",
    "rushlight.serialization": "save and load",
    "rushlight.testing": "comparing and making tensors in tests",
}
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


def public_names(module: Any) -> list[str]:
    """What a module offers: its __all__, or the public names it or its parts define."""
    names = getattr(module, "__all__", None)
    if names is not None:
        return sorted(names)
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__.startswith(module.__name__)
    )


def signature_text(value: Any) -> str:
    """The signature, without addresses that differ from run to run."""
    try:
        text = str(inspect.signature(value))
    except (TypeError, ValueError):
        return "(...)"
    text = re.sub(r"<(\S+) object at 0x[0-9a-f]+>", r"<\1>", text)
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)  # postponed annotations


def module_page(name: str, purpose: str) -> str:
    """A page of a Python module's classes and functions with their docstrings."""
    module = importlib.import_module(name)
    lines = [NOTE, f"# {name}\n", f"{purpose[0].upper()}{purpose[1:]}.\n"]
    for public in public_names(module):
        value = getattr(module, public)
        if inspect.ismodule(value):
            continue
        lines.append(f"## {public}\n")
        if not callable(value):
            lines.append(f"Constant of type `{type(value).__name__}`.\n")
            continue
        lines.append(f"```text\n{public}{signature_text(value)}\n```\n")
        own = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
        if own:
            lines.append(f"```text\n{inspect.cleandoc(own)}\n```\n")
    return "\n".join(lines)


def index_page(families: dict[str, list[Record]]) -> str:
    """The list of all pages."""
    lines = [NOTE, "# API\n", "| operators | how many |", "| --- | --- |"]
    for family, found in sorted(families.items()):
        count = len({r.name for r in found if not r.name.startswith("_")})
        lines.append(f"| [{family}](ops_{family}.md) | {count} |")
    lines += ["", "| module | what |", "| --- | --- |"]
    for name, purpose in MODULES.items():
        lines.append(f"| [{name}]({name}.md) | {purpose} |")
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """File name -> text of every page."""
    families: dict[str, list[Record]] = {}
    for record in records.load():
        families.setdefault(record.family, []).append(record)
    texts = {f"ops_{name}.md": family_page(name, f) for name, f in families.items()}
    texts |= {f"{name}.md": module_page(name, why) for name, why in MODULES.items()}
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
