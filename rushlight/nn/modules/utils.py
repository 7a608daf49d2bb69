"""Small helpers of the layers."""

from __future__ import annotations

from .._tuples import (
    _list_with_default as _list_with_default,
    _ntuple as _ntuple,
    _pair as _pair,
    _quadruple as _quadruple,
    _reverse_repeat_tuple as _reverse_repeat_tuple,
    _single as _single,
    _triple as _triple,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def consume_prefix_in_state_dict_if_present(
    state_dict: dict[str, Any], prefix: str
) -> None:
    """Strips `prefix` (e.g. 'module.') from the keys of a state dict, in place.

    The metadata, where there is any, follows.
    """
    for key in list(state_dict):
        if key.startswith(prefix):
            state_dict[key[len(prefix) :]] = state_dict.pop(key)
    metadata = getattr(state_dict, "_metadata", None)
    if metadata is None:
        return
    for key in list(metadata):
        if key and (key == prefix.replace(".", "") or key.startswith(prefix)):
            metadata[key[len(prefix) :]] = metadata.pop(key)
