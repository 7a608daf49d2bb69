"""Dependencies point one way, and the checker that says so sees a wrong one."""

from pathlib import Path

import pytest

from tools import layers


@pytest.mark.smoke
def test_includes_of_the_core_point_downward() -> None:
    assert [str(edge) for edge in layers.core_edges()] == []


@pytest.mark.smoke
def test_imports_of_the_package_point_downward() -> None:
    assert [str(edge) for edge in layers.python_edges()] == []


def test_checker_sees_wrong_edges(tmp_path: Path) -> None:
    core = tmp_path / "core" / "tensor"
    core.mkdir(parents=True)
    (core / "a.h").write_text('#include "core/autograd/node.h"\n#include <Python.h>\n')
    package = tmp_path / "rushlight" / "optim"
    package.mkdir(parents=True)
    (package / "b.py").write_text(
        "from rushlight import nn\nimport numpy\n"
        "if TYPE_CHECKING:\n    import scipy\n"
        "def f():\n    import torch\n    import scipy\n"
    )
    found = [
        str(e) for e in (*layers.core_edges(tmp_path), *layers.python_edges(tmp_path))
    ]
    assert found == [
        "core/tensor/a.h:1: tensor may not include core/autograd/node.h",
        "core/tensor/a.h:2: Python.h belongs in core/python only",
        "rushlight/optim/b.py:1: optim may not import rushlight.nn",
        "rushlight/optim/b.py:2: import numpy inside the function that needs it",
        "rushlight/optim/b.py:6: torch is a test oracle, never imported",
    ]
