"""Checks that dependencies point one way: includes of core/, imports of rushlight/.

``python -m tools.layers`` prints every edge that points upward; fails if there is one.
The tables below are the architecture; docs/internals/index.md explains them.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Folder of core/ -> folders it may include besides itself.
CORE = {
    "base": set[str](),
    "tensor": {"base"},
    "autograd": {"base", "tensor"},
    "op": {"base", "tensor", "autograd"},
    "kernels": {"base", "tensor", "op"},
    "ops": {"base", "tensor", "autograd", "op", "kernels"},
    "python": {"base", "tensor", "autograd", "op", "kernels", "ops"},
}
# The generated list of operators belongs to what every op call goes through.
HEADER_LAYER = {"core/ops/ops.h": "op"}

# Part of rushlight/ -> parts it may import when it is itself imported. Modules directly
# in the package are the part "tensor"; what a function imports when called is free.
PYTHON = {
    "tensor": set[str](),
    "autograd": {"tensor"},
    "serialization": {"tensor"},
    "nn": {"tensor", "autograd"},
    "optim": {"tensor", "autograd"},
    "utils": {"tensor", "autograd", "serialization", "hub"},
    "testing": {"tensor", "autograd"},
    "multiprocessing": {"tensor", "autograd"},
    "safetensors": {"tensor", "serialization"},
    "hub": {"tensor", "serialization"},
    "training": {"tensor", "serialization"},
    "cli": {"tensor", "serialization"},
    "__main__": {"cli"},
}
# Never imported when the package is: they cost more than the whole of it.
LATE = {"numpy", "scipy", "tqdm", "matplotlib"}
FORBIDDEN = {"torch"}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')


@dataclass(frozen=True)
class Edge:
    """One dependency that should not be there."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def core_layer(header: str) -> str | None:
    """The layer of core/ that a header belongs to."""
    if header in HEADER_LAYER:
        return HEADER_LAYER[header]
    parts = header.split("/")
    return parts[1] if parts[0] == "core" and len(parts) > 2 else None


def core_edges(root: Path = ROOT) -> Iterator[Edge]:
    """Includes that point upward, and Python's headers outside core/python."""
    for path in sorted([*root.glob("core/**/*.h"), *root.glob("core/**/*.cpp")]):
        name = path.relative_to(root).as_posix()
        layer = core_layer(name)
        if layer not in CORE:
            yield Edge(name, 1, f"core/{layer} is no layer of tools/layers.py")
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            header = match[1]
            target = core_layer(header)
            if target and target != layer and target not in CORE[layer]:
                yield Edge(name, number, f"{layer} may not include {header}")
            if layer != "python" and header == "Python.h":
                yield Edge(name, number, f"{header} belongs in core/python only")


def part_of(module: str) -> str | None:
    """The part of the package that a dotted module name belongs to."""
    pieces = module.split(".")
    if pieces[0] != "rushlight":
        return None
    return pieces[1] if len(pieces) > 1 and pieces[1] in PYTHON else "tensor"


def imports_at_load(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Modules that the body imports when it runs, not what its functions import."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module
            if node.module == "rushlight":
                for alias in node.names:
                    yield node.lineno, f"rushlight.{alias.name}"
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
        elif isinstance(node, (ast.If, ast.Try, ast.With, ast.ClassDef)):
            waiting.extend(
                s for s in ast.iter_child_nodes(node) if isinstance(s, ast.stmt)
            )


def python_edges(root: Path = ROOT) -> Iterator[Edge]:
    """Imports of rushlight/ that point upward or cost start-up time."""
    for path in sorted(root.glob("rushlight/**/*.py")):
        relative = path.relative_to(root)
        name = relative.as_posix()
        if name == "rushlight/__init__.py":
            continue  # the face of the package re-exports from everywhere
        part = part_of(".".join(relative.with_suffix("").parts)) or ""
        tree = ast.parse(path.read_text("utf-8"), filename=name)
        for line, module in sorted(imports_at_load(tree)):
            target = part_of(module)
            if target and target != part and target not in PYTHON[part]:
                yield Edge(name, line, f"{part} may not import {module}")
            top = module.split(".")[0]
            if top in LATE:
                yield Edge(
                    name, line, f"import {top} inside the function that needs it"
                )
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                tops = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                tops = {node.module.split(".")[0]}
            else:
                continue
            for top in sorted(tops & FORBIDDEN):
                yield Edge(name, node.lineno, f"{top} is a test oracle, never imported")


def main() -> int:
    """Prints the edges; 1 if there are any."""
    edges = [*core_edges(), *python_edges()]
    for edge in edges:
        print(edge)
    print(f"layers: {len(edges)} dependencies point the wrong way")
    return 1 if edges else 0


if __name__ == "__main__":
    sys.exit(main())
