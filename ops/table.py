"""The operator table: what an entry is, and the list all families add to.

An entry is one call of :func:`op`. See docs/internals/op.md for the notation.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from pathlib import Path

# Dtype sets of loops, in the order of the C++ enum.
DTYPES = (
    "Bool UInt8 Int8 Int16 Int32 Int64 Float16 BFloat16 Float32 Float64 "
    "Complex64 Complex128"
).split()
BOOL = ("Bool",)
INTEGERS = tuple(DTYPES[1:6])
FLOATS = tuple(DTYPES[6:10])
COMPLEX = tuple(DTYPES[10:])
REDUCED = FLOATS[:2]
REAL = INTEGERS + FLOATS
REAL_BOOL = BOOL + REAL
NUMBERS = REAL + COMPLEX
ALL = BOOL + NUMBERS
FLOATS_COMPLEX = FLOATS + COMPLEX
BITS = BOOL + INTEGERS

# Schema type -> (ParamType, C++ parameter, accessor of Value). `?` adds optional.
TYPES = {
    "Tensor": ("Tensor", "const Tensor&", "{v}.tensor()"),
    "Tensor?": ("Tensor", "const Tensor&", "{v}.tensor()"),
    "Tensor|Scalar": ("Operand", "const Operand&", "Operand({v})"),
    "Tensor|Scalar?": ("Operand", "const Operand&", "Operand({v})"),
    "Tensor[]": ("TensorList", "TensorList", "{v}.tensors()"),
    "Tensor?[]": ("TensorList", "TensorList", "{v}.tensors()"),
    "Scalar": ("Scalar", "const Scalar&", "{v}.scalar()"),
    "Scalar?": ("Scalar", "const Scalar&", "{v}.scalar()"),
    "Scalar[]": ("ScalarList", "std::span<const Scalar>", "{v}.scalars()"),
    "int": ("Int", "int64_t", "{v}.to_int()"),
    "int?": ("Int", "std::optional<int64_t>", "{v}.opt_int()"),
    "int[]": ("IntList", "IntList", "{v}.ints()"),
    "int[]?": ("IntList", "std::optional<IntList>", "{v}.opt_ints()"),
    "float": ("Float", "double", "{v}.to_double()"),
    "float?": ("Float", "std::optional<double>", "{v}.opt_double()"),
    "float[]": ("FloatList", "std::span<const double>", "{v}.floats()"),
    "float[]?": (
        "FloatList",
        "std::optional<std::span<const double>>",
        "{v}.opt_floats()",
    ),
    "bool": ("Bool", "bool", "{v}.to_bool()"),
    "bool?": ("Bool", "std::optional<bool>", "{v}.opt_bool()"),
    "str": ("String", "std::string_view", "{v}.string()"),
    "str?": ("String", "std::optional<std::string_view>", "{v}.opt_string()"),
    "ScalarType": ("Dtype", "Dtype", "{v}.dtype()"),
    "ScalarType?": ("Dtype", "std::optional<Dtype>", "{v}.opt_dtype()"),
    "Device?": ("Device", "std::optional<Device>", "{v}.opt_device()"),
    "Layout?": ("Layout", "std::optional<Layout>", "{v}.opt_layout()"),
    "MemoryFormat?": (
        "MemoryFormat",
        "std::optional<MemoryFormat>",
        "{v}.opt_memory_format()",
    ),
    "MemoryFormat": ("MemoryFormat", "MemoryFormat", "{v}.memory_format()"),
    "Generator?": ("Generator", "Generator*", "{v}.generator()"),
}


@dataclass
class Param:
    """One parameter of a schema."""

    name: str
    type: str  # key of TYPES
    list_size: int = 0
    keyword_only: bool = False
    default: str | None = None

    @property
    def is_tensor(self) -> bool:
        return TYPES[self.type][0] in ("Tensor", "Operand", "TensorList")


@dataclass
class Op:
    """One operator. The fields are the keyword arguments of :func:`op`."""

    schema: str
    doc: str
    where: tuple[str, int]
    family: str
    name: str
    overload: str
    params: list[Param]
    results: list[str]  # names; unnamed ones are result0, result1, ...
    named_results: bool
    returns_list: bool
    scalar_result: bool
    kind: str = ""
    body: str = ""  # expression or C++ function, by kind
    plan: str = ""
    on: tuple[str, ...] = ()
    promote: str = "common"
    result: str = "compute"
    inputs: tuple[str, ...] = ()
    mask_first: bool = False
    scalars: tuple[str, ...] = ()
    scalars_promote: bool = False
    near: str = ""
    near_reach: str = ""
    near_span: str = ""
    exact: bool = False
    plain: bool = False
    precise_numbers: bool = False
    check: str = ""
    variants: frozenset[str] = field(default_factory=frozenset)
    grad: dict[str, str] = field(default_factory=dict)
    vjp: str = ""
    saves: str = ""
    differentiable: str = ""
    node: str = ""

    @property
    def cpp_name(self) -> str:
        return f"{self.name}_{self.overload}" if self.overload else self.name

    def param(self, name: str) -> Param:
        return next(p for p in self.params if p.name == name)


OPS: list[Op] = []

_SCHEMA = re.compile(r"^(\w+?)(?:\.(\w+))?\((.*)\) -> (.+)$")
_TYPE = re.compile(r"^([\w|]+\??)(\[\d*\])?(\??)$")


def _parse_params(text: str) -> list[Param]:
    params: list[Param] = []
    keyword_only = False
    for piece in re.split(r",\s*(?![^\[]*\])", text) if text.strip() else []:
        if piece == "*":
            keyword_only = True
            continue
        type_text, _, rest = piece.strip().partition(" ")
        name, has_default, default = rest.partition("=")
        match = _TYPE.match(type_text)
        if not match:
            raise ValueError(f"bad type {type_text!r} in ({text})")
        base, brackets, question = match.groups()
        key = base + ("[]" if brackets else "") + question
        if key not in TYPES:
            raise ValueError(f"unknown type {type_text!r} in ({text})")
        size = int(brackets[1:-1]) if brackets and brackets != "[]" else 0
        params.append(
            Param(name, key, size, keyword_only, default if has_default else None)
        )
    return params


def _parse_results(text: str) -> tuple[list[str], bool, bool]:
    if text == "Tensor[]":
        return ["result"], False, True
    if text == "()":
        return [], False, False
    if not text.startswith("("):
        return ["result"], False, False
    pieces = [p.split() for p in text[1:-1].split(", ")]
    named = len(pieces[0]) > 1
    return [p[1] if named else f"result{i}" for i, p in enumerate(pieces)], named, False


_KINDS = ("expr", "loops", "kernel", "dynamic", "view", "composite", "choose", "mutate")


def op(
    schema: str,
    doc: str,
    *,
    variants: str = "function method",
    on: tuple[str, ...] = (),
    promote: str = "common",
    result: str = "compute",
    inputs: str = "",
    mask_first: bool = False,
    scalars: str = "",
    scalars_promote: bool = False,
    near: str = "",
    near_reach: str = "math::kNearRange",
    near_span: str = "",
    exact: bool = False,
    plain: bool = False,
    precise_numbers: bool = False,
    check: str = "",
    plan: str = "",
    grad: dict[str, str] | None = None,
    vjp: str = "",
    saves: str = "",
    differentiable: str = "",
    node: str = "",
    depth: int = 1,
    **body: str,
) -> None:
    """Declares an operator.

    Exactly one of these says how it runs:

    * ``expr``: a scalar expression of the inputs ``x, y, z, w`` and of the scalar
      parameters by name; loops are made for the dtypes in ``on``. ``near`` is a faster
      expression for arguments of at most ``near_reach`` in size, ``near_span`` a function
      over many of them (from, to, count); ``exact`` loops see 16-bit floats as
      they are, not as float; ``plain`` ones are compiled once, for code that gains
      nothing from vectors; ``precise_numbers``: Python numbers meet 16-bit floats
      unrounded.
    * ``loops``: the name of another operator, whose loops serve this one too.
    * ``kernel``: a C++ function ``cpu::<name>`` that fills results laid out by
      ``plan::<plan>``.
    * ``dynamic``: a C++ function ``impl::<name>`` that makes its results.
    * ``view``: an expression or function whose result shares memory with the first
      argument.
    * ``composite``: an expression or function made of other operators.
    * ``choose``: the operator that runs in its place with the same leading arguments:
      its name as ``ops::name``, or a function ``choose::<name>`` that returns it and
      may change the arguments.
    * ``mutate``: a C++ function ``cpu::<name>`` that writes into its first argument.

    ``grad`` maps a parameter to its derivative formula, ``"zeros"`` or ``"none"``; ``vjp`` names
    a C++ function that computes all gradients, with ``saves`` what it reads.
    ``variants``: ``function method inplace inplace_function inplace_internal out factory
    multi_view casts exact_out numbers_fit out_dtype``; without ``casts``, ``out=`` has the
    result's dtype, as it has with ``exact_out`` for pointwise operators; ``numbers_fit``
    refuses number operands that the dtype cannot hold; ``out_dtype`` computes in the dtype
    of ``out=`` unless ``dtype=`` is given. ``node`` may name one node for tensor operands,
    one for a number as second operand and one for a number as first, as ``"A/B/C"``.
    A result of type ``bool``, ``int`` or ``float`` is a 0-d tensor in C++ and its value
    in Python.
    """
    match = _SCHEMA.match(schema)
    if not match:
        raise ValueError(f"bad schema: {schema}")
    kinds = [k for k in _KINDS if k in body]
    if len(kinds) != 1 or len(body) != 1:
        raise ValueError(f"{schema}: give exactly one of {', '.join(_KINDS)}")
    frame = inspect.stack()[depth]
    name, overload, params, results = match.groups()
    names, named, returns_list = _parse_results(results)
    OPS.append(
        Op(
            schema=schema,
            doc=doc,
            where=(Path(frame.filename).name, frame.lineno),
            family=Path(frame.filename).stem,
            name=name,
            overload=overload or "",
            params=_parse_params(params),
            results=names,
            named_results=named,
            returns_list=returns_list,
            scalar_result=results in ("bool", "int", "float", "Scalar"),
            kind=kinds[0],
            body=body[kinds[0]],
            plan=plan,
            on=on,
            promote=promote,
            result=result,
            inputs=tuple(inputs.split()),
            mask_first=mask_first,
            scalars=tuple(scalars.split()),
            scalars_promote=scalars_promote,
            near=near,
            near_reach=near_reach,
            near_span=near_span,
            exact=exact,
            plain=plain,
            precise_numbers=precise_numbers,
            check=check,
            variants=frozenset(variants.split()),
            grad=grad or {},
            vjp=vjp,
            saves=saves,
            differentiable=differentiable,
            node=node,
        )
    )


def alias(
    schema: str, target: str, variants: str = "function method inplace out"
) -> None:
    """Declares another name of the operator whose C++ name is ``target``."""
    doc = f"Another name of {target}."
    op(schema, doc, choose=f"ops::{target}", variants=variants, depth=2)
