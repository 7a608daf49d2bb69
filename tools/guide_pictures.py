"""Draws the pictures of docs/guide from what its code blocks compute.

``python -m tools.guide_pictures`` runs the page and writes docs/guide/pictures/*.svg.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from typing import Any

from tools.records import ROOT

GUIDE = ROOT / "docs" / "guide"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INK, ACCENT = "#35506b", "#c8622d"


def run_page() -> dict[str, Any]:
    """The names that the page's blocks leave behind."""
    namespace: dict[str, Any] = {"__name__": "page"}
    page = (GUIDE / "tensor_to_model.md").read_text("utf-8")
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                for block in BLOCK.findall(page):
                    exec(block, namespace)
        finally:
            os.chdir(before)
    return namespace


def draw(page: dict[str, Any]) -> None:
    """The loss by epoch, and the two rings with the border that the model found."""
    import matplotlib
    import numpy as np

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "rushlight", "font.size": 9})
    from matplotlib import pyplot as plt

    torch = page["torch"]
    folder = GUIDE / "pictures"
    folder.mkdir(exist_ok=True)

    figure, axes = plt.subplots(figsize=(4.2, 2.6), layout="constrained")
    axes.plot(range(1, len(page["losses"]) + 1), page["losses"], "o-", color=INK, ms=3)
    axes.set(xlabel="epoch", ylabel="mean loss", ylim=(0, None))
    axes.set_xticks(range(0, len(page["losses"]) + 1, 5))
    figure.savefig(folder / "loss.svg", metadata={"Date": None})

    line = torch.linspace(-2.8, 2.8, 80)
    across, up = line.expand(80, 80), line.unsqueeze(1).expand(80, 80)
    grid = torch.stack([across.reshape(-1), up.reshape(-1)], dim=1)
    with torch.no_grad():
        scores = page["model"](grid)
    margin = (scores[:, 1] - scores[:, 0]).reshape(80, 80).numpy()
    points, labels = page["points"].numpy(), page["labels"].numpy()
    figure, axes = plt.subplots(figsize=(3.2, 3.2), layout="constrained")
    axes.contour(line.numpy(), line.numpy(), margin, levels=[0], colors="#888888")
    for label, color in enumerate((INK, ACCENT)):
        some = points[np.asarray(labels) == label]
        axes.plot(some[:, 0], some[:, 1], ".", color=color, label=f"label {label}")
    axes.set(aspect="equal")
    axes.legend(loc="upper right", fontsize=8)
    figure.savefig(folder / "rings.svg", metadata={"Date": None})


if __name__ == "__main__":
    draw(run_page())
    sys.exit(0)
