"""Writes the type stubs of the compiled core and the package's top from the registry.

``python -m tools.stubs`` writes them, ``--verify`` fails where one is out of date.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from inspect import Parameter as Kind, signature
from keyword import iskeyword
from typing import Any

from tools import records
from tools.records import ROOT, Record
from tools.stub_types import (
    ANYTHING,
    ATTRIBUTES,
    BUFFER,
    FUNCTIONS,
    METHODS,
    SKIPPED_SLOTS,
    SLOTS,
)

HEADER = '''# Written by tools/stubs.py from the operator registry; do not edit.
# mypy: disable-error-code="overload-overlap,overload-cannot-match,override,misc"
"""{title}"""
'''
ALIASES = """
from builtins import bool as _bool
from builtins import complex as _complex
from builtins import float as _float
from builtins import int as _int
"""
NUMBER = "_number = _bool | _int | _float | _complex\n"


def result_annotation(record: Record) -> str:
    """What a call returns."""
    texts = {"Tensor": "Tensor", "Tensor[]": "tuple[Tensor, ...]", "Scalar": "Any"}
    kinds = [texts.get(kind) or records.ANNOTATIONS[kind] for kind, _ in record.results]
    if not kinds:
        return "None"
    if record.has_named_results:
        return f"_{record.name}_result"
    return kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"


def arguments(record: Record, method: bool, out: bool, spread: bool) -> str:
    """The parameter list; `spread` gives sizes as separate arguments."""
    pieces: list[str] = []
    starred = False
    for i, p in enumerate(record.parameters):
        if method and i == 0:
            pieces.append("self")
            continue
        name = "input" if p.name == "self" else p.name
        if spread and p is last_positional(record):
            pieces.append(f"*{name}: _int")
            starred = True
            continue
        if p.keyword_only and not starred:
            pieces.append("*")
            starred = True
        if iskeyword(name):
            name = f"__{name}"  # cannot be spelled as one: by position only
        default = f" = {p.default_text()}" if p.default is not None else ""
        pieces.append(f"{name}: {p.annotation()}{default}")
    extra = []
    if out:
        many = len(record.results) > 1
        extra.append(f"out: {'tuple[Tensor, ...]' if many else 'Tensor'} | None = None")
    if record.is_factory and not method:
        extra.append("requires_grad: _bool = False")
    if extra and not starred:
        pieces.append("*")
    return ", ".join(pieces + extra)


def last_positional(record: Record) -> records.Parameter | None:
    """The last parameter that may be given without its name."""
    found = [p for p in record.parameters if not p.keyword_only]
    return found[-1] if found else None


def takes_sizes(record: Record) -> bool:
    """Whether sizes may be given one by one: `x.view(2, 3)`, `zeros(2, 3)`."""
    last = last_positional(record)
    return last is not None and last.type.startswith("int[")


def definitions(name: str, group: list[Record], method: bool) -> Iterator[str]:
    """`def` lines of the overloads of one name."""
    lines = []
    for record in group:
        returns = result_annotation(record)
        out = "out" in record.variants and not method
        for spread in (False, True) if takes_sizes(record) else (False,):
            text = arguments(record, method, out, spread)
            lines.append(f"def {name}({text}) -> {returns}: ...")
    unique = list(dict.fromkeys(lines))
    for line in unique:
        if len(unique) > 1:
            yield "@overload"
        yield line


def grouped(
    found: list[Record], wanted: Callable[[Record], bool], suffix: str = ""
) -> dict[str, list[Record]]:
    """Records by the name they are called under."""
    groups: dict[str, list[Record]] = {}
    for record in found:
        if wanted(record):
            groups.setdefault(record.name + suffix, []).append(record)
    return groups


def named_tuples(found: list[Record]) -> Iterator[str]:
    """A class for every kind of named result."""
    for name in sorted({r.name for r in found if r.has_named_results}):
        record = next(r for r in found if r.name == name and r.has_named_results)
        yield f"class _{name}_result(NamedTuple):"
        for _, field in record.results:
            yield f"    {field}: Tensor"
        yield ""


def python_signature(function: Any) -> str:
    """A Python function's parameters, with the annotations that mean the same here."""
    plain = {"None", "str", "Any", "Tensor", "int", "bool", "float"}
    own = {"int": "_int", "bool": "_bool", "float": "_float"}

    def text(annotation: Any) -> str:
        words = [word.strip() for word in str(annotation).split("|")]
        return " | ".join(own.get(w, w) for w in words) if plain >= {*words} else "Any"

    found = signature(function)
    pieces: list[str] = []
    named = False
    for p in found.parameters.values():
        many = "*" if p.kind is Kind.VAR_POSITIONAL else ""
        star = "**" if p.kind is Kind.VAR_KEYWORD else many
        if p.kind is Kind.KEYWORD_ONLY and not named:
            pieces.append("*")
        named = named or p.kind in (Kind.KEYWORD_ONLY, Kind.VAR_POSITIONAL)
        if p.name == "self":
            pieces.append("self")
            continue
        default = "" if p.default is Kind.empty else " = ..."
        pieces.append(f"{star}{p.name}: {text(p.annotation)}{default}")
    return f"({', '.join(pieces)}) -> {text(found.return_annotation)}"


