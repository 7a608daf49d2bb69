"""What helps with an error of `load_state_dict`: the lines after PyTorch's own.

They name the layers whose shapes differ, a prefix that all keys share, a state dict
inside of a checkpoint, and keys that look like renamed ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher

from rushlight import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAX_LINES = 5
_MAX_KEYS = 200
_SIMILAR = 0.6
_STRIP = "rushlight.nn.modules.utils.consume_prefix_in_state_dict_if_present"


def help_lines(
    module: Any,
    state_dict: Mapping[str, Any],
    missing: list[str],
    unexpected: list[str],
    misfits: list[str],
) -> list[str]:
    """Hints for the reader of the error, the most likely cause first.

    Args:
        module: the module that was to be loaded.
        state_dict: what it was to load.
        missing, unexpected: keys without a partner.
        misfits: keys whose tensors have another shape.
    """
    own: dict[str, Any] = dict(module.named_parameters(remove_duplicate=False))
    own.update(module.named_buffers(remove_duplicate=False))
    whole = _inner_state(own, state_dict) or _prefix(own, state_dict)
    hints = [whole] if whole else _renamed(own, state_dict, missing, unexpected)
    root = type(module).__name__
    lines = [f"in {root}: {hint}" for hint in hints]
    for key in misfits[:_MAX_LINES]:
        path, _, name = key.rpartition(".")
        layers = dict(module.named_modules(remove_duplicate=False))
        if path in layers:
            label = repr(layers[path]).partition("\n")[0].rstrip("(")
            where = f"{root}.{path}" if path else root
            saved, shape = list(state_dict[key].shape), list(own[key].shape)
            lines.append(
                f"in {where} ({label}): {name} has the shape {shape} and was saved "
                f"with {saved}; build the layer as it was saved, or leave it out of "
                "the state dict"
            )
    return lines


def _inner_state(own: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """The entry of a checkpoint that is the state dict itself."""
    for key, value in given.items():
        if isinstance(value, Mapping) and not own.keys().isdisjoint(value):
            return f"this is a checkpoint: load state_dict[{key!r}], its state dict"
    return ""


def _prefix(own: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """A prefix that all keys of one side have, where the other has none."""
    if not own or not given or not own.keys().isdisjoint(given):
        return ""
    for long, short, advice in (
        (given, own, "all keys of the state dict begin with {prefix!r}{reason}: {fix}"),
        (own, given, "all keys of the model begin with {prefix!r}: {fix}"),
    ):
        first = next(iter(long))
        for key in short:
            prefix = first[: len(first) - len(key)]
            if not prefix.endswith(".") or not first.endswith(key):
                continue
            if all(name.startswith(prefix) for name in long):
                if long is given:
                    fix = f"call {_STRIP}(state_dict, {prefix!r}) before"
                else:
                    fix = f"load into model.{prefix[:-1]}, or put it before every key"
                return advice.format(prefix=prefix, reason=_reason(prefix), fix=fix)
    return ""


def _reason(prefix: str) -> str:
    wrappers = {
        "module.": "DataParallel",
        "_orig_mod.": "torch.compile",
        "_fsdp_wrapped_module.": "FullyShardedDataParallel",
    }
    wrapper = wrappers.get(prefix)
    return f", as {wrapper} saves them" if wrapper else ""


def _renamed(
    own: Mapping[str, Any],
    given: Mapping[str, Any],
    missing: list[str],
    unexpected: list[str],
) -> list[str]:
    """Pairs of a missing and an unexpected key with equal shapes and similar names."""
    free = unexpected[:_MAX_KEYS]
    lines: list[str] = []
    for key in missing[:_MAX_KEYS]:
        target = own.get(key)
        if not isinstance(target, Tensor):
            continue
        scores = [
            (_likeness(key, other), other)
            for other in free
            if getattr(given[other], "shape", None) == target.shape
        ]
        score, best = max(scores, default=(0.0, ""))
        if score >= _SIMILAR:
            free.remove(best)
            lines.append(
                f'"{key}" may be called "{best}" in the state dict: both have the '
                f"shape {list(target.shape)}"
            )
        if len(lines) == _MAX_LINES:
            break
    return lines


def _likeness(a: str, b: str) -> float:
    # The last part tells weights from biases: it must be the same.
    if a.rpartition(".")[2] != b.rpartition(".")[2]:
        return 0.0
    return SequenceMatcher(None, a, b, autojunk=False).ratio()
