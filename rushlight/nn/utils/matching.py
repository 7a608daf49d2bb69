"""Loading the part of a state dict that fits, as for a model with a new last layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from rushlight import Tensor

if TYPE_CHECKING:
    from rushlight.nn import Module


class MatchedKeys(NamedTuple):
    """What `load_matching_state_dict` did, as lists of keys."""

    loaded: list[str]
    """Those with the same name and shape on both sides."""
    missing: list[str]
    """Those of the module that the state dict does not have."""
    unexpected: list[str]
    """Those of the state dict that the module does not have."""
    misfits: list[str]
    """Those whose shapes differ, which keep their values."""


def load_matching_state_dict(
    module: Module, state_dict: Mapping[str, Any], assign: bool = False
) -> MatchedKeys:
    """Loads the tensors whose name and shape fit, and leaves all others alone.

    PyTorch has no such function; there, `load_state_dict(strict=False)` raises when
    shapes differ.

    Args:
        module: gets the values.
        state_dict: tensors by dotted name.
        assign: as for `Module.load_state_dict`.

    Returns:
        The keys that were loaded, and those that were not, by reason.

    Raises:
        TypeError: if `state_dict` is not a mapping.
        RuntimeError: if nothing fits at all; the text says why.
    """
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    own = module.state_dict(keep_vars=True)
    loaded: list[str] = []
    misfits: list[str] = []
    for key, value in own.items():
        if key in state_dict:
            (loaded if _fits(value, state_dict[key]) else misfits).append(key)
    missing = [key for key in own if key not in state_dict]
    unexpected = [key for key in state_dict if key not in own]
    if own and not loaded:
        from ..modules._load_help import help_lines

        lines = help_lines(module, state_dict, missing, unexpected, misfits)
        raise RuntimeError(
            f"load_matching_state_dict: no tensor of the state dict fits into "
            f"{type(module).__name__}" + "".join(f"\n  {line}" for line in lines)
        )
    part: Any = type(state_dict)() if hasattr(state_dict, "_metadata") else {}
    part.update((key, state_dict[key]) for key in loaded)
    if hasattr(state_dict, "_metadata"):
        part._metadata = state_dict._metadata
    module.load_state_dict(part, strict=False, assign=assign)
    return MatchedKeys(loaded, missing, unexpected, misfits)


def _fits(target: Any, source: Any) -> bool:
    if isinstance(target, Tensor) and isinstance(source, Tensor):
        return target.shape == source.shape
    return isinstance(target, Tensor) == isinstance(source, Tensor)