def tensor_members(tensor: type, found: list[Record]) -> Iterator[str]:
    """The body of class Tensor."""
    methods = grouped(found, lambda r: "method" in r.variants)
    methods |= grouped(found, lambda r: "inplace" in r.variants, "_")
    for name, value in sorted(vars(tensor).items()):
        if isinstance(value, ATTRIBUTE_KINDS):
            yield f"{name}: {ATTRIBUTES['Tensor'].get(name, 'Any')}"
        elif isinstance(value, types.FunctionType):
            yield f"def {name}{SLOTS.get(name) or python_signature(value)}: ..."
        elif name in methods:
            yield from definitions(name, methods[name], method=True)
        elif isinstance(value, types.MethodDescriptorType):
            yield from method_forms("Tensor", name)
        elif isinstance(value, staticmethod):
            yield "@staticmethod"
            yield f"def {name}(*args: Any, **kwargs: Any) -> Any: ..."
        elif isinstance(value, types.WrapperDescriptorType):
            if name not in SKIPPED_SLOTS:
                form = SLOTS.get(name, "(self, other: Any) -> Tensor")
                yield f"def {name}{form}: ..."
    yield BUFFER
    yield "def __new__(cls, *args: Any, **kwargs: Any) -> Self: ..."


ATTRIBUTE_KINDS = (types.GetSetDescriptorType, types.MemberDescriptorType, property)
# Python methods that `object` has with stricter types.
SKIPPED_METHODS = {"__reduce_ex__", "__sizeof__", "__repr__", "__str__"}


def method_forms(owner: str, name: str) -> Iterator[str]:
    """`def` lines of a method that is no operator."""
    forms = METHODS.get(owner, {}).get(name, [ANYTHING])
    for text in forms:
        if len(forms) > 1:
            yield "@overload"
        yield f"def {name}{text}: ..."


def class_members(cls: type) -> Iterator[str]:
    """The body of one of the core's other classes."""
    for name, value in sorted(vars(cls).items()):
        if isinstance(value, types.FunctionType) and name not in SKIPPED_METHODS:
            yield f"def {name}{python_signature(value)}: ..."
            continue
        if name.startswith("__"):
            continue
        if isinstance(value, ATTRIBUTE_KINDS):
            yield f"{name}: {ATTRIBUTES.get(cls.__name__, {}).get(name, 'Any')}"
        elif isinstance(value, staticmethod):
            yield "@staticmethod"
            yield f"def {name}(*args: Any, **kwargs: Any) -> Any: ..."
        elif callable(value) or isinstance(value, classmethod):
            if isinstance(value, types.ClassMethodDescriptorType):
                yield "@classmethod"
            yield from method_forms(cls.__name__, name)
    if cls.__name__ == "UntypedStorage":
        yield BUFFER
    yield "def __new__(cls, *args: Any, **kwargs: Any) -> Self: ..."


def core_stub(core: types.ModuleType, found: list[Record]) -> str:
    """Text of rushlight/_C/__init__.pyi."""
    lines = [HEADER.format(title="The compiled core.")]
    lines += ["from collections.abc import Sequence"]
    lines += ["from typing import Any, NamedTuple, overload", ALIASES]
    lines += ["from typing_extensions import Self", ""]
    lines += ["from rushlight._C import ops as ops", "", NUMBER]
    classes = {n: v for n, v in vars(core).items() if isinstance(v, type)}
    bases = {"Size": "(tuple[_int, ...])"}
    for name, cls in sorted(classes.items()):
        body = tensor_members(cls, found) if name == "Tensor" else class_members(cls)
        lines.append(f"class {name}{bases.get(name, '')}:")
        lines += [f"    {line}" for line in body]
        lines.append("")
    lines += [f"_{n} = {n}" for n in ("dtype", "device", "layout", "memory_format")]
    lines.append("")
    lines += named_tuples(found)
    for name, value in sorted(vars(core).items()):
        if name in classes or name.startswith("__") or name == "ops":
            continue
        if callable(value):
            form = FUNCTIONS.get(name, "(*args: Any, **kwargs: Any) -> Any")
            lines.append(f"def {name}{form}: ...")
        else:
            lines.append(f"{name}: {type(value).__name__}")
    return "\n".join(lines) + "\n"


