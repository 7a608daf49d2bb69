// Shapes, dtypes and checks of reductions.
#include "core/ops/reduce.h"

#include "core/kernels/cpu/reduce_loops.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {

void check_not_empty(const char* op, const Tensor& self, int64_t dim) {
  RL_CHECK_INDEX(self.dim() == 0 || self.size(dim) != 0, op, "(): Expected reduction dim ", dim,
                 " to have non-zero size.");
}

namespace plan {
namespace {

using OptDims = std::optional<IntList>;

void reduced(Plan& p, const Tensor& self, uint64_t mask, bool keepdim, Dtype dtype,
             int result = 0) {
  p.result(result, reduced_sizes(self.sizes(), mask, keepdim), dtype, self.device());
}

// An extremum over several dimensions.
void extremum(Plan& p, const char* name, cpu::ReduceKind op, const Tensor& self, IntList dim,
              bool keepdim) {
  const uint64_t mask = reduced_mask(dim, self.dim());
  cpu::reduce_loops(op, self.dtype(),
                    op == cpu::ReduceKind::Max ? "max_values_cpu" : "min_values_cpu");
  RL_CHECK(self.numel() != 0 || !dim.empty(), name,
           "(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
           "reduction dim "
           "with the 'dim' argument.");
  for (int64_t d = 0; d < self.dim(); ++d)
    if (mask >> d & 1) check_not_empty(name, self, d);
  reduced(p, self, mask, keepdim, self.dtype());
}

void extremum_all(Plan& p, const char* name, cpu::ReduceKind op, const Tensor& self) {
  RL_CHECK(self.numel() != 0, name,
           "(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
           "reduction dim "
           "with the 'dim' argument.");
  cpu::reduce_loops(op, self.dtype(), op == cpu::ReduceKind::Max ? "max_all" : "min_all");
  p.result(0, {}, self.dtype(), self.device());
}

void extremum_dim(Plan& p, const char* name, const Tensor& self, int64_t dim, bool keepdim) {
  const uint64_t mask = dim_mask(dim, self.dim());
  RL_CHECK(!self.is_complex(), name, "(): does not support complex input");
  check_not_empty(name, self, wrap_dim(dim, self.dim()));
  reduced(p, self, mask, keepdim, self.dtype(), 0);
  reduced(p, self, mask, keepdim, Dtype::Int64, 1);
}

void place(Plan& p, const char* name, const Tensor& self, std::optional<int64_t> dim,
           bool keepdim) {
  RL_CHECK(!self.is_complex(), name, "(): does not support complex input");
  RL_CHECK(self.dtype() != Dtype::Bool, name, "(): does not support bool input");
  if (dim)
    check_not_empty(name, self, wrap_dim(*dim, self.dim()));
  else
    RL_CHECK_INDEX(self.numel() != 0, name,
                   "(): Expected reduction dim to be specified for input.numel() == 0.");
  reduced(p, self, dim ? dim_mask(*dim, self.dim()) : all_dims(self.dim()), keepdim, Dtype::Int64);
}

Dtype truth_dtype(const Tensor& self) {
  return self.dtype() == Dtype::UInt8 ? Dtype::UInt8 : Dtype::Bool;
}

}  // namespace

void sum(Plan& p, const Tensor& self, std::optional<Dtype> dtype) {
  p.result(0, {}, dtype.value_or(sum_dtype(self.dtype())), self.device());
}
void sum_dim(Plan& p, const Tensor& self, OptDims dim, bool keepdim, std::optional<Dtype> dtype) {
  reduced(p, self, reduced_mask(dim, self.dim()), keepdim, dtype.value_or(sum_dtype(self.dtype())));
}
void nansum(Plan& p, const Tensor& self, OptDims dim, bool keepdim, std::optional<Dtype> dtype) {
  RL_CHECK(!self.is_complex(), "nansum on CPU does not support complex inputs");
  sum_dim(p, self, dim, keepdim, dtype);
}
void prod_dim(Plan& p, const Tensor& self, int64_t dim, bool keepdim, std::optional<Dtype> dtype) {
  reduced(p, self, dim_mask(dim, self.dim()), keepdim, dtype.value_or(sum_dtype(self.dtype())));
}

void mean_dim(Plan& p, const Tensor& self, OptDims dim, bool keepdim, std::optional<Dtype> dtype) {
  const Dtype d = dtype.value_or(self.dtype());
  RL_CHECK(!is_integral(d, true), "mean(): could not infer output dtype. ",
           dtype ? "Optional dtype" : "Input dtype",
           " must be either a floating point or complex dtype. Got: ", d);
  sum_dim(p, self, dim, keepdim, d);
}
void mean(Plan& p, const Tensor& self, std::optional<Dtype> dtype) {
  mean_dim(p, self, std::nullopt, false, dtype);
}

void max_all(Plan& p, const Tensor& self) { extremum_all(p, "max", cpu::ReduceKind::Max, self); }
void min_all(Plan& p, const Tensor& self) { extremum_all(p, "min", cpu::ReduceKind::Min, self); }
void max_dim(Plan& p, const Tensor& self, int64_t dim, bool keepdim) {
  extremum_dim(p, "max", self, dim, keepdim);
}
void min_dim(Plan& p, const Tensor& self, int64_t dim, bool keepdim) {
  extremum_dim(p, "min", self, dim, keepdim);
}
void amax(Plan& p, const Tensor& self, IntList dim, bool keepdim) {
  extremum(p, "amax", cpu::ReduceKind::Max, self, dim, keepdim);
}
void amin(Plan& p, const Tensor& self, IntList dim, bool keepdim) {
  extremum(p, "amin", cpu::ReduceKind::Min, self, dim, keepdim);
}
void argmax(Plan& p, const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  place(p, "argmax", self, dim, keepdim);
}
void argmin(Plan& p, const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  place(p, "argmin", self, dim, keepdim);
}
void aminmax(Plan& p, const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  cpu::reduce_loops(cpu::ReduceKind::Max, self.dtype(), "aminmax_cpu");
  const uint64_t mask = dim ? dim_mask(*dim, self.dim()) : all_dims(self.dim());
  if (dim) {
    const int64_t d = wrap_dim(*dim, self.dim());
    RL_CHECK_INDEX(self.dim() == 0 || self.size(d) != 0, "aminmax: Expected reduction dim ", d,
                   " to have non-zero size.");
  } else {
    RL_CHECK(self.numel() != 0,
             "aminmax(): cannot compute aminmax over an empty dimension as the "
             "operation has no identity.");
  }
  reduced(p, self, mask, keepdim, self.dtype(), 0);
  reduced(p, self, mask, keepdim, self.dtype(), 1);
}

void truth(Plan& p, const Tensor& self) { p.result(0, {}, truth_dtype(self), self.device()); }
void truth_dim(Plan& p, const Tensor& self, int64_t dim, bool keepdim) {
  reduced(p, self, dim_mask(dim, self.dim()), keepdim, truth_dtype(self));
}
// An empty list of dimensions reduces none here.
void truth_dims(Plan& p, const Tensor& self, OptDims dim, bool keepdim) {
  const uint64_t mask = dim && dim->empty() ? 0 : reduced_mask(dim, self.dim());
  reduced(p, self, mask, keepdim, truth_dtype(self));
}
void count_nonzero(Plan& p, const Tensor& self, std::optional<int64_t> dim) {
  reduced(p, self, dim ? dim_mask(*dim, self.dim()) : all_dims(self.dim()), false, Dtype::Int64);
}
void count_nonzero_dims(Plan& p, const Tensor& self, IntList dim) {
  reduced(p, self, reduced_mask(dim, self.dim()), false, Dtype::Int64);
}

}  // namespace plan
}  // namespace rl
