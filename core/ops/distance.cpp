// Distances between rows: checks, batches, and Euclidean ones by matrix products.
#include "core/kernels/cpu/distance.h"

#include "core/op/op_node.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

constexpr int64_t kManyRows = 25;  // from which matrix products pay

bool by_products(const Tensor& x1, const Tensor& x2, double p, std::optional<int64_t> mode) {
  if (p != 2 || mode == 2) return false;
  return mode == 1 || x1.size(1) > kManyRows || x2.size(1) > kManyRows;
}

// |a|^2 + |b|^2 - 2 a b, not below 0.
Tensor euclidean(const Tensor& x1, const Tensor& x2) {
  const Tensor a = ops::sum_dim(x1 * x1, Dims{-1}, true);
  const Tensor b = ops::transpose(ops::sum_dim(x2 * x2, Dims{-1}, true), -2, -1);
  const Tensor product = ops::bmm(x1 * -2.0, ops::transpose(x2, -2, -1));
  return ops::sqrt(ops::clamp_min(product + a + b, Scalar(0.0)));
}

}  // namespace

namespace impl {

Tensor cdist_forward(const Tensor& x1, const Tensor& x2, double p, std::optional<int64_t> mode) {
  const Tensor a = as_contiguous(x1), b = as_contiguous(x2);
  if (a.size(1) && b.size(1) && by_products(a, b, p, mode)) return euclidean(a, b);
  const Tensor out = rl::empty(Dims{a.size(0), a.size(1), b.size(1)}, a.dtype());
  cpu::cdist(a, b, p, out);
  return out;
}

Tensor cdist_backward(const Tensor& grad, const Tensor& x1, const Tensor& x2, double p,
                      const Tensor& distances) {
  const Tensor out = rl::empty(x1.sizes(), x1.dtype());
  cpu::cdist_backward(as_contiguous(grad), as_contiguous(x1), as_contiguous(x2), p,
                      as_contiguous(distances), out);
  return out;
}

Tensor cdist(const Tensor& x1, const Tensor& x2, double p, std::optional<int64_t> mode) {
  RL_CHECK(x1.is_floating(), "cdist only supports floating-point dtypes, X1 got: ", x1.dtype());
  RL_CHECK(x2.is_floating(), "cdist only supports floating-point dtypes, X2 got: ", x2.dtype());
  RL_CHECK(x1.dim() >= 2, "cdist only supports at least 2D tensors, X1 got: ", x1.dim(), "D");
  RL_CHECK(x2.dim() >= 2, "cdist only supports at least 2D tensors, X2 got: ", x2.dim(), "D");
  RL_CHECK(x1.size(-1) == x2.size(-1),
           "X1 and X2 must have the same number of columns. X1: ", x1.size(-1),
           " X2: ", x2.size(-1));
  RL_CHECK(p >= 0, "cdist only supports non-negative p values");
  RL_CHECK(x1.dtype() == x2.dtype(), "expected scalar type ", x1.dtype(), " but found ",
           x2.dtype());
  if (is_reduced(x1.dtype())) throw_not_implemented_for("cdist", x1.dtype());
  const auto leading = [](const Tensor& t) {
    return IntList(t.sizes()).first(t.sizes().size() - 2);
  };
  const Dims batch = broadcast_sizes(leading(x1), leading(x2));
  const auto three = [&](const Tensor& t) {
    Dims sizes = batch;
    sizes.push_back(t.size(-2));
    sizes.push_back(t.size(-1));
    return ops::reshape(ops::expand(t, sizes), Dims{product(batch), t.size(-2), t.size(-1)});
  };
  Dims sizes = batch;
  sizes.push_back(x1.size(-2));
  sizes.push_back(x2.size(-2));
  return ops::reshape(ops::_cdist_forward(three(x1), three(x2), p, mode), sizes);
}

Tensor pdist(const Tensor& self, double p) {
  RL_CHECK(self.dim() == 2, "pdist only supports 2D tensors, got: ", self.dim(), "D");
  RL_CHECK(self.is_floating(), "pdist only supports floating-point dtypes");
  RL_CHECK(p >= 0, "pdist only supports non-negative p values");
  const int64_t n = self.size(0);
  const Tensor pairs = ops::triu(ops::ones(Dims{n, n}, Dtype::Bool), 1);
  return ops::masked_select(ops::cdist(self, self, p, 2), pairs);
}

}  // namespace impl

void vjp::cdist(Vjp& v) {
  const Tensor grad = v.grad(), x1 = v.tensor(0), x2 = v.tensor(1), d = v.result(0);
  const double p = v.arg(2).to_double();
  if (v.needs(0)) v.set(0, ops::_cdist_backward(grad, x1, x2, p, d));
  if (v.needs(1)) {
    const auto turned = [](const Tensor& t) { return ops::transpose(t, -2, -1); };
    v.set(1, ops::_cdist_backward(turned(grad), x2, x1, p, turned(d)));
  }
}

}  // namespace rl