def ops_stub(core: types.ModuleType, found: list[Record]) -> str:
    """Text of rushlight/_C/ops.pyi: every operator as a function."""
    shared = "Generator Tensor _device _dtype _layout _memory_format _number".split()
    shared += sorted({f"_{r.name}_result" for r in found if r.has_named_results})
    lines = [HEADER.format(title="Every operator of the table.")]
    lines += ["from collections.abc import Sequence"]
    lines += ["from typing import Any, overload", ALIASES, "from rushlight._C import ("]
    lines += [f"    {name}," for name in sorted(shared)] + [")", ""]
    groups = grouped(found, lambda _: True)
    groups |= grouped(found, lambda r: "inplace_function" in r.variants, "_")
    for name, group in sorted(groups.items()):
        lines += definitions(name, group, method=False)
    return "\n".join(lines) + "\n"


def home(name: str, value: Any, core: types.ModuleType) -> str | None:
    """The module that a public name of the package is defined in."""
    if type(value).__name__ == "OpFunction":
        return "rushlight._C.ops"
    if value is not None and vars(core).get(name) is value:
        return "rushlight._C"
    module = getattr(value, "__module__", None)
    own = isinstance(module, str) and module.startswith("rushlight.")
    return module if own else None


def exists(module: str) -> bool:
    """Whether the package has this module yet."""
    path = ROOT / "rushlight" / module.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


def package_stub(package: types.ModuleType, core: types.ModuleType) -> str:
    """Text of rushlight/__init__.pyi: the public names and where they are from."""
    lines = [HEADER.format(title="rushlight: deep learning with PyTorch's API.")]
    lines += ["from builtins import float as _float", "from typing import Any", ""]
    for name in sorted(filter(exists, package._SUBMODULES)):
        lines.append(f"from rushlight import {name} as {name}")
    for name, module in sorted(package._LAZY.items()):
        if exists(module):
            lines.append(f"from rushlight.{module} import {name} as {name}")
    handled = {*package._SUBMODULES, *package._LAZY, "annotations", "TYPE_CHECKING"}
    for name, value in sorted(vars(package).items()):
        module_or_private = isinstance(value, types.ModuleType) or name.startswith("_")
        if module_or_private or name in handled or value is Any:
            continue
        module = home(name, value, core)
        if module:
            lines.append(f"from {module} import {name} as {name}")
        else:
            lines.append(f"{name}: {'_float' if isinstance(value, float) else 'Any'}")
    return "\n".join([*lines, "", "__version__: str", ""])


def layers_stub(modules: types.ModuleType) -> str:
    """Text of rushlight/nn/modules/__init__.pyi; its __all__ is put together late."""
    lines = [HEADER.format(title="The layers, one file a family.")]
    for name in sorted(modules.__all__):
        home_module = getattr(modules, name).__module__
        lines.append(f"from {home_module} import {name} as {name}")
    for name, value in sorted(vars(modules).items()):
        if isinstance(value, types.ModuleType) and not name.startswith("_"):
            lines.append(f"from rushlight.nn.modules import {name} as {name}")
    names = ",\n".join(f'    "{name}"' for name in sorted(modules.__all__))
    lines.append(f"\n__all__ = [\n{names},\n]")
    return "\n".join(lines) + "\n"


def stubs() -> dict[str, str]:
    """Path -> text of every stub."""
    import rushlight
    import rushlight.nn.modules

    found = records.load()
    core = rushlight._C
    return {
        "rushlight/_C/__init__.pyi": core_stub(core, found),
        "rushlight/_C/ops.pyi": ops_stub(core, found),
        "rushlight/__init__.pyi": package_stub(rushlight, core),
        "rushlight/nn/modules/__init__.pyi": layers_stub(rushlight.nn.modules),
    }


def main() -> int:
    """Writes or verifies the stubs; 1 if one was out of date."""
    verify = "--verify" in sys.argv[1:]
    same = [records.write(ROOT / name, text, verify) for name, text in stubs().items()]
    return 0 if all(same) or not verify else 1


if __name__ == "__main__":
    sys.exit(main())
