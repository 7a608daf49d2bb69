"""Writes the operator table out as C++ data: constant records, declarations, scalar loops.

Usage: python -m ops.generate OUTDIR [--list]   (from the repository root)
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
from pathlib import Path

from ops.table import DTYPES, OPS, REDUCED, TYPES, Op, Param

ROOT = Path(__file__).resolve().parent
ISAS = ("baseline", "avx2", "avx512")
SHARD = 12  # operators in one file of loops, so that no file takes long to compile
NAMES = "xyzw"  # inputs in scalar expressions

SKIP = {"table", "generate", "__init__"}
FAMILIES = sorted(p.stem for p in ROOT.glob("*.py") if p.stem not in SKIP)
SPACES = ("cpu", "impl", "plan", "vjp", "check", "choose")
KIND = {"expr": "Pointwise", "loops": "Pointwise", "kernel": "Kernel"}
POINTWISE = ("expr", "loops")
FLAGS = {
    "function": "kFunction",
    "method": "kMethod",
    "inplace": "kInplace",
    "inplace_function": "kInplaceFunction",
    "inplace_internal": "kInplaceInternal",
    "out": "kOut",
    "multi_view": "kMultiView",
    "factory": "kFactory",
    "casts": "kOutCasts",
    "exact_out": "kOutExact",
    "numbers_fit": "kNumbersFit",
    "out_dtype": "kOutDtype",
}
CPP_TYPES = dict(
    zip(
        DTYPES,
        "bool uint8_t int8_t int16_t int32_t int64_t Half BFloat16 float double "
        "Complex64 Complex128".split(),
        strict=True,
    )
)


def quoted(text: str) -> str:
    return json.dumps(text)


def line_mark(op: Op) -> str:
    return f'#line {op.where[1]} "ops/{op.where[0]}"'


def default_value(param: Param) -> str:
    """The C++ Value of a schema default."""
    text = param.default
    if text is None or text == "None":
        return "{}"
    kind = TYPES[param.type][0]
    if text in ("True", "False"):
        return f"Value({text.lower()})"
    if kind == "IntList":
        items = text.strip("[]")
        if not text.startswith("["):
            items = ", ".join([text] * max(param.list_size, 1))
        if not items.strip():
            return "Value(IntList())"
        return f"Value(IntList(ints<{items}>))"
    if kind == "String":
        return f"Value({quoted(text.strip(chr(39) + chr(34)))})"
    if kind == "Float":
        return f"Value(double({text}))"
    if kind == "MemoryFormat":
        return f"Value(MemoryFormat::{text})"
    if re.fullmatch(r"-?\d+", text):
        return f"Value(int64_t({text}))"
    return f"Value(double({text}))"


def signature(op: Op, extra_before: str = "", extra_after: str = "") -> str:
    pieces = [extra_before] if extra_before else []
    pieces += [f"{TYPES[p.type][1]} {p.name}" for p in op.params]
    pieces += [extra_after] if extra_after else []
    return ", ".join(pieces)


def unpacked(op: Op, source: str = "c.args") -> list[str]:
    return [
        TYPES[p.type][2].format(v=f"{source}[{i}]") for i, p in enumerate(op.params)
    ]


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", re.sub(r'"[^"]*"', "", text)))


def return_type(op: Op) -> str:
    if op.returns_list:
        return "TensorVec"
    n = len(op.results)
    if n == 0:
        return "void"
    return "Tensor" if n == 1 else f"std::array<Tensor, {n}>"


def names_function(op: Op) -> bool:
    """Whether the body is a C++ function's name; else it is an expression."""
    return re.fullmatch(r"\w+", op.body) is not None and op.body != "self"


