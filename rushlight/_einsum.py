"""einsum: sums of products by Einstein's notation, as a chain of batched matrix products."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

from rushlight import _C

if TYPE_CHECKING:
    from rushlight import Tensor

_LETTERS = string.ascii_uppercase + string.ascii_lowercase


def einsum(equation: Any, *operands: Any) -> Tensor:
    """Sums products of elements of ``operands`` as ``equation`` says.

    Args:
        equation: ``"ij,jk->ik"``; letters name dimensions, ``...`` stands for dimensions that
            broadcast. Without ``->`` the result has the letters that occur once, sorted. The form
            ``einsum(op1, [0, 1], op2, [1, 2], [0, 2])`` is accepted too.
        operands: tensors, or one list of them.

    Raises:
        RuntimeError: the equation does not fit the operands.
    """
    if not isinstance(equation, str):
        equation, operands = _from_sublists((equation, *operands))
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    if not operands:
        raise RuntimeError("einsum(): must provide at least one operand")
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        more = "more" if len(terms) < len(operands) else "fewer"
        raise RuntimeError(
            f"einsum(): {more} operands were provided than specified in the equation"
        )
    labels, rank = _labels(terms, operands)
    output = _output_labels(labels, right, bool(arrow), rank)
    sizes = _sizes(labels, operands)
    tensors = [_diagonals(t, names) for t, names in zip(operands, labels, strict=True)]
    return _contract(tensors, output, sizes)


def _from_sublists(items: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The equation that lists of dimension numbers spell."""

    def spell(numbers: Any) -> str:
        text = []
        for n in numbers:
            if n is Ellipsis:
                text.append("...")
            elif 0 <= n < len(_LETTERS):
                text.append(_LETTERS[n])
            else:
                raise RuntimeError(
                    "einsum(): subscripts in sublist format must be within the range [0, 52)"
                )
        return "".join(text)

    pairs = len(items) // 2
    equation = ",".join(spell(items[2 * i + 1]) for i in range(pairs))
    if len(items) % 2:
        equation += "->" + spell(items[-1])
    return equation, tuple(items[2 * i] for i in range(pairs))


def _labels(terms: list[str], operands: tuple[Any, ...]) -> tuple[list[list[str]], int]:
    """Names of each operand's dimensions; those under ``...`` are called ``.0``, ``.1``, ..."""
    parsed = []
    rank = 0
    for i, (term, tensor) in enumerate(zip(terms, operands, strict=True)):
        before, dots, after = term.partition("...")
        for letter in before + after:
            if letter not in _LETTERS:
                raise RuntimeError(
                    f"einsum(): invalid subscript given at index {term.index(letter)} in the "
                    "equation string, subscripts must be in [a-zA-Z]"
                )
        hidden = tensor.dim() - len(before) - len(after)
        if (hidden != 0 and not dots) or hidden < 0:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(before + after)}) does "
                f"not match the number of dimensions ({tensor.dim()}) for operand {i} and no "
                "ellipsis was given"
                if not dots
                else f"einsum(): the number of subscripts in the equation ({len(before + after)}) "
                f"is more than the number of dimensions ({tensor.dim()}) for operand {i}"
            )
        rank = max(rank, hidden)
        parsed.append((before, hidden, after))
    return [
        [*before, *(f".{rank - hidden + k}" for k in range(hidden)), *after]
        for before, hidden, after in parsed
    ], rank


def _output_labels(
    labels: list[list[str]], right: str, explicit: bool, rank: int
) -> list[str]:
    hidden = [f".{k}" for k in range(rank)]
    if not explicit:
        counts: dict[str, int] = {}
        for names in labels:
            for name in names:
                counts[name] = counts.get(name, 0) + 1
        once = [
            n
            for n in sorted(counts, key=_LETTERS.find)
            if counts[n] == 1 and n[0] != "."
        ]
        return hidden + once
    before, dots, after = right.partition("...")
    output = [*before, *(hidden if dots else []), *after]
    known = {name for names in labels for name in names}
    for letter in before + after:
        if letter not in known:
            raise RuntimeError(
                f"einsum(): output subscript {letter} does not appear in the equation for any "
                "input operand"
            )
        if output.count(letter) > 1:
            raise RuntimeError(
                f"einsum(): output subscript {letter} appears more than once in the output"
            )
    return output


