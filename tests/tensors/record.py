"""Writes recorded.json: what the expressions come to under PyTorch.

``cd tests && python -m tensors.record``, with a Python that has torch.
"""

from __future__ import annotations

import importlib
import json

from .outcome import RECORD, expressions, outcome


def main() -> None:
    torch = importlib.import_module("torch")
    found = {
        group: {text: outcome(group, text, torch) for text in texts}
        for group, texts in expressions().items()
    }
    RECORD.write_text(json.dumps(found, indent=0) + "\n", "utf-8")


if __name__ == "__main__":
    main()
