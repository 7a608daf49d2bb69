"""What a training run needs around its steps: checkpoints to go on from."""

from __future__ import annotations

from ._checkpoint import Checkpoint as Checkpoint

__all__ = ["Checkpoint"]