def run_body(op: Op) -> str:
    """The lambda stored in OpRecord::run."""
    args = unpacked(op)
    if op.kind == "kernel":
        outs = [f"c.results[{i}]" for i in range(len(op.results))]
        return f"[](Call& c) {{ cpu::{op.body}({', '.join(args + outs)}); }}"
    if op.kind == "mutate":
        return f"[](Call& c) {{ cpu::{op.body}({', '.join(args)}); }}"
    if op.kind == "choose" and not names_function(op):
        return f"[](Call& c) {{ forward(c, {op.body}, c.args); }}"
    if op.kind == "choose":
        return (
            "[](Call& c) { Value args[kMaxParams]; "
            f"std::copy_n(c.args, {len(args)}, args); "
            f"forward(c, choose::{op.body}({', '.join(['args', *args])}), args); }}"
        )
    if names_function(op):
        value = f"impl::{op.body}({', '.join(args)})"
        prologue = ""
    else:
        used = words(op.body)
        prologue = "".join(
            f" const auto& {p.name} = {a};"
            for p, a in zip(op.params, args, strict=True)
            if p.name in used
        )
        value = op.body
    if not op.results:
        store = f"{value};"
    elif op.returns_list:
        store = f"c.list = {value};"
    elif len(op.results) == 1:
        store = f"c.results[0] = {value};"
    else:
        store = f"auto r = {value}; for (size_t i = 0; i < r.size(); ++i) c.results[i] = std::move(r[i]);"
    return f"[](Call& c) {{{prologue}\n{line_mark(op)}\n  {store} }}"


def formula_locals(op: Op, formula: str) -> tuple[list[str], dict[str, int]]:
    """Declarations a formula needs, and what must be saved for it."""
    used = words(formula)
    lines: list[str] = []
    saved = {"tensors": 0, "sizes": 0, "results": 0}
    if "grad" in used:
        lines.append("const Tensor grad = v.grad(0);")
    for k, name in enumerate(op.results):
        if f"grad_{name}" in used:
            lines.append(f"const Tensor grad_{name} = v.grad({k});")
        if name in used:
            lines.append(f"const Tensor {name} = v.result({k});")
            saved["results"] |= 1 << k
    for i, p in enumerate(op.params):
        kind = TYPES[p.type][0]
        if f"{p.name}_sizes" in used:
            lines.append(f"const Dims& {p.name}_sizes = v.sizes({i});")
            saved["sizes"] |= 1 << i
        if f"{p.name}_dtype" in used:
            lines.append(f"const Dtype {p.name}_dtype = v.dtype({i});")
            saved["sizes"] |= 1 << i
        if f"{p.name}_metas" in used:
            lines.append(f"const auto& {p.name}_metas = v.metas({i});")
            saved["sizes"] |= 1 << i
        if p.name not in used:
            continue
        if kind == "Tensor":
            lines.append(f"const Tensor {p.name} = v.tensor({i});")
            saved["tensors"] |= 1 << i
        elif kind == "Operand":
            lines.append(f"const Operand {p.name} = v.operand({i});")
            saved["tensors"] |= 1 << i
        elif kind == "TensorList":
            lines.append(f"const TensorVec {p.name} = v.tensors({i});")
            saved["tensors"] |= 1 << i
        else:
            access = TYPES[p.type][2].format(v=f"v.arg({i})")
            lines.append(f"const auto {p.name} = {access};")
    return lines, saved


def saves_row(saved: dict[str, int]) -> str:
    return f"{{{saved['tensors']}, {saved['sizes']}, {saved['results']}}}"


def vjp_body(op: Op) -> tuple[str, list[str]]:
    """OpRecord::vjp, and the row of Saves for each parameter."""
    rows = ["{}"] * len(op.params)
    if op.vjp:
        _, saved = formula_locals(op, op.saves)
        rows = [saves_row(saved) if p.is_tensor else "{}" for p in op.params]
        return f"&vjp::{op.vjp}", rows
    blocks = []
    for i, p in enumerate(op.params):
        formula = op.grad.get(p.name, "none")
        if formula == "none":
            continue
        lines, saved = formula_locals(op, formula)
        rows[i] = saves_row(saved)
        body = " ".join(lines)
        if formula == "zeros":
            blocks.append(f"  if (v.needs({i})) v.set({i}, v.zeros());")
            continue
        blocks.append(
            f"  if (v.needs({i})) {{ {body}\n{line_mark(op)}\n    v.set({i}, {formula}); }}"
        )
    unknown = set(op.grad) - {p.name for p in op.params}
    if unknown:
        raise ValueError(f"{op.schema}: derivative of unknown {unknown}")
    if not op.grad:
        return "nullptr", rows
    joined = "\n".join(blocks)
    return f"[]([[maybe_unused]] Vjp& v) {{\n{joined}\n}}", rows


