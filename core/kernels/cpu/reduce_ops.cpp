// The kernels of reductions: which loops, over what.
#include "core/kernels/cpu/arg_loops.h"
#include "core/kernels/cpu/reduce_loops.h"
#include "core/ops/ops.h"
#include "core/tensor/reduced_dims.h"

namespace rl::cpu {
namespace {

using OptDims = std::optional<IntList>;

Tensor in_dtype(const Tensor& self, Dtype dtype) {
  if (self.dtype() == dtype) return self;
  Tensor out = empty_like(self, dtype);
  copy_into(out, self);
  return out;
}

// A sum or product in the dtype of `out`.
void accumulate(ReduceKind op, const char* name, const Tensor& self, uint64_t mask,
                const Tensor& out, bool mean = false) {
  ReduceContext context;
  if (mean) context.divisor = static_cast<double>(reduced_count(self.sizes(), mask));
  if (!is_integral(out.dtype(), true))
    return reduce(op, name, in_dtype(self, out.dtype()), mask, context, out);
  if (op == ReduceKind::NanSum) op = ReduceKind::Sum;
  const Tensor from = is_integral(self.dtype(), true) ? self : in_dtype(self, out.dtype());
  if (out.dtype() == Dtype::Int64) return reduce(op, name, from, mask, context, out);
  const Tensor wide = empty(out.sizes(), Dtype::Int64);
  reduce(op, name, from, mask, context, wide);
  copy_into(out, wide);
}

void count(Finish finish, const Tensor& self, uint64_t mask, const Tensor& out) {
  ReduceContext context;
  context.finish = finish;
  context.count = reduced_count(self.sizes(), mask);
  reduce(ReduceKind::Count, "count_nonzero", self, mask, context, out);
}

uint64_t mask_of(const Tensor& self, std::optional<int64_t> dim) {
  return dim ? dim_mask(*dim, self.dim()) : rl::all_dims(self.dim());
}
// any() and all() take an empty list at its word.
uint64_t truth_mask(const Tensor& self, OptDims dim) {
  return dim && dim->empty() ? 0 : reduced_mask(dim, self.dim());
}
std::optional<int64_t> wrapped(const Tensor& self, std::optional<int64_t> dim) {
  return dim ? std::optional(wrap_dim(*dim, self.dim())) : std::nullopt;
}

}  // namespace

void sum(const Tensor& self, std::optional<Dtype>, const Tensor& out) {
  accumulate(ReduceKind::Sum, "sum", self, rl::all_dims(self.dim()), out);
}
void sum_dim(const Tensor& self, OptDims dim, bool, std::optional<Dtype>, const Tensor& out) {
  accumulate(ReduceKind::Sum, "sum", self, reduced_mask(dim, self.dim()), out);
}
void nansum(const Tensor& self, OptDims dim, bool, std::optional<Dtype>, const Tensor& out) {
  accumulate(ReduceKind::NanSum, "nansum", self, reduced_mask(dim, self.dim()), out);
}
void mean(const Tensor& self, std::optional<Dtype>, const Tensor& out) {
  accumulate(ReduceKind::Sum, "mean", self, rl::all_dims(self.dim()), out, true);
}
void mean_dim(const Tensor& self, OptDims dim, bool, std::optional<Dtype>, const Tensor& out) {
  accumulate(ReduceKind::Sum, "mean", self, reduced_mask(dim, self.dim()), out, true);
}
void prod(const Tensor& self, std::optional<Dtype>, const Tensor& out) {
  accumulate(ReduceKind::Prod, "prod", self, rl::all_dims(self.dim()), out);
}
void prod_dim(const Tensor& self, int64_t dim, bool, std::optional<Dtype>, const Tensor& out) {
  accumulate(ReduceKind::Prod, "prod", self, dim_mask(dim, self.dim()), out);
}

void max_all(const Tensor& self, const Tensor& out) {
  reduce(ReduceKind::Max, "max_all", self, rl::all_dims(self.dim()), {}, out);
}
void min_all(const Tensor& self, const Tensor& out) {
  reduce(ReduceKind::Min, "min_all", self, rl::all_dims(self.dim()), {}, out);
}
void amax(const Tensor& self, IntList dim, bool, const Tensor& out) {
  reduce(ReduceKind::Max, "amax", self, reduced_mask(dim, self.dim()), {}, out);
}
void amin(const Tensor& self, IntList dim, bool, const Tensor& out) {
  reduce(ReduceKind::Min, "amin", self, reduced_mask(dim, self.dim()), {}, out);
}
void aminmax(const Tensor& self, std::optional<int64_t> dim, bool, const Tensor& min,
             const Tensor& max) {
  reduce(ReduceKind::Min, "aminmax", self, mask_of(self, dim), {}, min);
  reduce(ReduceKind::Max, "aminmax", self, mask_of(self, dim), {}, max);
}
void max_dim(const Tensor& self, int64_t dim, bool, const Tensor& values, const Tensor& indices) {
  arg_extremum(true, self, wrapped(self, dim), values, indices);
}
void min_dim(const Tensor& self, int64_t dim, bool, const Tensor& values, const Tensor& indices) {
  arg_extremum(false, self, wrapped(self, dim), values, indices);
}
void argmax(const Tensor& self, std::optional<int64_t> dim, bool, const Tensor& out) {
  arg_extremum(true, self, wrapped(self, dim), {}, out);
}
void argmin(const Tensor& self, std::optional<int64_t> dim, bool, const Tensor& out) {
  arg_extremum(false, self, wrapped(self, dim), {}, out);
}

void any(const Tensor& self, const Tensor& out) {
  count(Finish::Any, self, rl::all_dims(self.dim()), out);
}
void all(const Tensor& self, const Tensor& out) {
  count(Finish::All, self, rl::all_dims(self.dim()), out);
}
void any_dim(const Tensor& self, int64_t dim, bool, const Tensor& out) {
  count(Finish::Any, self, dim_mask(dim, self.dim()), out);
}
void all_dim(const Tensor& self, int64_t dim, bool, const Tensor& out) {
  count(Finish::All, self, dim_mask(dim, self.dim()), out);
}
void any_dims(const Tensor& self, OptDims dim, bool, const Tensor& out) {
  count(Finish::Any, self, truth_mask(self, dim), out);
}
void all_dims(const Tensor& self, OptDims dim, bool, const Tensor& out) {
  count(Finish::All, self, truth_mask(self, dim), out);
}
void count_nonzero(const Tensor& self, std::optional<int64_t> dim, const Tensor& out) {
  count(Finish::Plain, self, mask_of(self, dim), out);
}
void count_nonzero_dims(const Tensor& self, IntList dim, const Tensor& out) {
  count(Finish::Plain, self, reduced_mask(dim, self.dim()), out);
}

}  // namespace rl::cpu
