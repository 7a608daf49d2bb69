// searchsorted, bucketize, bincount and histc: checks and shapes.
#include "core/kernels/cpu/search.h"

#include <cmath>

#include "core/autograd/grad_mode.h"
#include "core/op/pointwise.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

void check_search(const Tensor& sorted, const Tensor& values, bool right,
                  std::optional<std::string_view> side, const Tensor& sorter) {
  constexpr const char* kName = "torch.searchsorted()";
  if (side) {
    RL_CHECK(*side == "left" || *side == "right", kName,
             ": side can only be 'left' or 'right' but got ", *side);
    RL_CHECK(!(right && *side == "left"), kName,
             ": side and right can't be set to opposites, got side of ", *side,
             " while right was True");
  }
  RL_CHECK(values.dim() > 0 || sorted.dim() == 1, kName,
           ": input value can be a scalar only when boundaries tensor dimension is 1, but we got "
           "boundaries tensor dim(",
           sorted.dim(), ") and input value's dim(", values.dim(), ") numel(", values.numel(), ")");
  bool match = sorted.dim() == 1 || sorted.dim() == values.dim();
  for (int64_t d = 0; match && sorted.dim() != 1 && d + 1 < sorted.dim(); ++d)
    match = sorted.size(d) == values.size(d);
  RL_CHECK(sorted.dim() != 0 && match, kName,
           ": boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
           "tensor and "
           "input value tensor must match, but we got boundaries tensor ",
           IntList(sorted.sizes()), " and input value tensor ", IntList(values.sizes()));
  if (!sorter) return;
  RL_CHECK(sorter.sizes() == sorted.sizes(), kName,
           ": boundary and sorter must have the same size, but got boundary tensor ",
           IntList(sorted.sizes()), " and got sorter tensor ", IntList(sorter.sizes()));
  RL_CHECK(sorter.dtype() == Dtype::Int64, kName,
           ": sorter must be a tensor of long dtype but got dtype ", sorter.dtype());
  if (sorter.numel() == 0 || sorter.is_meta()) return;
  const GradModeGuard no_grad(false);
  RL_CHECK(item(ops::min(sorter)).to_int() >= 0 &&
               item(ops::max(sorter)).to_int() < sorted.sizes().back(),
           kName, ": sorter index out of range");
}

Tensor search(const Tensor& sorted, const Tensor& values, Dtype dtype, bool out_int32, bool right,
              std::optional<std::string_view> side, const Tensor& sorter) {
  check_search(sorted, values, right, side, sorter);
  RL_CHECK(!out_int32 || sorted.sizes().back() < INT32_MAX,
           "torch.searchsorted(): the size of boundaries' last dimension should be less than ",
           INT32_MAX, ", but we got ", sorted.sizes().back());
  static std::atomic<bool> strided_values = false, strided_boundaries = false;
  if (!values.is_contiguous())
    warn_once(strided_values,
              "torch.searchsorted(): input value tensor is non-contiguous, this will lower the "
              "performance due to extra data copy when converting non-contiguous tensor to "
              "contiguous; it is said once.");
  if (!sorted.is_contiguous())
    warn_once(strided_boundaries,
              "torch.searchsorted(): boundary tensor is non-contiguous, this will lower the "
              "performance due to extra data copy when converting non-contiguous tensor to "
              "contiguous; it is said once.");
  const Tensor out =
      rl::empty(values.sizes(), out_int32 ? Dtype::Int32 : Dtype::Int64, values.device());
  if (out.is_meta()) return out;
  cpu::search_rows(as_contiguous(sorted, dtype), as_contiguous(values, dtype),
                   sorter ? as_contiguous(sorter) : Tensor(), right || (side && *side == "right"),
                   out);
  return out;
}

}  // namespace

namespace impl {

Tensor searchsorted(const Tensor& sorted, const Tensor& self, bool out_int32, bool right,
                    std::optional<std::string_view> side, const Tensor& sorter) {
  ResultType type;
  type.add(sorted);
  type.add(self);
  return search(sorted, self, type.get(), out_int32, right, side, sorter);
}

Tensor searchsorted_scalar(const Tensor& sorted, const Scalar& self, bool out_int32, bool right,
                           std::optional<std::string_view> side, const Tensor& sorter) {
  ResultType type;
  type.add(sorted);
  type.add(self);
  return search(sorted, scalar_tensor(self, type.get()), type.get(), out_int32, right, side,
                sorter);
}

Tensor bucketize(const Tensor& self, const Tensor& boundaries, bool out_int32, bool right) {
  RL_CHECK(boundaries.dim() == 1, "boundaries tensor must be 1 dimension, but got dim(",
           boundaries.dim(), ")");
  return searchsorted(boundaries, self, out_int32, right, std::nullopt, {});
}
Tensor bucketize_scalar(const Scalar& self, const Tensor& boundaries, bool out_int32, bool right) {
  RL_CHECK(boundaries.dim() == 1, "boundaries tensor must be 1 dimension, but got dim(",
           boundaries.dim(), ")");
  return searchsorted_scalar(boundaries, self, out_int32, right, std::nullopt, {});
}

Tensor bincount(const Tensor& self, const Tensor& weights, int64_t minlength) {
  const GradModeGuard no_grad(false);
  RL_CHECK(minlength >= 0, "minlength should be >= 0");
  if (!is_integral(self.dtype(), false)) throw_not_implemented_for("bincount_cpu", self.dtype());
  const bool valid = self.dim() == 1 && (self.numel() == 0 || item(ops::min(self)).to_int() >= 0);
  RL_CHECK(valid || (self.dim() == 1 && self.numel() == 0),
           "bincount only supports 1-d non-negative integral inputs.");
  RL_CHECK(!weights || (weights.dim() == 1 && weights.numel() == self.numel()),
           "weights should be 1-d and have the same length as input");
  const int64_t top = self.numel() ? item(ops::max(self)).to_int() + 1 : 0;
  const Dtype dtype = !weights                            ? Dtype::Int64
                      : weights.dtype() == Dtype::Float32 ? Dtype::Float32
                                                          : Dtype::Float64;
  const Tensor out = rl::empty(Dims{std::max(top, minlength)}, self.numel() ? dtype : Dtype::Int64);
  cpu::count_numbers(as_contiguous(self),
                     weights && self.numel() ? as_contiguous(weights, dtype) : Tensor(), out);
  return out;
}

Tensor histc(const Tensor& self, int64_t bins, const Scalar& min, const Scalar& max) {
  const GradModeGuard no_grad(false);
  if (!self.is_floating()) throw_not_implemented_for("histogram_cpu", self.dtype());
  RL_CHECK(bins > 0, "torch.histogram(): bins must be > 0, but got ", bins, " for dimension 0");
  double low = min.to_double(), high = max.to_double();
  if (low == high && self.numel() > 0) {
    low = item(ops::min(self)).to_double();
    high = item(ops::max(self)).to_double();
  }
  if (low == high) {
    low -= 1;
    high += 1;
  }
  RL_CHECK(std::isfinite(low) && std::isfinite(high), "torch.histc: range of [", low, ", ", high,
           "] is not finite");
  RL_CHECK(low < high, "torch.histc: max must be larger than min");
  const Tensor out = rl::empty(Dims{bins}, self.dtype());
  cpu::count_in_bins(as_contiguous(self), low, high, out);
  return out;
}

}  // namespace impl
}  // namespace rl
