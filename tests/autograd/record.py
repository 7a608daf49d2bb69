"""Writes recorded.json: what the programs do under PyTorch.

``cd tests && python -m autograd.record``, with a Python that has torch.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

from .outcome import run
from .programs import programs

RECORD = Path(__file__).with_name("recorded.json")


def recorded() -> dict[str, list[Any]]:
    """The runs under PyTorch, by name of the program."""
    return dict(json.loads(RECORD.read_text()))


def main() -> None:
    torch = importlib.import_module("torch")
    runs = (
        f"{json.dumps(name)}: {json.dumps(run(program, torch))}"
        for name, program in programs().items()
    )
    RECORD.write_text("{\n" + ",\n".join(runs) + "\n}\n")


if __name__ == "__main__":
    main()