def node_name(op: Op) -> str:
    camel = "".join(part[:1].upper() + part[1:] for part in op.name.split("_"))
    return op.node or f"{camel}Backward0"


def pointwise_inputs(op: Op) -> list[int]:
    if op.inputs:
        return [[p.name for p in op.params].index(n) for n in op.inputs]
    return [i for i, p in enumerate(op.params) if p.is_tensor]


def rule_text(op: Op) -> str:
    inputs = pointwise_inputs(op)
    names = [p.name for p in op.params]
    scalars = [names.index(n) for n in op.scalars]
    fields = [
        f".promote = Promote::{op.promote.capitalize()}",
        f".result = ResultDtype::{op.result.capitalize()}",
        f".input_count = {len(inputs)}",
        f".inputs = {{{', '.join(map(str, inputs))}}}",
    ]
    if op.mask_first:
        fields.append(".mask_first = true")
    if scalars:
        fields.append(f".scalar_count = {len(scalars)}")
        fields.append(f".scalars = {{{', '.join(map(str, scalars))}}}")
    if op.scalars_promote:
        fields.append(".scalars_promote = true")
    if op.precise_numbers:
        fields.append(".precise_numbers = true")
    source = next(o for o in OPS if o.cpp_name == op.body) if op.kind == "loops" else op
    isas = ", ".join(
        f"&loops_{'baseline' if source.plain else isa}::{source.cpp_name}"
        for isa in ISAS
    )
    fields.append(f".loops = {{{isas}}}")
    return "{" + ", ".join(fields) + "}"


def record(op: Op) -> str:
    lines = []
    name = op.cpp_name
    if op.params:
        rows = []
        for p in op.params:
            kind = TYPES[p.type][0]
            flag = str(p.type.endswith("?") or p.default == "None").lower()
            rows.append(
                f"    {{{quoted(p.name)}, ParamType::{kind}, {flag}, "
                f"{str(p.keyword_only).lower()}, {str(p.default is not None).lower()}, "
                f"{p.list_size}, {default_value(p)}}},"
            )
        lines.append(
            f"constexpr Param {name}_params[] = {{\n" + "\n".join(rows) + "\n};"
        )
    names_field = ""
    if op.named_results:
        joined = ", ".join(quoted(r) for r in op.results)
        lines.append(f"constexpr const char* {name}_results[] = {{{joined}}};")
        names_field = f"  .result_names = {name}_results,\n"
    vjp, save_rows = vjp_body(op)
    if any(row != "{}" for row in save_rows):
        lines.append(f"constexpr Saves {name}_saves[] = {{{', '.join(save_rows)}}};")
        saves_field = f"  .saves = {name}_saves,\n"
    else:
        saves_field = ""
    flags = [FLAGS[v] for v in sorted(op.variants)]
    if op.returns_list:
        flags.append("kList")
    if op.scalar_result:
        flags.append("kScalarResult")
    if op.result == "bool":
        flags.append("kBoolResult")
    if vjp == "nullptr" and op.kind not in ("composite", "choose"):
        flags.append("kNotDifferentiable")
    differentiable = ""
    if op.differentiable:
        mask = sum(1 << op.results.index(r) for r in op.differentiable.split())
        differentiable = f"  .differentiable_results = {mask},\n"
    rule = ""
    if op.kind in POINTWISE:
        lines.append(f"constexpr PointwiseRule {name}_rule = {rule_text(op)};")
        rule = f"  .rule = &{name}_rule,\n"
    check = ""
    if op.check:
        check = f"  .check = [](const Value* args) {{ check::{op.check}({', '.join(unpacked(op, 'args'))}); }},\n"
    plan = ""
    if op.plan:
        args = ", ".join(["p", *unpacked(op, "args")])
        plan = f"  .plan = [](Plan& p, const Value* args) {{ plan::{op.plan}({args}); }},\n"
    run = "" if op.kind in POINTWISE else f"  .run = {run_body(op)},\n"
    kind = KIND.get(op.kind, op.kind.capitalize())
    count = 0 if op.returns_list else len(op.results)
    lines.append(
        f"const Op<{count}> {name}{{{{\n"
        f"  .name = {quoted(op.name)},\n"
        f"  .overload = {quoted(op.overload)},\n"
        f"  .schema = {quoted(op.schema)},\n"
        f"  .doc = {quoted(op.doc)},\n"
        f"  .node_name = {quoted(node_name(op))},\n"
        f"  .params = {name + '_params' if op.params else 'nullptr'},\n"
        f"  .param_count = {len(op.params)},\n"
        f"  .result_count = {len(op.results)},\n"
        f"{names_field}"
        f"  .kind = OpKind::{kind},\n"
        f"  .flags = {' | '.join(flags) or '0'},\n"
        f"{differentiable}{rule}{check}{plan}{run}"
        f"  .vjp = {vjp},\n"
        f"{saves_field}"
        f"  .family = {quoted(op.family)},\n"
        f"}}}};"
    )
    return "\n".join(lines)


