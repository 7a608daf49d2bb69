"""Writes recorded.json and programs.json: what expressions and programs do under PyTorch.

``cd tests && python -m tensors.record``, with a Python that has torch.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

from autograd.outcome import run

from .outcome import FOLDER, RECORD, expressions, outcome
from .programs import programs

PROGRAMS = FOLDER / "programs.json"


def recorded_programs() -> dict[str, list[Any]]:
    """What PyTorch made of the programs, by name."""
    return dict(json.loads(PROGRAMS.read_text("utf-8")))


def main() -> None:
    torch = importlib.import_module("torch")
    found = {
        group: {text: outcome(group, text, torch) for text in texts}
        for group, texts in expressions().items()
    }
    RECORD.write_text(json.dumps(found, indent=0) + "\n", "utf-8")
    runs = (
        f"{json.dumps(name)}: {json.dumps(run(program, torch))}"
        for name, program in programs().items()
    )
    PROGRAMS.write_text("{\n" + ",\n".join(runs) + "\n}\n", "utf-8")


if __name__ == "__main__":
    main()
