"""How sparse tensors print: their parts, then size, nnz, dtype and layout."""

from __future__ import annotations

from typing import Any

import rushlight
from rushlight._tensor_str import PRINT_OPTS, _is_implied, _values

_PREFIX = "tensor("
_PARTS = {
    "torch.sparse_coo": ("indices", "values"),
    "torch.sparse_csr": ("crow_indices", "col_indices", "values"),
    "torch.sparse_csc": ("ccol_indices", "row_indices", "values"),
    "torch.sparse_bsr": ("crow_indices", "col_indices", "values"),
    "torch.sparse_bsc": ("ccol_indices", "row_indices", "values"),
}


def sparse_str(tensor: Any) -> str:
    """The text of `repr(tensor)` of a sparse tensor."""
    indent = len(_PREFIX)
    names = _PARTS[str(tensor.layout)]
    parts = [
        _part(name, part.detach(), indent)
        for name, part in zip(names, tensor._parts, strict=True)
    ]
    gap = ",\n" + " " * indent
    text = _PREFIX + gap.join(parts)
    suffixes = [f"size={tuple(tensor.shape)}", f"nnz={tensor._nnz()}"]
    if not _is_implied(tensor.dtype, tensor._parts[-1].numel() == 0):
        suffixes.append(f"dtype={tensor.dtype}")
    suffixes.append(f"layout={tensor.layout}")
    if tensor.is_sparse:
        # PyTorch gives these a line of their own for COO only.
        return text + gap + ", ".join(suffixes) + ")"
    used = len(text) - (text.rfind("\n") + 1)
    for suffix in suffixes:
        if used + len(suffix) + 4 > PRINT_OPTS.linewidth:
            text += gap + suffix
            used = indent + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text + ")"


def _part(name: str, values: Any, indent: int) -> str:
    head = f"{name}=tensor("
    if values.numel() == 0:
        return f"{head}[], size={tuple(values.shape)})"
    with rushlight.no_grad():
        return f"{head}{_values(values, indent + len(head))})"
