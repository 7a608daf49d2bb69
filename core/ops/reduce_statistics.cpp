// Variances, norms and other reductions of several steps.
#include <cmath>

#include "core/autograd/grad_mode.h"
#include "core/kernels/cpu/reduce_loops.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"
#include "core/ops/reduce.h"

namespace rl {
namespace {

using cpu::Finish;
using cpu::ReduceContext;
using cpu::ReduceKind;

struct Spread {
  Tensor spread, mean;
};

// Two passes in double: the mean, then the squared deviations from it.
Spread spread(const char* text, const Tensor& self, OptDims dim, const Scalar& correction,
              bool keepdim, bool root, bool with_mean) {
  RL_CHECK(self.is_floating() || self.is_complex(), text,
           " only support floating point and complex dtypes");
  const uint64_t mask = reduced_mask(dim, self.dim());
  const Dims sizes = reduced_sizes(self.sizes(), mask, keepdim);
  Spread out{rl::empty(sizes, to_real(self.dtype()), self.device()), {}};
  if (with_mean) out.mean = rl::empty(sizes, self.dtype(), self.device());
  if (self.is_meta()) return out;
  const auto n = static_cast<double>(reduced_count(self.sizes(), mask));
  RL_CHECK(!correction.is_complex(), "value cannot be converted to type double without overflow");
  const double freedom = n - (correction.is_none() ? 1.0 : correction.to_double());
  if (freedom <= 0)
    warn(str(root ? "std" : "var", with_mean ? "_mean" : "",
             "(): degrees of freedom is <= 0. Correction should be strictly less "
             "than the reduction factor (input numel divided by output numel)."));
  const Tensor mean = rl::empty(sizes, self.is_complex() ? Dtype::Complex128 : Dtype::Float64);
  ReduceContext context;
  context.divisor = n;
  cpu::reduce(ReduceKind::WideSum, "std", self, mask, context, mean);
  context.divisor = std::max(freedom, 0.0);
  context.finish = root ? Finish::Root : Finish::Plain;
  cpu::reduce(ReduceKind::SquareDeviation, "std", self, mask, context, out.spread, mean);
  if (with_mean) copy_into(out.mean, mean);
  return out;
}

void check_norm(const Tensor& self, const Scalar& ord, OptDims dim, std::optional<Dtype> dtype) {
  constexpr const char* kName = "linalg.vector_norm";
  RL_CHECK(self.is_floating() || self.is_complex(), kName,
           ": Expected a floating point or complex tensor as input. Got ", self.dtype());
  RL_CHECK(!ord.is_complex(), kName, ": Expected a non-complex scalar as the order of norm.");
  if (dtype) {
    RL_CHECK(is_floating(*dtype) || is_complex(*dtype), kName,
             ": dtype should be floating point or complex, but got ", *dtype);
    RL_CHECK(is_complex(*dtype) == self.is_complex(), kName, ": dtype should be ",
             self.is_complex() ? "complex" : "real", " for ",
             self.is_complex() ? "complex" : "real", " inputs, but got ", *dtype);
    RL_CHECK(promote(self.dtype(), *dtype) == *dtype, kName, ": the dtype of the input (",
             self.dtype(), ") should be convertible without narrowing to the specified dtype (",
             *dtype, ")");
  }
  const double p = ord.to_double();
  if (self.numel() != 0 || !(p < 0 || std::isinf(p))) return;
  const std::string shown = std::isinf(p) ? (p > 0 ? "inf" : "-inf") : str(ord.to_double());
  if (!dim || dim->empty())
    fail(ErrorType::Runtime, kName, " cannot compute the ", shown,
         " norm on an empty tensor because the operation does not have an identity");
  for (const int64_t d : *dim)
    RL_CHECK(self.size(wrap_dim(d, self.dim())) != 0, kName, " cannot compute the ", shown,
             " norm on the dimension ", d,
             " because this dimension is empty and the operation does not have an identity");
}

// Sums of |x|^p for any p.
Tensor power_norm(const Tensor& self, double p, OptDims dim, bool keepdim) {
  const Tensor sizes = ops::abs(is_reduced(self.dtype()) ? cast(self, Dtype::Float32) : self);
  return ops::pow(ops::sum_dim(ops::pow(sizes, p), dim, keepdim), 1 / p);
}

Tensor complex_logsumexp(const Tensor& self, OptDims dim, bool keepdim) {
  const Tensor top = ops::amax(ops::real(self), *dim, true);
  const Tensor shift = ops::masked_fill(top, ops::eq(ops::abs(top), INFINITY), 0);
  const Tensor sum = ops::sum_dim(ops::exp(ops::sub(self, shift)), dim, keepdim);
  return ops::add(ops::log(sum), keepdim ? shift : ops::reshape(shift, sum.sizes()));
}

}  // namespace

namespace impl {

Tensor var_correction(const Tensor& self, OptDims dim, const Scalar& correction, bool keepdim) {
  return spread("std and var", self, dim, correction, keepdim, false, false).spread;
}
Tensor std_correction(const Tensor& self, OptDims dim, const Scalar& correction, bool keepdim) {
  return spread("std and var", self, dim, correction, keepdim, true, false).spread;
}
std::array<Tensor, 2> var_mean_correction(const Tensor& self, OptDims dim, const Scalar& correction,
                                          bool keepdim) {
  const Spread s = spread("var_mean", self, dim, correction, keepdim, false, true);
  return {s.spread, s.mean};
}
std::array<Tensor, 2> std_mean_correction(const Tensor& self, OptDims dim, const Scalar& correction,
                                          bool keepdim) {
  const Spread s = spread("std_mean", self, dim, correction, keepdim, true, true);
  return {s.spread, s.mean};
}

Tensor nanmean(const Tensor& self, OptDims dim, bool keepdim, std::optional<Dtype> dtype) {
  RL_CHECK(self.is_floating() || self.is_complex(),
           "nanmean(): expected input to have floating point or complex dtype but got ",
           self.dtype());
  RL_CHECK(
      !dtype || !is_integral(*dtype, true),
      "nanmean(): could not infer output dtype. Optional dtype must be either a floating point "
      "or complex dtype. Got: ",
      *dtype);
  const Tensor count = ops::sum_dim(ops::logical_not(ops::isnan(self)), dim, keepdim);
  return ops::nansum(self, dim, keepdim, dtype) / count;
}

Tensor linalg_vector_norm(const Tensor& self, const Scalar& ord, OptDims dim, bool keepdim,
                          std::optional<Dtype> dtype) {
  check_norm(self, ord, dim, dtype);
  const GradModeGuard no_grad(false);
  const uint64_t mask = reduced_mask(dim, self.dim());
  Tensor out = rl::empty(reduced_sizes(self.sizes(), mask, keepdim),
                         to_real(dtype.value_or(self.dtype())), self.device());
  if (self.is_meta()) return out;
  const Tensor from = cast(self, dtype.value_or(self.dtype()));
  const double p = ord.to_double();
  ReduceContext context;
  if (p == 0) {
    const Tensor count = rl::empty(out.sizes(), Dtype::Int64);
    cpu::reduce(ReduceKind::Count, "norm", from, mask, context, count);
    copy_into(out, count);
  } else if (p == 1) {
    cpu::reduce(ReduceKind::AbsSum, "norm", from, mask, context, out);
  } else if (p == 2) {
    context.finish = Finish::Root;
    cpu::reduce(ReduceKind::SquareSum, "norm", from, mask, context, out);
  } else if (std::isinf(p)) {
    cpu::reduce(p > 0 ? ReduceKind::AbsMax : ReduceKind::AbsMin, "norm", from, mask, context, out);
  } else {
    copy_into(out, power_norm(from, p, dim, keepdim));
  }
  return out;
}

Tensor logsumexp(const Tensor& given, IntList dim, bool keepdim) {
  const GradModeGuard no_grad(false);
  const Dtype dtype = is_integral(given.dtype(), true) ? default_dtype() : given.dtype();
  const uint64_t mask = reduced_mask(dim, given.dim());
  Tensor out = rl::empty(reduced_sizes(given.sizes(), mask, keepdim), dtype, given.device());
  if (given.is_meta()) return out;
  const Tensor self = cast(given, dtype);
  if (self.numel() == 0) {
    copy_into(out, scalar_tensor(Scalar(-INFINITY), dtype));
    return out;
  }
  if (self.is_complex()) return complex_logsumexp(self, dim, keepdim);
  const Tensor top = rl::empty(out.sizes(), dtype);
  cpu::reduce(ReduceKind::Max, "logsumexp", self, mask, {}, top);
  cpu::reduce(ReduceKind::ExpSum, "logsumexp", self, mask, {}, out, top);
  return out;
}

Tensor renorm(const Tensor& self, const Scalar& p, int64_t dim, const Scalar& maxnorm) {
  RL_CHECK(!p.is_complex(), "renorm: p must be real-valued");
  RL_CHECK(p.to_double() > 0, "renorm: non-positive-norm not supported");
  RL_CHECK(!maxnorm.is_complex(), "renorm: maxnorm must be real-valued");
  RL_CHECK(maxnorm.to_double() >= 0, "renorm: expected maxnorm to be >= 0 but got ",
           maxnorm.to_double());
  RL_CHECK(self.dim() > 1, "renorm: input needs at least 2 dimensions, got ", self.dim(),
           " dimensions");
  const int64_t kept = wrap_dim(dim, self.dim());
  Dims dims;
  for (int64_t d = 0; d < self.dim(); ++d)
    if (d != kept) dims.push_back(d);
  const Dtype wide = is_reduced(self.dtype()) ? Dtype::Float32 : self.dtype();
  const Tensor norm = ops::linalg_vector_norm(self, p, dims, true, wide);
  const Tensor longer = ops::gt(norm, maxnorm);
  // Rows that stay have no part in the gradient of their norm, which may be infinite.
  const Tensor safe = ops::where(longer, norm, 1);
  const Tensor factor = ops::where(longer, maxnorm.to_double() / (safe + 1e-7), 1);
  return self * ops::_to_dtype(factor, to_real(self.dtype()));
}

Tensor trace(const Tensor& self) {
  RL_CHECK(self.dim() == 2, "trace: expected a matrix, but got tensor with dim ", self.dim());
  if (self.dtype() == Dtype::Bool) throw_not_implemented_for("trace", self.dtype());
  return ops::sum(ops::diagonal(self));
}

Tensor cov(const Tensor& self, int64_t correction, const Tensor& fweights, const Tensor& aweights) {
  RL_CHECK(self.dim() <= 2,
           "cov(): expected input to have two or fewer dimensions but got an input with ",
           self.dim(), " dimensions");
  RL_CHECK(self.dtype() != Dtype::Bool, "cov(): bool dtype is not supported for input");
  const Tensor rows = self.dim() < 2 ? ops::reshape(self, Dims{1, -1}) : self;
  const int64_t n = rows.size(1);
  const auto check_weights = [&](const Tensor& w, const char* name, bool integral) {
    if (!w) return;
    RL_CHECK(w.dim() <= 1, "cov(): expected ", name, " to have one or fewer dimensions but got ",
             name, " with ", w.dim(), " dimensions");
    RL_CHECK(integral ? is_integral(w.dtype(), false) : w.is_floating(), "cov(): expected ", name,
             " to have ", integral ? "integral" : "floating point", " dtype but got ", name,
             " with ", w.dtype(), " dtype");
    RL_CHECK(w.numel() == n, "cov(): expected ", name,
             " to have the same numel as there are observations in the input but got ", w.numel(),
             " != ", n);
    RL_CHECK(n == 0 || item(ops::min(w)).to_double() >= 0, "cov(): ", name, " cannot be negative");
  };
  check_weights(fweights, "fweights", true);
  check_weights(aweights, "aweights", false);
  const Tensor w = !fweights ? aweights : !aweights ? fweights : fweights * aweights;
  const Tensor total = w ? ops::sum(w) : scalar_tensor(Scalar(n), Dtype::Int64);
  RL_CHECK(!w || n == 0 || item(total).to_double() != 0,
           "cov(): weights sum to zero, can't be normalized");
  const Tensor mean = ops::sum_dim(w ? rows * w : rows, Dims{1}) / total;
  Tensor factor = w && aweights && correction != 0
                      ? total - ops::sum(w * aweights) / total * Scalar(correction)
                      : total - Scalar(correction);
  if (item(factor).to_double() <= 0) {
    warn(
        "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of "
        "observations.");
    factor = ops::zeros_like(factor);
  }
  const Tensor centred = rows - ops::unsqueeze(mean, 1);
  const Tensor products = ops::mm(centred, conj(ops::t(w ? centred * w : centred)));
  return ops::squeeze(products / factor);
}

Tensor corrcoef(const Tensor& self) {
  RL_CHECK(self.dim() <= 2,
           "corrcoef(): expected input to have two or fewer dimensions but got an input with ",
           self.dim(), " dimensions");
  const Tensor c = ops::cov(self);
  if (c.dim() == 0) return c / c;
  const Tensor variances = ops::diagonal(c);
  const Tensor d = ops::sqrt(c.is_complex() ? ops::real(variances) : variances);
  const Tensor out = c / ops::unsqueeze(d, 1) / ops::unsqueeze(d, 0);
  if (!out.is_complex()) return ops::clamp(out, -1, 1);
  return ops::complex(ops::clamp(ops::real(out), -1, 1), ops::clamp(ops::imag(out), -1, 1));
}

}  // namespace impl
}  // namespace rl
