"""First and second derivatives of every row against finite differences."""

from collections.abc import Iterator
from typing import Any

from samples import bridge, cases
from samples.table import OpSamples, SampleInput

MAX_ELEMENTS = 40
MAX_SAMPLES = 6


def grad_dtypes(row: OpSamples) -> tuple[str, ...]:
    return row.grad_dtypes


def gradgrad_dtypes(row: OpSamples) -> tuple[str, ...]:
    return row.grad_dtypes[:1] if row.gradgrad else ()


def problems(
    row: OpSamples, dtype: str, xp: Any, limit: int
) -> Iterator[tuple[SampleInput, Any, tuple[Any, ...]]]:
    """(sample, function of its tensors, tensors), for samples that are small enough."""
    for item in cases.samples_of(row, dtype, xp):
        olds = cases.tested_tensors(row, item, dtype)
        olds = [t for t in olds if bridge.dtype_of(t) == dtype]
        if not item.grad or not olds or sum(t.numel() for t in olds) > MAX_ELEMENTS:
            continue
        leaves = tuple(_leaf(t) for t in olds)

        def function(
            *new: Any, item: SampleInput = item, olds: list[Any] = olds
        ) -> Any:
            if row.in_place:
                new = tuple(t.clone() for t in new)
            args, kwargs = cases.with_tensors(item, olds, new)
            return tuple(cases.differentiable(cases.invoke(row, xp, args, kwargs)))

        if not function(*leaves):
            continue
        yield item, function, leaves
        limit -= 1
        if limit == 0:
            return


def _leaf(tensor: Any) -> Any:
    """Leaf of the same layout; an expanded tensor gets memory for each element."""
    tensor = tensor.detach()
    if any(
        s == 0 and n > 1 for n, s in zip(tensor.shape, tensor.stride(), strict=True)
    ):
        tensor = tensor.contiguous()
    return tensor.requires_grad_()


@cases.rows_and_dtypes("gradient", grad_dtypes)
def test_gradient(row: OpSamples, dtype: str, xp: Any) -> None:
    count = 0
    for item, function, leaves in problems(row, dtype, xp, MAX_SAMPLES):
        count += 1
        try:
            assert xp.autograd.gradcheck(function, leaves, atol=2e-5, rtol=1e-3)
        except Exception as error:
            raise AssertionError(f"{row.id}{item!r}: {error}") from error
    assert count, f"{row.id}: no sample to differentiate in {dtype}"


@cases.rows_and_dtypes("second gradient", gradgrad_dtypes)
def test_second_gradient(row: OpSamples, dtype: str, xp: Any) -> None:
    for item, function, leaves in problems(row, dtype, xp, 2):
        results = function(*leaves)
        if sum(t.numel() for t in results) > MAX_ELEMENTS:
            continue
        try:
            assert xp.autograd.gradgradcheck(
                function, leaves, atol=5e-5, rtol=1e-3, gen_non_contig_grad_outputs=True
            )
        except Exception as error:
            raise AssertionError(f"{row.id}{item!r}: {error}") from error


@cases.rows_and_dtypes("no gradient", lambda row: row.dtypes & {"float64"})
def test_requires_grad(row: OpSamples, dtype: str, xp: Any) -> None:
    """Results carry a gradient where the row says so, and never under no_grad."""
    carried = False
    for item in cases.samples_of(row, dtype, xp):
        olds = cases.tested_tensors(row, item, dtype)
        if not olds:
            continue
        leaves = [t.detach().requires_grad_() for t in olds]
        new = [t.clone() for t in leaves] if row.in_place else leaves
        args, kwargs = cases.with_tensors(item, olds, new)
        if not row.in_place:
            with xp.no_grad():
                results = list(bridge.tensors(cases.invoke(row, xp, args, kwargs)))
            # grad_fn, not requires_grad: a view made here inherits that of its base.
            assert all(r.grad_fn is None for r in results), f"{row.id}{item!r}"
        elif not row.grad:
            continue
        carried |= bool(cases.differentiable(cases.invoke(row, xp, args, kwargs)))
    assert carried or not row.grad, f"{row.id}: no result carries a gradient"
