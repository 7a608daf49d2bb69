// The shared body of all pointwise operators.
#include "core/op/pointwise.h"

#include <cmath>

#include "core/base/cpu_features.h"
#include "core/base/small_vector.h"
#include "core/op/devices.h"

namespace rl {

void ResultType::raise(int rank, Dtype d) {
  by_rank_[rank] = seen_[rank] ? promote(by_rank_[rank], d) : d;
  seen_[rank] = true;
}

void ResultType::add(const Tensor& t) {
  raise(t.impl()->wrapped_number ? 2 : t.dim() == 0 ? 1 : 0, t.dtype());
}

void ResultType::add(const Scalar& s) { raise(2, s.dtype()); }

// A lower rank matters only when its category (bool, integer, float, complex) is higher.
Dtype ResultType::get() const {
  const auto category = [](Dtype d) {
    return is_complex(d) ? 3 : is_floating(d) ? 2 : d == Dtype::Bool ? 0 : 1;
  };
  bool any = false;
  Dtype out = Dtype::Bool;
  for (int rank = 0; rank < 3; ++rank) {
    if (!seen_[rank]) continue;
    if (!any)
      out = by_rank_[rank];
    else if (category(by_rank_[rank]) > category(out)) {
      // Precision of a real float survives meeting a complex number.
      out = is_complex(by_rank_[rank]) && is_floating(out) ? rl::to_complex(out)
                                                           : promote(out, by_rank_[rank]);
    }
    any = true;
  }
  return out;
}

namespace {

struct Input {
  Tensor tensor;  // undefined for a number
  std::byte* data = nullptr;
  alignas(16) std::byte number[16];
  bool is_number = false;
};

Dtype result_dtype(const PointwiseRule& rule, Dtype compute) {
  switch (rule.result) {
    case ResultDtype::Bool:
      return Dtype::Bool;
    case ResultDtype::Real:
      return to_real(compute);
    case ResultDtype::Complex:
      return to_complex(compute);
    default:
      return compute;
  }
}

Dtype compute_dtype(const PointwiseRule& rule, const Value* args) {
  Dtype d;
  const int first = rule.mask_first ? 1 : 0;
  const Value& a = args[rule.inputs[first]];
  if (rule.promote == Promote::Self && a.is_tensor()) return a.tensor().dtype();
  const Value& b = args[rule.inputs[rule.input_count - 1]];
  // The usual case: tensors of one dtype.
  if (rule.input_count - first <= 2 && !rule.scalars_promote && a.is_tensor() && b.is_tensor() &&
      a.tensor().dtype() == b.tensor().dtype()) {
    d = a.tensor().dtype();
  } else {
    ResultType type;
    for (int k = first; k < rule.input_count; ++k) {
      const Value& v = args[rule.inputs[k]];
      if (v.is_tensor())
        type.add(v.tensor());
      else if (v.is_number())
        type.add(v.scalar());
    }
    if (rule.scalars_promote)
      for (int k = 0; k < rule.scalar_count; ++k)
        if (args[rule.scalars[k]].is_number()) type.add(args[rule.scalars[k]].scalar());
    d = type.get();
  }
  if (rule.promote == Promote::Float && is_integral(d, true)) d = default_dtype();
  if (rule.promote == Promote::Int && d == Dtype::Bool) d = Dtype::Int64;
  return d;
}

void load_context(LoopContext& context, const PointwiseRule& rule, const Value* args,
                  Dtype compute) {
  const bool integral = is_integral(compute, true);
  for (int k = 0; k < rule.scalar_count; ++k) {
    const Value& v = args[rule.scalars[k]];
    if (v.tag() == Tag::Complex) {
      RL_CHECK(is_complex(compute), "value cannot be converted to type ",
               compute == Dtype::Float64 ? "double" : "float", " without overflow");
      const auto z = v.scalar().to_complex();
      context.real[k].d = z.real();
      context.imag[k] = z.imag();
      continue;
    }
    context.imag[k] = 0;
    // Small numbers fit every dtype; 16-bit floats are computed with as float.
    if (std::fabs(v.to_double()) > 127 || v.to_double() != v.to_double())
      check_number_fits(v.scalar(), is_reduced(compute) ? Dtype::Float32 : compute);
    if (integral)
      context.real[k].i = v.to_int();
    else
      context.real[k].d = v.to_double();
  }
}

// out= of the operators that write no other dtype than their own.
void check_exact_out(const OpRecord& op, const Value* args, Dtype produced, Dtype given) {
  const PointwiseRule& rule = *op.rule;
  // clamp() with tensors as bounds casts.
  for (int k = 1; k < rule.input_count && !rule.mask_first; ++k)
    if (op.params[rule.inputs[k]].type == ParamType::Operand && args[rule.inputs[k]].is_tensor())
      return;
  if (given == produced) return;
  RL_CHECK(rule.result != ResultDtype::Bool, op.name, " does not support non-boolean outputs.");
  RL_CHECK(!rule.mask_first, "Expected out type to be ", produced, " but got ", given);
  fail(ErrorType::Runtime, "Found dtype ", given, " but expected ", produced);
}

// A number operand as the loop reads it: 16-bit floats as float.
void load_number(const Scalar& s, Dtype dtype, bool precise, std::byte* to) {
  switch (dtype) {
    case Dtype::Float32:
      *reinterpret_cast<float*>(to) = s.to<float>();
      return;
    case Dtype::Float16:
    case Dtype::BFloat16: {
      const float value = s.to<float>();
      *reinterpret_cast<float*>(to) = precise                   ? value
                                      : dtype == Dtype::Float16 ? float{Half(value)}
                                                                : float{BFloat16(value)};
      return;
    }
    default:
      dispatch(AllTypes{}, dtype, "", [&]<class T>() { *reinterpret_cast<T*>(to) = s.to<T>(); });
  }
}

}  // namespace

void run_pointwise(Call& call) {
  const PointwiseRule& rule = *call.op.rule;
  const Value* args = call.args;
  const Dtype compute = compute_dtype(rule, args);
  const Dtype produced = result_dtype(rule, compute);
  const Loop1d loop = rule.loops[static_cast<int>(cpu_isa())]->loops[static_cast<int>(compute)];
  if (!loop) throw_not_implemented_for(call.op.name, compute);

  // Inputs in the compute dtype, and the common shape.
  Input inputs[kMaxPointwiseInputs];
  const Tensor* model = nullptr;  // the first tensor input
  bool same_shape = true, all_contiguous = true;
  Device device;
  bool placed = false;
  LoopContext context;
  for (int k = 0; k < rule.input_count; ++k) {
    const Value& v = args[rule.inputs[k]];
    const Dtype wanted = rule.mask_first && k == 0 ? Dtype::Bool : compute;
    Input& in = inputs[k];
    if (!v.is_tensor()) {
      RL_CHECK_TYPE(v.is_number(), call.op.name, "(): argument '",
                    call.op.params[rule.inputs[k]].name, "' must be Tensor or Number, not None");
      if (call.op.flags & kNumbersFit && compute != Dtype::Bool &&
          !(rule.mask_first && is_reduced(compute)))
        check_number_fits(v.scalar(), wanted);
      load_number(v.scalar(), wanted, rule.precise_numbers, in.number);
      if (is_reduced(wanted)) context.float_numbers |= 1u << k;
      in.data = in.number;
      in.is_number = true;
      continue;
    }
    const Tensor& t = v.tensor();
    // Tensors of no dimensions may come from the CPU, as numbers do.
    if (t.is_meta() || t.dim() > 0) {
      if (!placed) device = t.device();
      check_device(t, device);
      placed = true;
    }
    if (t.dtype() == wanted) {
      in.tensor = t;
    } else {
      in.tensor = empty_like(t, wanted);
      if (!t.is_meta()) copy_into(in.tensor, t);
    }
    in.data = in.tensor.is_meta() ? nullptr : in.tensor.raw();
    if (!model)
      model = &in.tensor;
    else
      same_shape = same_shape && in.tensor.sizes() == model->sizes();
    all_contiguous = all_contiguous && in.tensor.is_contiguous();
  }
  Dims broadcast;
  if (!same_shape) {
    broadcast = model->sizes();
    for (int k = 0; k < rule.input_count; ++k)
      if (!inputs[k].is_number) broadcast = broadcast_sizes(broadcast, inputs[k].tensor.sizes());
  }
  const Dims no_sizes{};
  const Dims& shape = same_shape ? (model ? model->sizes() : no_sizes) : broadcast;

  const auto strides_of_result = [&] {
    Geometry found[kMaxPointwiseInputs];
    size_t count = 0;
    for (int k = 0; k < rule.input_count; ++k)
      if (!inputs[k].is_number)
        found[count++] = {inputs[k].tensor.sizes(), inputs[k].tensor.strides()};
    return merged_strides(shape, {found, count});
  };

  // The result: fresh, self, or out=; through a temporary when its dtype is another one or when
  // writing would disturb inputs still to be read.
  Tensor target = call.mode == Mode::Functional ? Tensor() : call.results[0];
  Tensor result;
  if (target) {
    if (call.mode == Mode::InPlace) {
      RL_CHECK(can_cast(produced, target.dtype()), "result type ", produced,
               " can't be cast to the desired output type ", target.dtype());
      RL_CHECK(!is_complex(compute) || produced != to_real(compute), "In-place ", call.op.name,
               " is not supported for complex tensors.");
      RL_CHECK(shape == target.sizes(), "output with shape ", IntList(target.sizes()),
               " doesn't match the broadcast shape ", IntList(shape));
    } else {
      if (call.op.flags & kOutExact && (produced == compute || rule.result == ResultDtype::Bool))
        check_exact_out(call.op, args, produced, target.dtype());
      RL_CHECK(can_cast(produced, target.dtype()), "result type ", produced,
               " can't be cast to the desired output type ", target.dtype());
      if (!(target.sizes() == shape)) {
        resize_out(target, shape);
        if (model && !all_contiguous)
          target.impl()->set_geometry(shape, strides_of_result(), target.offset());
      }
    }
    RL_CHECK(!has_internal_overlap(target),
             "unsupported operation: more than one element of the written-to tensor refers to a "
             "single memory location. Please clone() the tensor before performing the operation.");
    bool direct = target.dtype() == produced;
    for (int k = 0; direct && k < rule.input_count; ++k) {
      if (inputs[k].is_number) continue;
      const Tensor& in = inputs[k].tensor;
      const bool same_view = in.raw() == target.raw() && in.sizes() == target.sizes() &&
                             in.strides() == target.strides();
      direct = same_view || !may_overlap(in, target);
    }
    result = direct ? target : empty_like(target, produced);
  } else if (same_shape && model && all_contiguous) {
    result = empty(shape, produced, device);
  } else if (model && !all_contiguous) {
    bool alike = same_shape;
    for (int k = 0; k < rule.input_count; ++k)
      alike = alike && (inputs[k].is_number || inputs[k].tensor.strides() == model->strides());
    result = alike ? empty_like(*model, produced)
                   : empty_strided(shape, strides_of_result(), produced, device);
  } else {
    result = empty(shape, produced, device);
  }

  if (!result.is_meta() && result.numel() > 0) {
    if (rule.scalar_count) load_context(context, rule, args, compute);
    const auto step = static_cast<int64_t>(size_of(compute));
    if (same_shape && all_contiguous && result.is_contiguous()) {
      std::byte* data[kMaxPointwiseInputs + 1] = {result.raw()};
      int64_t strides[kMaxPointwiseInputs + 1] = {static_cast<int64_t>(result.item_size())};
      for (int k = 0; k < rule.input_count; ++k) {
        data[k + 1] = inputs[k].data;
        strides[k + 1] = inputs[k].is_number ? 0 : rule.mask_first && k == 0 ? 1 : step;
      }
      const int64_t n = result.numel();
      if (n <= Iterator::kGrain) {
        loop(data, strides, n, &context);
      } else {
        Iterator it(IntList(&n, 1));
        const int64_t one = 1, zero = 0;
        it.add(data[0], {&n, 1}, {&one, 1}, strides[0]);
        for (int k = 1; k <= rule.input_count; ++k)
          it.add(data[k], {&n, 1}, {strides[k] ? &one : &zero, 1}, strides[k]);
        it.run(loop, &context);
      }
    } else {
      Iterator it(shape);
      it.add(result.raw(), result.sizes(), result.strides(),
             static_cast<int64_t>(result.item_size()));
      for (int k = 0; k < rule.input_count; ++k) {
        const Input& in = inputs[k];
        if (in.is_number)
          it.add(in.data, {}, {}, step);
        else
          it.add(in.data, in.tensor.sizes(), in.tensor.strides(),
                 static_cast<int64_t>(in.tensor.item_size()));
      }
      it.run(loop, &context);
    }
  }
  if (target && !target.is_same(result)) copy_into(target, result);
  if (!target) call.results[0] = std::move(result);
}

}  // namespace rl
