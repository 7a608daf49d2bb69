// Shapes and derivatives of running reductions; differences and integrals made of other operators.
#include <cmath>

#include "core/autograd/grad_mode.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"
#include "core/ops/reduce.h"

namespace rl {
namespace plan {
namespace {

void same_shape(Plan& p, int result, const Tensor& self, int64_t dim, Dtype dtype) {
  wrap_dim(dim, self.dim());
  p.result(result, self.sizes(), dtype, self.device());
}

void running_extremum(Plan& p, const char* name, const Tensor& self, int64_t dim) {
  if (self.is_complex()) throw_not_implemented_for(name, self.dtype());
  same_shape(p, 0, self, dim, self.dtype());
  same_shape(p, 1, self, dim, Dtype::Int64);
}

}  // namespace

void cumsum(Plan& p, const Tensor& self, int64_t dim, std::optional<Dtype> dtype) {
  RL_CHECK(!p.in_place() || !dtype || *dtype == self.dtype(),
           "Bad in-place call: input tensor dtype ", type_name(self.dtype()),
           " and output tensor dtype ", type_name(*dtype), " should match");
  same_shape(p, 0, self, dim, dtype.value_or(sum_dtype(self.dtype())));
}
void cummax(Plan& p, const Tensor& self, int64_t dim) {
  running_extremum(p, "cummax_cpu", self, dim);
}
void cummin(Plan& p, const Tensor& self, int64_t dim) {
  running_extremum(p, "cummin_cpu", self, dim);
}
void logcumsumexp(Plan& p, const Tensor& self, int64_t dim) {
  if (is_integral(self.dtype(), true))
    throw_not_implemented_for("logcumsumexp_out_cpu", self.dtype());
  same_shape(p, 0, self, dim, self.dtype());
}

}  // namespace plan

namespace {

bool is_trivial(const Tensor& t, int64_t dim) {
  return t.dim() == 0 || t.numel() == 0 || t.size(dim) == 1;
}

template <class F>
Tensor from_the_end(const Tensor& t, int64_t dim, const F& scan) {
  return ops::flip(scan(ops::flip(t, Dims{dim})), Dims{dim});
}

Tensor reversed_cumsum(const Tensor& t, int64_t dim) {
  return from_the_end(t, dim, [&](const Tensor& x) { return ops::cumsum(x, dim); });
}

}  // namespace

Tensor cumsum_backward(const Tensor& grad, int64_t dim) {
  return is_trivial(grad, dim) ? grad : reversed_cumsum(grad, dim);
}

Tensor cumprod_backward(const Tensor& grad, const Tensor& self, int64_t dim, const Tensor& result) {
  if (is_trivial(self, dim)) return grad;
  bool zeros = false;
  {
    const GradModeGuard no_grad(false);
    zeros = item(ops::any(ops::eq(self, 0))).to_bool();
  }
  const Tensor factors = conj(self), products = conj(result);
  if (!zeros) return reversed_cumsum(grad * products, dim) / factors;
  // Without dividing: the product before k times s[k] = grad[k] + x[k + 1] s[k + 1].
  const int64_t n = self.size(dim);
  TensorVec sums(static_cast<size_t>(n));
  for (int64_t k = n - 1; k >= 0; --k) {
    const Tensor g = ops::select(grad, dim, k);
    const auto at = static_cast<size_t>(k);
    sums[at] = k == n - 1 ? g : g + ops::select(factors, dim, k + 1) * sums[at + 1];
  }
  const Tensor first = ops::ones_like(ops::narrow(products, dim, 0, 1));
  const Tensor before = ops::cat(TensorVec{first, ops::narrow(products, dim, 0, n - 1)}, dim);
  return before * ops::stack(sums, wrap_dim(dim, self.dim()));
}

Tensor logcumsumexp_backward(const Tensor& grad, const Tensor& self, const Tensor& result,
                             int64_t dim) {
  if (is_trivial(self, dim)) return grad;
  const auto reversed = [&](const Tensor& t) {
    return from_the_end(t, dim, [&](const Tensor& x) { return ops::logcumsumexp(x, dim); });
  };
  if (thread_state().grad_enabled) {
    // In operators whose derivatives stay finite: s[k] = grad[k] + exp(result[k] - result[k + 1])
    // s[k + 1], with exponents no greater than 0.
    const int64_t n = self.size(dim);
    TensorVec sums(static_cast<size_t>(n));
    for (int64_t k = n - 1; k >= 0; --k) {
      const Tensor g = ops::select(grad, dim, k);
      const auto at = static_cast<size_t>(k);
      if (k == n - 1) {
        sums[at] = g;
        continue;
      }
      const Tensor here = ops::select(result, dim, k), after = ops::select(result, dim, k + 1);
      const Tensor step = ops::exp(ops::masked_fill(here - after, ops::eq(here, after), 0));
      sums[at] = g + conj(step) * sums[at + 1];
    }
    return conj(ops::exp(self - result)) * ops::stack(sums, wrap_dim(dim, self.dim()));
  }
  if (grad.is_complex()) {
    const Tensor log_grad = ops::log(conj(grad));
    return conj(ops::exp(reversed(log_grad - result) + self));
  }
  // Logarithms need positive numbers: the gradient's positive and negative parts go separately.
  const Tensor size = ops::log(ops::abs(grad));
  const auto part = [&](const Tensor& where) {
    return ops::exp(reversed(ops::where(where, size, -INFINITY) - result) + self);
  };
  return part(ops::gt(grad, 0)) - part(ops::lt(grad, 0));
}

namespace {

Tensor differences(const Tensor& t, int64_t dim) {
  const int64_t n = std::max<int64_t>(t.size(dim) - 1, 0);
  const int64_t skip = std::min<int64_t>(t.size(dim), 1);
  const Tensor after = ops::narrow(t, dim, skip, n), before = ops::narrow(t, dim, 0, n);
  return t.dtype() == Dtype::Bool ? ops::logical_xor(after, before) : after - before;
}

void check_joined(const Tensor& self, const Tensor& other, int64_t dim) {
  if (!other) return;
  RL_CHECK(other.dim() == self.dim(),
           "diff expects prepend or append to be the same dimension as input");
  for (int64_t d = 0; d < self.dim(); ++d)
    RL_CHECK(d == dim || other.size(d) == self.size(d),
             "diff expects the shape of tensor to prepend or append to match that of input except "
             "along the "
             "differencing dimension; input.size(",
             d, ") = ", self.size(d), ", but got tensor.size(", d, ") = ", other.size(d));
}

// Halves of neighbours' sums times their distance.
Tensor areas(const Tensor& y, const Operand& distance, int64_t dim) {
  const int64_t n = std::max<int64_t>(y.size(dim) - 1, 0);
  const int64_t skip = std::min<int64_t>(y.size(dim), 1);
  return (ops::narrow(y, dim, 0, n) + ops::narrow(y, dim, skip, n)) * distance / 2.0;
}

Tensor spacing(const char* name, const Tensor& y, const Tensor& x, int64_t dim) {
  if (x.dim() == 1) {
    RL_CHECK(x.size(0) == y.size(dim), name, ": There must be one `x` value for each sample point");
    Dims shape(static_cast<size_t>(y.dim()), 1);
    shape[static_cast<size_t>(dim)] = x.size(0);
    return differences(ops::reshape(x, shape), dim);
  }
  Tensor wide = x;
  while (wide.dim() < y.dim()) wide = ops::unsqueeze(wide, 0);
  return differences(wide, dim);
}

void check_integrand(const char* name, const Tensor& y, const Tensor& x = {}) {
  RL_CHECK(y.dtype() != Dtype::Bool, name,
           ": received a bool input for `y`, but bool is not supported");
  RL_CHECK(!x || x.dtype() != Dtype::Bool, name,
           ": received a bool input for `x`, but bool is not supported");
}

}  // namespace

namespace impl {

Tensor diff(const Tensor& self, int64_t n, int64_t dim, const Tensor& prepend,
            const Tensor& append) {
  RL_CHECK(self.dim() >= 1, "diff expects input to be at least one-dimensional");
  const int64_t d = wrap_dim(dim, self.dim());
  check_joined(self, prepend, d);
  check_joined(self, append, d);
  RL_CHECK(n >= 0, "order must be non-negative but got ", n);
  TensorVec parts;
  if (prepend) parts.push_back(prepend);
  parts.push_back(self);
  if (append) parts.push_back(append);
  Tensor out = parts.size() == 1 ? self : ops::cat(parts, d);
  if (n == 0) return ops::clone(self);
  for (int64_t k = std::min(n, out.size(d)); k > 0; --k) out = differences(out, d);
  return out;
}

Tensor trapezoid_dx(const Tensor& y, const Scalar& dx, int64_t dim) {
  check_integrand("trapezoid", y);
  const int64_t d = wrap_dim(dim, y.dim());
  return ops::sum_dim(areas(y, dx, d), Dims{d});
}
Tensor trapezoid_x(const Tensor& y, const Tensor& x, int64_t dim) {
  check_integrand("trapezoid", y, x);
  const int64_t d = wrap_dim(dim, y.dim());
  return ops::sum_dim(areas(y, spacing("trapezoid", y, x, d), d), Dims{d});
}
Tensor cumulative_trapezoid_dx(const Tensor& y, const Scalar& dx, int64_t dim) {
  check_integrand("cumulative_trapezoid", y);
  const int64_t d = wrap_dim(dim, y.dim());
  return ops::cumsum(areas(y, dx, d), d);
}
Tensor cumulative_trapezoid_x(const Tensor& y, const Tensor& x, int64_t dim) {
  check_integrand("cumulative_trapezoid", y, x);
  const int64_t d = wrap_dim(dim, y.dim());
  return ops::cumsum(areas(y, spacing("cumulative_trapezoid", y, x, d), d), d);
}

}  // namespace impl
}  // namespace rl
