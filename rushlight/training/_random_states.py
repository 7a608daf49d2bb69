"""The random streams of a process as plain data: rushlight's, Python's and NumPy's."""

from __future__ import annotations

import random
import sys
from typing import Any

import rushlight


def random_states() -> dict[str, Any]:
    """Where the default streams of this process stand.

    Returns:
        {'rushlight': uint8 tensor, 'python': (version, ints, float or None)}, and
        'numpy' with the state of `numpy.random` if NumPy has been imported.
    """
    states = {"rushlight": rushlight.get_rng_state(), "python": random.getstate()}
    if "numpy" in sys.modules:
        import numpy

        states["numpy"] = _without_arrays(numpy.random.get_state(legacy=False))
    return states


def set_random_states(states: dict[str, Any]) -> None:
    """Lets the streams go on from where `random_states` found them."""
    rushlight.set_rng_state(states["rushlight"])
    random.setstate(states["python"])
    if "numpy" in states:
        import numpy

        numpy.random.set_state(states["numpy"])


def _without_arrays(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _without_arrays(value) for key, value in state.items()}
    return state.tolist() if hasattr(state, "tolist") else state