def _sizes(labels: list[list[str]], operands: tuple[Any, ...]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for i, (names, tensor) in enumerate(zip(labels, operands, strict=True)):
        seen: dict[str, int] = {}
        for name, n in zip(names, tensor.shape, strict=True):
            if seen.get(name, n) != n:
                raise RuntimeError(
                    f"einsum(): subscript {name} is repeated for operand {i} but the sizes don't "
                    f"match, {n} != {seen[name]}"
                )
            seen[name] = n
            old = sizes.get(name, 1)
            if n != 1 and old != 1 and n != old:
                raise RuntimeError(
                    f"einsum(): subscript {name} has size {n} for operand {i} which does not "
                    f"broadcast with previously seen size {old}"
                )
            if old == 1:
                sizes[name] = n
    return sizes


def _diagonals(tensor: Tensor, names: list[str]) -> tuple[Tensor, list[str]]:
    """Repeated names within one operand take the diagonal."""
    names = list(names)
    for name in dict.fromkeys(names):
        while names.count(name) > 1:
            first = names.index(name)
            second = names.index(name, first + 1)
            tensor = tensor.diagonal(0, first, second).movedim(-1, first)
            del names[second]
    return tensor, names


def _sum_out(
    tensor: Tensor, names: list[str], keep: set[str]
) -> tuple[Tensor, list[str]]:
    gone = [d for d, name in enumerate(names) if name not in keep]
    if not gone:
        return tensor, names
    return tensor.sum(gone), [n for n in names if n in keep]


def _contract(
    tensors: list[tuple[Tensor, list[str]]], output: list[str], sizes: dict[str, int]
) -> Tensor:
    """Multiplies from left to right, summing a name out as soon as nobody needs it."""
    result, names = tensors[0]
    for i in range(1, len(tensors) + 1):
        later = set(output).union(*(n for _, n in tensors[i:]))
        if i == len(tensors):
            result, names = _sum_out(result, names, later)
            break
        other, other_names = tensors[i]
        after = set(output).union(*(n for _, n in tensors[i + 1 :]))
        result, names = _sum_out(result, names, after | set(other_names))
        other, other_names = _sum_out(other, other_names, after | set(names))
        result, names = _product(result, names, other, other_names, after, sizes)
    order = [names.index(n) for n in output if n in names]
    return result.permute(order)


def _product(
    a: Tensor,
    a_names: list[str],
    b: Tensor,
    b_names: list[str],
    keep: set[str],
    sizes: dict[str, int],
) -> tuple[Tensor, list[str]]:
    """One batched matrix product: (batch, rows, inner) @ (batch, inner, columns)."""
    # A shared name that one side has with size 1 only broadcasts: it is that side's no longer.
    a, a_names = _drop_broadcast(a, a_names, b_names, sizes)
    b, b_names = _drop_broadcast(b, b_names, a_names, sizes)
    shared = [n for n in a_names if n in b_names]
    batch = [n for n in shared if n in keep]
    inner = [n for n in shared if n not in keep]
    rows = [n for n in a_names if n not in shared]
    columns = [n for n in b_names if n not in shared]
    if not inner:  # nothing to sum: an element by element product
        names = batch + rows + columns
        left = _align(a, a_names, names)
        return left * _align(b, b_names, names), names

    def block(t: Tensor, names: list[str], groups: list[list[str]]) -> Tensor:
        flat = [n for group in groups for n in group]
        t = t.permute([names.index(n) for n in flat])
        return t.reshape([_size(t, flat, group) for group in groups])

    left = block(a, a_names, [batch, rows, inner])
    right = block(b, b_names, [batch, inner, columns])
    product = _C.ops.bmm(left, right)
    shape = [a.shape[a_names.index(n)] for n in batch + rows]
    shape += [b.shape[b_names.index(n)] for n in columns]
    return product.reshape(shape), batch + rows + columns


def _size(permuted: Tensor, flat: list[str], group: list[str]) -> int:
    n = 1
    for name in group:
        n *= permuted.shape[flat.index(name)]
    return n


def _drop_broadcast(
    t: Tensor, names: list[str], other: list[str], sizes: dict[str, int]
) -> tuple[Tensor, list[str]]:
    gone = [
        d
        for d, name in enumerate(names)
        if name in other and t.shape[d] == 1 and sizes[name] != 1
    ]
    if not gone:
        return t, names
    return t.squeeze(gone), [n for d, n in enumerate(names) if d not in gone]


def _align(t: Tensor, names: list[str], wanted: list[str]) -> Tensor:
    """Dimensions in the wanted order, with size 1 where ``t`` has none."""
    t = t.permute([names.index(n) for n in wanted if n in names])
    for d, name in enumerate(wanted):
        if name not in names:
            t = t.unsqueeze(d)
    return t
