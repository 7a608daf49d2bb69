"""What pyproject.toml says twice agrees, and importing the package stays cheap."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    tomllib = pytest.importorskip("tomllib", reason="part of Python 3.11")
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8")))


def test_groups_repeat_what_the_package_needs(project: dict[str, Any]) -> None:
    groups = project["dependency-groups"]
    assert groups["run"] == project["project"]["dependencies"]
    assert set(groups["build"]) >= set(project["build-system"]["requires"])


def test_version_is_said_once(project: dict[str, Any]) -> None:
    import rushlight

    assert rushlight.__version__ == project["project"]["version"]


@pytest.mark.smoke
def test_import_loads_little() -> None:
    code = "import json, sys, rushlight; print(json.dumps(sorted(sys.modules)))"
    paths = [os.environ.get("PYTHONPATH", ""), str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    assert not loaded & {"numpy", "scipy", "tqdm", "torch", "rushlight.nn"}
