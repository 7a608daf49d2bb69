// What all norms share: dtypes, layouts, and gradients that can be differentiated again.
#include "core/ops/norm.h"

#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {

Dtype norm_dtype(const Tensor& input, const char* name) {
  if (!input.is_floating()) throw_not_implemented_for(name, input.dtype());
  return is_reduced(input.dtype()) ? Dtype::Float32 : input.dtype();
}

Dtype norm_stats_dtype(const Tensor& input, std::initializer_list<const Tensor*> parameters) {
  bool mixed = false;
  for (const Tensor* p : parameters) mixed = mixed || (p->defined() && p->dtype() != input.dtype());
  if (!mixed) return input.dtype();
  for (const Tensor* p : parameters)
    RL_CHECK(!p->defined() || p->dtype() == Dtype::Float32,
             "mixed dtype (CPU): expect parameter to have scalar type of Float, got ", p->dtype());
  RL_CHECK(is_reduced(input.dtype()), "mixed dtype (CPU): all inputs must share same datatype.");
  return Dtype::Float32;
}

Tensor norm_operand(const Tensor& t, Dtype dtype, MemoryFormat format) {
  if (!t.defined() || (t.dtype() == dtype && t.is_contiguous(format))) return t;
  Tensor out = empty(t.sizes(), dtype, t.device(), format);
  copy_into(out, t);
  return out;
}

MemoryFormat norm_format(const Tensor& t) {
  if (t.is_contiguous()) return MemoryFormat::Contiguous;
  const MemoryFormat last =
      t.dim() == 5 ? MemoryFormat::ChannelsLast3d : MemoryFormat::ChannelsLast;
  return (t.dim() == 4 || t.dim() == 5) && t.is_contiguous(last) ? last : MemoryFormat::Contiguous;
}

Dims norm_mask(const Vjp& v, std::initializer_list<uint32_t> parameters) {
  Dims mask;
  for (const uint32_t p : parameters) mask.push_back(v.needs(p));
  return mask;
}

std::array<Tensor, 3> norm_gradients(const NormFormula& norm, const Tensor& grad,
                                     const Tensor& input, const Tensor& weight) {
  const Dtype dtype = is_reduced(input.dtype()) ? Dtype::Float32 : input.dtype();
  const auto widened = [&](const Tensor& t) {
    return t.dtype() == dtype ? t : ops::_to_dtype(t, dtype);
  };
  const Tensor dy = widened(grad);
  Tensor x = widened(input), invstd = norm.invstd;
  int64_t count = 1;
  for (const int64_t d : norm.over) count *= input.size(d);
  const auto mean_of = [&](const Tensor& t) {
    return ops::sum_dim(t, norm.over, true) / static_cast<double>(count);
  };
  const bool constant = norm.over.empty();
  if (constant)
    x = x - norm.mean;
  else if (norm.centered)
    x = x - mean_of(x);
  if (!constant) invstd = ops::rsqrt(mean_of(x * x) + norm.eps);
  const Tensor whitened = x * invstd;
  Tensor dx = weight.defined() ? dy * widened(weight) : dy;
  if (!constant) {
    const Tensor along = whitened * mean_of(dx * whitened);
    dx = (norm.centered ? dx - mean_of(dx) : dx) - along;
  }
  const auto over_shared = [&](const Tensor& t) {
    return norm.shared.empty() ? t : ops::sum_dim(t, norm.shared, false);
  };
  return {dx * invstd, over_shared(dy * whitened), over_shared(dy)};
}

}  // namespace rl
