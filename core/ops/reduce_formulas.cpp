// Derivatives of reductions.
#include "core/ops/reduce_formulas.h"

#include <cmath>

#include "core/autograd/grad_mode.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"
#include "core/ops/reduce.h"

namespace rl {

Tensor restore_dims(const Tensor& t, size_t dims, OptDims dim, bool keepdim) {
  if (keepdim || dims == 0) return t;
  if (!dim || dim->empty()) return ops::view(t, Dims(dims, 1));
  const uint64_t mask = reduced_mask(dim, static_cast<int64_t>(dims));
  Dims sizes;
  for (size_t i = 0, k = 0; i < dims; ++i) sizes.push_back(mask >> i & 1 ? 1 : t.sizes()[k++]);
  return ops::reshape(t, sizes);
}

Tensor expand_reduced(const Tensor& grad, IntList sizes, OptDims dim, bool keepdim) {
  return ops::expand(restore_dims(grad, sizes.size(), dim, keepdim), sizes);
}

namespace {

double count_of(IntList sizes, OptDims dim) {
  return static_cast<double>(
      reduced_count(sizes, reduced_mask(dim, static_cast<int64_t>(sizes.size()))));
}

bool has_zero(const Tensor& t) {
  const GradModeGuard no_grad(false);
  return item(ops::any(ops::eq(t, 0))).to_bool();
}

// For each element the product of all others along a dimension: from the left times from the right.
Tensor product_of_others(const Tensor& x, int64_t dim) {
  const int64_t n = x.size(dim);
  if (n == 1) return ops::ones_like(x);
  const Tensor one = ops::ones_like(ops::narrow(x, dim, 0, 1));
  const Tensor left =
      ops::cumprod(ops::cat(TensorVec{one, ops::narrow(x, dim, 0, n - 1)}, dim), dim);
  const Tensor rest = ops::flip(ops::narrow(x, dim, 1, n - 1), Dims{dim});
  const Tensor right = ops::flip(ops::cumprod(ops::cat(TensorVec{one, rest}, dim), dim), Dims{dim});
  return left * right;
}

// Shares `grad` among the elements where `chosen` is true.
Tensor shared(const Tensor& grad, const Tensor& chosen, OptDims dim) {
  const Tensor count = ops::sum_dim(chosen, dim, true);
  return ops::masked_fill(grad / count, ops::logical_not(chosen), 0);
}

}  // namespace

Tensor mean_backward(const Tensor& grad, IntList sizes, OptDims dim, bool keepdim) {
  return expand_reduced(grad, sizes, dim, keepdim) / count_of(sizes, dim);
}

Tensor prod_backward(const Tensor& grad, const Tensor& self, const Tensor& result) {
  if (self.dim() == 0) return grad;
  if (!has_zero(self)) return grad * conj(result / self);
  const Tensor others = product_of_others(ops::reshape(self, Dims{-1}), 0);
  return grad * conj(ops::reshape(others, self.sizes()));
}

Tensor prod_dim_backward(const Tensor& grad, const Tensor& self, const Tensor& result, int64_t dim,
                         bool keepdim) {
  if (self.dim() == 0) return grad;
  const Dims dims{wrap_dim(dim, self.dim())};
  const Tensor g = restore_dims(grad, self.sizes().size(), dims, keepdim);
  if (!has_zero(self))
    return g * conj(restore_dims(result, self.sizes().size(), dims, keepdim) / self);
  return g * conj(product_of_others(self, dims[0]));
}

Tensor share_among_equals(const Tensor& grad, const Tensor& self, const Tensor& result) {
  const bool nan = std::isnan(item(result).to_double());
  return shared(restore_dims(grad, self.sizes().size(), std::nullopt, false),
                nan ? ops::isnan(self) : ops::eq(self, result), std::nullopt);
}

Tensor extremum_backward(const Tensor& grad, const Tensor& self, const Tensor& result, OptDims dim,
                         bool keepdim) {
  const Tensor top = restore_dims(result, self.sizes().size(), dim, keepdim);
  const Tensor mask = ops::eq(self, top);
  return restore_dims(grad, self.sizes().size(), dim, keepdim) * mask /
         ops::sum_dim(mask, dim, true);
}

Tensor aminmax_backward(const Vjp& v, const Tensor& self, const Tensor& min, const Tensor& max,
                        std::optional<int64_t> dim, bool keepdim) {
  const Dims dims{dim.value_or(0)};
  const OptDims over = dim ? OptDims(IntList(dims)) : std::nullopt;
  Tensor out;
  if (v.has_grad(0)) out = extremum_backward(v.grad(0), self, min, over, keepdim);
  if (v.has_grad(1)) {
    const Tensor top = extremum_backward(v.grad(1), self, max, over, keepdim);
    out = out ? out + top : top;
  }
  return out;
}

Tensor picked_backward(const Tensor& grad, const Tensor& indices, IntList sizes, int64_t dim,
                       bool keepdim) {
  const bool flat = !keepdim && !sizes.empty();
  const Tensor g = flat ? ops::unsqueeze(grad, dim) : grad;
  return ops::scatter_src(ops::zeros(sizes, grad.dtype()), dim,
                          flat ? ops::unsqueeze(indices, dim) : indices, g);
}

Tensor var_backward(const Tensor& grad, const Tensor& self, OptDims dim, const Scalar& correction,
                    bool keepdim) {
  const double n = count_of(self.sizes(), dim);
  const double freedom = n - (correction.is_none() ? 1.0 : correction.to_double());
  const Tensor g = restore_dims(grad, self.sizes().size(), dim, keepdim);
  const Tensor deviation = self - ops::mean_dim(self, dim, true);
  if (freedom <= 0) return g * ops::where(ops::eq(deviation, 0), std::nan(""), INFINITY);
  return g * (2.0 / freedom) * deviation;
}

Tensor std_backward(const Tensor& grad, const Tensor& self, const Tensor& result, OptDims dim,
                    const Scalar& correction, bool keepdim) {
  const Tensor g = ops::masked_fill(grad / (result * 2), ops::eq(result, 0), 0);
  return var_backward(g, self, dim, correction, keepdim);
}

namespace {

Tensor add_mean_gradient(const Vjp& v, Tensor out, const Tensor& self, OptDims dim, bool keepdim) {
  if (!v.has_grad(1)) return out;
  const Tensor g = mean_backward(v.grad(1), self.sizes(), dim, keepdim);
  return out ? out + g : g;
}

}  // namespace

Tensor var_mean_backward(const Vjp& v, const Tensor& self, OptDims dim, const Scalar& correction,
                         bool keepdim) {
  Tensor out;
  if (v.has_grad(0)) out = var_backward(v.grad(0), self, dim, correction, keepdim);
  return add_mean_gradient(v, out, self, dim, keepdim);
}

Tensor std_mean_backward(const Vjp& v, const Tensor& self, const Tensor& std, OptDims dim,
                         const Scalar& correction, bool keepdim) {
  Tensor out;
  if (v.has_grad(0)) out = std_backward(v.grad(0), self, std, dim, correction, keepdim);
  return add_mean_gradient(v, out, self, dim, keepdim);
}

Tensor norm_backward(const Tensor& given_grad, const Tensor& self, const Scalar& ord,
                     const Tensor& given_norm, OptDims dim, bool keepdim) {
  const double p = ord.to_double();
  if (p == 0) return ops::zeros_like(self);
  const Tensor grad = restore_dims(given_grad, self.sizes().size(), dim, keepdim);
  const Tensor norm = restore_dims(given_norm, self.sizes().size(), dim, keepdim);
  if (p == 1) return ops::sgn(self) * grad;
  const Tensor at_zero = ops::eq(norm, 0);
  if (p == 2) return grad * ops::masked_fill(self / norm, at_zero, 0);
  const Tensor size = ops::abs(self);
  if (std::isinf(p)) {
    const Tensor top = ops::logical_or(ops::eq(size, norm), ops::isnan(size));
    return ops::sgn(self) * (grad / ops::sum_dim(top, dim, true)) * top;
  }
  if (p < 1) {
    const Tensor scaled =
        ops::masked_fill(ops::sgn(self) * ops::pow(size, p - 1), ops::eq(self, 0), 0);
    return scaled * grad * ops::pow(norm, 1 - p);
  }
  const Tensor scale = ops::masked_fill(grad / ops::pow(norm, p - 1), at_zero, 0);
  if (p < 2) return ops::sgn(self) * ops::pow(size, p - 1) * scale;
  return self * ops::pow(size, p - 2) * scale;
}

Tensor logsumexp_backward(const Tensor& grad, const Tensor& self, const Tensor& result, IntList dim,
                          bool keepdim) {
  const size_t dims = self.sizes().size();
  return restore_dims(grad, dims, dim, keepdim) *
         conj(ops::exp(self - restore_dims(result, dims, dim, keepdim)));
}

}  // namespace rl
