"""The row types of the sample table: one OpSamples per operator."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from . import dtypes as dt


@dataclass(frozen=True)
class SampleInput:
    """One call: arguments, and which of the checks it is fit for."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    grad: bool = True  # no kink, tie or singularity within gradcheck's step
    reference: bool = True  # the NumPy reference answers this one
    result: str | None = None  # result dtype, where the row's rule does not hold

    def but(self, **changes: Any) -> "SampleInput":
        return replace(self, **changes)

    def __repr__(self) -> str:
        shown = [_show(a) for a in self.args]
        shown += [f"{k}={_show(v)}" for k, v in self.kwargs.items()]
        return f"({', '.join(shown)})"


@dataclass(frozen=True)
class ErrorInput:
    """One call that must raise `error`, with `text` somewhere in the message."""

    args: tuple[Any, ...]
    error: type[Exception]
    text: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)


Inputs = Callable[[Any, str], Iterable[SampleInput]]
Errors = Callable[[Any], Iterable[ErrorInput]]


@dataclass(frozen=True)
class OpSamples:
    """Everything the drivers know about one operator.

    `name` is the dotted path below the library (`"add"`, `"nn.functional.relu"`,
    `"Tensor.fill_diagonal_"`). `variants` holds letters: m = Tensor method, i = its
    in-place twin, o = `out=`. `result` is a rule of dtypes.result_dtype.
    """

    name: str
    dtypes: frozenset[str]
    inputs: Inputs
    reference: Callable[..., Any] | None = None
    result: str | None = None
    errors: Errors | None = None
    variants: str = ""
    grad: bool = True
    gradgrad: bool = True
    complex_grad: bool = True
    label: str = ""  # tells rows of the same operator apart
    call: Callable[[Any], Callable[..., Any]] | None = None  # library -> function
    view: bool = False  # the result is a view of the first argument
    strides: bool = False  # the oracle compares strides too
    seeded: bool = False  # seed the generator before every call
    values: bool = True  # False: contents undefined or not comparable (empty)
    any_layout: bool = True  # False: needs or changes its arguments' own memory
    constant: tuple[int | str, ...] = ()  # arguments that take no gradient
    records: tuple[str, ...] = ()  # further registry records this row exercises
    tolerance: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    reason: str = ""  # why `tolerance` is looser, or a check is off

    def __post_init__(self) -> None:
        if self.tolerance and not self.reason:
            raise ValueError(f"{self.id}: a looser tolerance needs its reason")

    @property
    def id(self) -> str:
        return f"{self.name}:{self.label}" if self.label else self.name

    @property
    def leaf(self) -> str:
        return self.name.rsplit(".", 1)[-1]

    @property
    def in_place(self) -> bool:
        """The operator writes into its first argument."""
        return self.leaf.endswith("_") and not self.leaf.endswith("__")

    @property
    def grad_dtypes(self) -> tuple[str, ...]:
        if not self.grad:
            return ()
        wanted = ("float64", "complex128") if self.complex_grad else ("float64",)
        return tuple(d for d in wanted if d in self.dtypes)

    def function(self, xp: Any) -> Callable[..., Any]:
        """The callable in library `xp`; AttributeError where it is missing."""
        if self.call is not None:
            return self.call(xp)
        found = xp
        for part in self.name.split("."):
            found = getattr(found, part)
        return found  # type: ignore[no-any-return]

    def tolerances(self, dtype: str) -> tuple[float, float]:
        return self.tolerance.get(dtype) or dt.TOLERANCE.get(dtype, (0.0, 0.0))


def sample(*args: Any, **kwargs: Any) -> SampleInput:
    return SampleInput(args, kwargs)


def error(kind: type[Exception], text: str, *args: Any, **kwargs: Any) -> ErrorInput:
    return ErrorInput(args, kind, text, kwargs)


def _show(value: Any) -> str:
    if hasattr(value, "stride") and hasattr(value, "dtype"):
        return f"{value.dtype}{list(value.shape)}/{list(value.stride())}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_show(v) for v in value)}]"
    return repr(value)