def functor(op: Op) -> str:
    """The scalar expression as a function object over the arithmetic type T."""
    count = len(pointwise_inputs(op))
    types = ["bool" if op.mask_first and i == 0 else "T" for i in range(count)]
    args = ", ".join(f"{t} {NAMES[i]}" for i, t in enumerate(types))
    result = {
        "compute": "T",
        "bool": "bool",
        "real": "Real<T>",
        "complex": "std::complex<T>",
    }
    fields = "".join(f"  T {s};\n" for s in op.scalars)
    inits = ", ".join(f"{s}(c.get<T>({k}))" for k, s in enumerate(op.scalars))
    constructor = f"explicit {op.cpp_name}_fn([[maybe_unused]] const LoopContext& c)"
    constructor += f" : {inits} {{}}" if inits else " {}"
    out = result[op.result]
    near = ""
    if op.near or op.near_span:
        near = f"\n  static constexpr double kReach = {op.near_reach};"
    if op.near_span:
        near += "\n  void near_span(const T* from, T* to, int64_t count) const {\n"
        near += f"{line_mark(op)}\n    {op.near_span}(from, to, count); }}"
    if op.near:
        near += f"\n  RL_INLINE Out near({args}) const {{\n{line_mark(op)}\n    return {op.near}; }}"
    return (
        f"template <class T>\nstruct {op.cpp_name}_fn {{\n"
        f"  using Out = {out};\n{fields}  {constructor}\n"
        f"  RL_INLINE Out operator()({args}) const {{\n{line_mark(op)}\n"
        f"    return static_cast<Out>({op.body}); }}{near}\n}};"
    )


def loop_set(op: Op) -> str:
    count = len(pointwise_inputs(op))
    mask = "true" if op.mask_first else "false"
    reduced = "loop" if op.exact else "reduced_loop"
    cells = [
        f"&{reduced if d in REDUCED else 'loop'}<{op.cpp_name}_fn, {CPP_TYPES[d]}, {count}, {mask}>"
        if d in op.on
        else "nullptr"
        for d in DTYPES
    ]
    return (
        f"extern const LoopSet {op.cpp_name};\n"
        f"const LoopSet {op.cpp_name} = {{{{{', '.join(cells)}}}}};"
    )


