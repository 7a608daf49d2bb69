// Distinct elements and slices: shapes and checks.
#include "core/kernels/cpu/unique.h"

#include "core/autograd/grad_mode.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

using Triple = std::array<Tensor, 3>;

Tensor nothing() { return empty(Dims{0}, Dtype::Int64); }

Triple shaped(const cpu::Distinct& d, const Tensor& self) {
  Triple out{d.values, d.inverse ? d.inverse : nothing(), d.counts ? d.counts : nothing()};
  if (d.inverse) out[1] = alias(d.inverse, self.sizes(), contiguous_strides(self.sizes()), 0);
  return out;
}

Tensor flat(const Tensor& self) {
  RL_CHECK(!self.is_meta(),
           "unique(): the shape of the result depends on data that a meta tensor has not");
  const Tensor t = as_contiguous(self);
  return alias(t, Dims{t.numel()}, Dims{1}, t.offset());
}

Triple along(const Tensor& self, int64_t dim, bool runs) {
  const GradModeGuard no_grad(false);
  const int64_t at = wrap_dim(dim, self.dim());
  const int64_t n = self.dim() ? self.size(at) : 1;
  if (self.numel() == 0) {
    RL_CHECK(n == 0,
             "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied");
    return {ops::clone(self), nothing(), nothing()};
  }
  const Tensor front = self.dim() ? ops::movedim(self, Dims{at}, Dims{0}) : self;
  const Tensor rows = as_contiguous(ops::reshape(front, Dims{n, -1}));
  const cpu::Distinct d = cpu::unique_rows(rows, runs);
  return {self.dim() ? ops::index_select(self, at, d.values) : ops::clone(self), d.inverse,
          d.counts};
}

}  // namespace

namespace impl {

Triple unique2(const Tensor& self, bool, bool return_inverse, bool return_counts) {
  return shaped(cpu::unique_sorted(flat(self), return_inverse, return_counts), self);
}

std::array<Tensor, 2> unique1(const Tensor& self, bool, bool return_inverse) {
  const Triple all = shaped(cpu::unique_sorted(flat(self), return_inverse, false), self);
  return {all[0], all[1]};
}

Triple unique_dim(const Tensor& self, int64_t dim, bool, bool, bool) {
  return along(self, dim, false);
}

Triple unique_dim_consecutive(const Tensor& self, int64_t dim, bool, bool) {
  return along(self, dim, true);
}

Triple unique_consecutive(const Tensor& self, bool return_inverse, bool return_counts,
                          std::optional<int64_t> dim) {
  if (dim) return along(self, *dim, true);
  return shaped(cpu::unique_runs(flat(self), return_inverse, return_counts), self);
}

}  // namespace impl
}  // namespace rl
