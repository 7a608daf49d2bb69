// Shapes and checks of sorting and selecting; quantiles from sorted elements.
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"
#include "core/ops/reduce.h"

namespace rl {
namespace plan {
namespace {

void picked(Plan& p, const Tensor& self, int64_t dim, bool keepdim) {
  const Dims sizes = reduced_sizes(self.sizes(), dim_mask(dim, self.dim()), keepdim);
  p.result(0, sizes, self.dtype(), self.device());
  p.result(1, sizes, Dtype::Int64, self.device());
}

}  // namespace

void sort(Plan& p, const Tensor& self, int64_t dim, bool) {
  wrap_dim(dim, self.dim());
  RL_CHECK(!self.is_complex(), " Sort does not support complex dtypes on CPU");
  p.result_like(0, self, self.dtype());
  p.result_like(1, self, Dtype::Int64);
}
void sort_stable(Plan& p, const Tensor& self, std::optional<bool>, int64_t dim, bool descending) {
  sort(p, self, dim, descending);
}

void topk(Plan& p, const Tensor& self, int64_t k, int64_t dim, bool, bool) {
  RL_CHECK(!self.is_complex(), " topk does not support complex dtypes on CPU");
  RL_CHECK(self.dtype() != Dtype::Bool, "topk does not support bool dtypes on CPU");
  const int64_t at = wrap_dim(dim, self.dim());
  RL_CHECK(k >= 0 && k <= (self.dim() ? self.size(at) : 1), "selected index k out of range");
  Dims sizes = self.sizes();
  if (self.dim()) sizes[static_cast<size_t>(at)] = k;
  p.result(0, sizes, self.dtype(), self.device());
  p.result(1, sizes, Dtype::Int64, self.device());
}

void kthvalue(Plan& p, const Tensor& self, int64_t k, int64_t dim, bool keepdim) {
  const int64_t at = wrap_dim(dim, self.dim());
  check_not_empty("kthvalue", self, at);
  RL_CHECK(k > 0 && k <= (self.dim() ? self.size(at) : 1),
           "kthvalue(): selected number k out of range for dimension ", at);
  if (self.dtype() == Dtype::Bool || self.is_complex())
    throw_not_implemented_for("kthvalue_cpu", self.dtype());
  picked(p, self, dim, keepdim);
}

void median_all(Plan& p, const Tensor& self) {
  if (self.dtype() == Dtype::Bool || self.is_complex())
    throw_not_implemented_for("median_cpu", self.dtype());
  p.result(0, {}, self.dtype(), self.device());
}
void median_dim(Plan& p, const Tensor& self, int64_t dim, bool keepdim) {
  check_not_empty("median", self, wrap_dim(dim, self.dim()));
  if (self.dtype() == Dtype::Bool || self.is_complex())
    throw_not_implemented_for("median_out", self.dtype());
  picked(p, self, dim, keepdim);
}
void mode(Plan& p, const Tensor& self, int64_t dim, bool keepdim) {
  check_not_empty("mode", self, wrap_dim(dim, self.dim()));
  if (self.is_complex()) throw_not_implemented_for("mode_cpu", self.dtype());
  picked(p, self, dim, keepdim);
}

}  // namespace plan

Tensor quantile_of(const Tensor& self, const Tensor& q, std::optional<int64_t> dim, bool keepdim,
                   std::string_view interpolation, bool skip_nan) {
  RL_CHECK(self.numel() > 0, "quantile() input tensor must be non-empty");
  RL_CHECK(q.dim() <= 1, "quantile() q must be a scalar or 1D tensor");
  RL_CHECK(self.dtype() == Dtype::Float32 || self.dtype() == Dtype::Float64,
           "quantile() input tensor must be either float or double dtype");
  RL_CHECK(self.dtype() == q.dtype(), "quantile() q tensor must be same dtype as the input tensor");
  constexpr std::string_view kModes[] = {"linear", "lower", "higher", "midpoint", "nearest"};
  RL_CHECK(std::find(std::begin(kModes), std::end(kModes), interpolation) != std::end(kModes),
           "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, "
           "but got ",
           interpolation);
  RL_CHECK(q.numel() == 0 ||
               (item(ops::amin(q)).to_double() >= 0 && item(ops::amax(q)).to_double() <= 1),
           "quantile() q values must be in the range [0, 1]");
  const int64_t at = dim ? wrap_dim(*dim, self.dim()) : 0;
  // Lines to the end, sorted; NaN comes last.
  const Tensor lines =
      dim && self.dim() ? ops::movedim(self, Dims{at}, Dims{-1}) : ops::reshape(self, Dims{-1});
  const Tensor sorted = ops::sort(lines)[0];
  const auto last = static_cast<double>(sorted.size(-1) - 1);
  const Tensor nan = ops::isnan(sorted);
  Tensor ranks;
  if (skip_nan) {
    const Tensor count = ops::sum_dim(ops::logical_not(nan), Dims{-1}, true);
    ranks = ops::clamp_min(q * (ops::_to_dtype(count, q.dtype()) - 1), 0);
  } else {
    ranks = ops::masked_fill(q * last, ops::any_dim(nan, -1, true), last);
  }
  if (interpolation == "lower")
    ranks = ops::floor(ranks);
  else if (interpolation == "higher")
    ranks = ops::ceil(ranks);
  else if (interpolation == "nearest")
    ranks = ops::round(ranks);
  Dims shape = lines.sizes();
  shape.back() = std::max<int64_t>(q.numel(), q.dim() == 0);
  ranks = ops::expand(ranks, shape);
  const Tensor below = ops::_to_dtype(ranks, Dtype::Int64);
  Tensor out = ops::gather(sorted, -1, below);
  if (interpolation == "linear" || interpolation == "midpoint") {
    const Tensor above = ops::gather(sorted, -1, ops::_to_dtype(ops::ceil(ranks), Dtype::Int64));
    const Tensor weight = interpolation == "linear" ? ranks - below : ops::full_like(ranks, 0.5);
    out = ops::lerp(out, above, weight);
  }
  // Quantiles lead, unless there is but one.
  out = q.dim() == 0 ? ops::squeeze_dim(out, -1) : ops::movedim(out, Dims{-1}, Dims{0});
  if (!keepdim || self.dim() == 0) return out;
  if (dim) return ops::unsqueeze(out, at + q.dim());
  Dims kept(static_cast<size_t>(self.dim()), 1);
  if (q.dim()) kept.insert(0, q.numel());
  return ops::reshape(out, kept);
}

Tensor quantile_of(const Tensor& self, double q, std::optional<int64_t> dim, bool keepdim,
                   std::string_view interpolation, bool skip_nan) {
  RL_CHECK(q >= 0 && q <= 1, "quantile() q must be in the range [0, 1] but got ", q);
  RL_CHECK(self.dtype() == Dtype::Float32 || self.dtype() == Dtype::Float64,
           "quantile() input tensor must be either float or double dtype");
  return quantile_of(self, scalar_tensor(Scalar(q), self.dtype()), dim, keepdim, interpolation,
                     skip_nan);
}

}  // namespace rl