def declarations() -> str:
    lines = [
        "// Generated by ops/generate.py: every operator, and every function the table names.",
        "#pragma once\n",
        '#include "core/op/op.h"',
        '#include "core/op/operand.h"\n',
        "namespace rl::ops {",
    ]
    lines += [
        f"extern const Op<{0 if o.returns_list else len(o.results)}> {o.cpp_name};"
        for o in OPS
    ]
    lines += ["}  // namespace rl::ops", "namespace rl {"]
    spaces: dict[str, list[str]] = {k: [] for k in SPACES}
    for o in OPS:
        if o.kind == "kernel":
            outs = ", ".join(f"const Tensor& out_{r}" for r in o.results)
            spaces["cpu"].append(f"void {o.body}({signature(o, '', outs)});")
        elif o.kind == "mutate":
            spaces["cpu"].append(f"void {o.body}({signature(o)});")
        elif o.kind == "choose" and names_function(o):
            spaces["choose"].append(
                f"const OpRecord& {o.body}({signature(o, 'Value* args')});"
            )
        elif o.kind not in POINTWISE and names_function(o):
            spaces["impl"].append(f"{return_type(o)} {o.body}({signature(o)});")
        if o.plan:
            spaces["plan"].append(f"void {o.plan}({signature(o, 'Plan& p')});")
        if o.vjp:
            spaces["vjp"].append(f"void {o.vjp}(Vjp& v);")
        if o.check:
            spaces["check"].append(f"void {o.check}({signature(o)});")
    for space, texts in spaces.items():
        body = "\n".join(dict.fromkeys(texts))
        lines.append(f"namespace {space} {{\n{body}\n}}")
    lines.append("}  // namespace rl\n")
    return "\n".join(lines)


def records_file(family: str) -> str:
    ops = [o for o in OPS if o.family == family]
    loops = []
    named = [
        o.cpp_name if o.kind == "expr" else o.body for o in ops if o.kind in POINTWISE
    ]
    externs = " ".join(f"extern const LoopSet {n};" for n in dict.fromkeys(named))
    if named:
        loops = [f"namespace loops_{isa} {{ {externs} }}" for isa in ISAS]
    head = [
        f"// Generated by ops/generate.py from ops/{family}.py.",
        '#include "core/ops/ops_prelude.h"',
        "namespace rl {",
        *loops,
        "namespace ops {",
    ]
    return "\n".join(
        head + [record(o) for o in ops] + ["}  // namespace ops\n}  // namespace rl\n"]
    )


def registry_file() -> str:
    rows = ",\n".join(f"    &ops::{o.cpp_name}" for o in OPS)
    return (
        "// Generated by ops/generate.py: all records in table order.\n"
        '#include "core/ops/ops.h"\nnamespace rl {\n'
        f"namespace {{ const OpRecord* const kAll[] = {{\n{rows}\n}}; }}\n"
        "std::span<const OpRecord* const> registry() { return kAll; }\n}  // namespace rl\n"
    )


def loops_file(ops: list[Op]) -> str:
    body = "\n".join(functor(o) + "\n" + loop_set(o) for o in ops)
    special = '#include "core/kernels/math/special.h"\n' if ops[0].plain else ""
    return (
        "// Generated by ops/generate.py: scalar loops.\n"
        f'#include "core/kernels/cpu/loops.h"\n{special}'
        f"namespace rl::RL_ISA_NAMESPACE {{\n{body}\n}}\n"
    )


def outputs() -> dict[str, str]:
    """All generated files by name."""
    for family in FAMILIES:
        importlib.import_module(f"ops.{family}")
    names = [o.cpp_name for o in OPS]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ValueError(f"declared twice: {', '.join(twice)}")
    files = {"ops.h": declarations(), "registry.cpp": registry_file()}
    for family in FAMILIES:
        files[f"records_{family}.cpp"] = records_file(family)
        for prefix, plain in (("loops", False), ("plain", True)):
            some = [o for o in OPS if o.family == family and o.kind == "expr"]
            some = [o for o in some if o.plain == plain]
            for k in range(0, len(some), SHARD):
                name = f"{prefix}_{family}_{k // SHARD}.cpp"
                files[name] = loops_file(some[k : k + SHARD])
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--list", action="store_true", help="print file names only")
    args = parser.parse_args()
    files = outputs()
    folder = args.outdir / "core" / "ops"
    if args.list:
        print(";".join(str(folder / name) for name in files))
        return
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.cpp"):
        if old.name not in files:
            old.unlink()
    for name, text in files.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:  # keeps builds incremental
            path.write_text(text)


if __name__ == "__main__":
    main()
