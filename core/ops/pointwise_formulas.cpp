// Derivatives of pointwise operators that take more than a line.
#include "core/ops/pointwise_formulas.h"

#include <cmath>

#include "core/autograd/grad_mode.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace {

Scalar shifted(const Scalar& s, double sign, double offset) {
  if (s.is_complex()) return Scalar(sign * s.to_complex() + offset);
  if (s.is_integral())
    return Scalar(static_cast<int64_t>(sign) * s.to_int() + static_cast<int64_t>(offset));
  return Scalar(sign * s.to_double() + offset);
}

Operand affine(const Operand& o, double sign, double offset) {
  if (!o.is_tensor()) return Operand(shifted(o.scalar(), sign, offset));
  const Tensor& t = o.tensor();
  return sign < 0 ? Operand(ops::rsub(t, offset)) : Operand(ops::add(t, offset));
}

}  // namespace

Operand one_minus(const Operand& o) { return affine(o, -1, 1); }
Operand plus_one(const Operand& o) { return affine(o, 1, 1); }
Operand minus(const Operand& o) {
  return o.is_tensor() ? Operand(-o.tensor()) : Operand(-o.scalar());
}

Tensor pow_backward_self(const Tensor& grad, const Operand& self, const Operand& exponent) {
  if (!exponent.is_tensor()) {
    if (exponent.scalar().is_complex() ? exponent.scalar().to_complex() == 0.0
                                       : exponent.scalar().to_double() == 0)
      return ops::mul(grad, 0);
    // While a graph is made the general formula stays differentiable down to constants.
    if (!thread_state().grad_enabled) {
      if (exponent.scalar().equals(2)) return grad * conj(ops::mul(self, 2));
      if (exponent.scalar().equals(3)) return grad * conj(ops::mul(ops::mul(self, self), 3));
    }
    const Tensor slope =
        ops::mul(ops::pow(self, Operand(shifted(exponent.scalar(), 1, -1))), exponent);
    return grad * conj(slope);
  }
  const Tensor& e = exponent.tensor();
  const Tensor slope = ops::mul(ops::pow(self, ops::sub(e, 1)), e);
  return ops::where(ops::eq(e, 0), 0, grad * conj(slope));
}

Tensor pow_backward_exponent(const Tensor& grad, const Operand& self, const Operand& exponent,
                             const Tensor& result) {
  const Tensor& e = exponent.tensor();
  if (!self.is_tensor()) {
    const Scalar& base = self.scalar();
    const bool zero = base.is_complex() ? base.to_complex() == 0.0 : base.to_double() == 0;
    if (zero) {
      const Tensor at_zero = e.is_complex() ? ops::gt(ops::real(e), 0) : ops::ge(e, 0);
      return ops::where(at_zero, 0, grad * conj(result * -INFINITY));
    }
    const Scalar log = base.is_complex() || (e.is_complex() && base.to_double() < 0)
                           ? Scalar(std::log(base.to_complex()))
                           : Scalar(std::log(base.to_double()));
    return grad * conj(result * log);
  }
  const Tensor& base = self.tensor();
  // 0^e is constant for e >= 0.
  const Tensor positive = e.is_complex() ? ops::gt(ops::real(e), 0) : ops::ge(e, 0);
  const Tensor flat = both(ops::eq(base, 0), positive);
  const Tensor log = ops::log(
      result.is_complex() && !base.is_complex() ? ops::_to_dtype(base, result.dtype()) : base);
  return ops::where(flat, 0, grad * conj(result * log));
}

Tensor sgn_backward(const Tensor& grad, const Tensor& self, const Tensor& result) {
  if (!self.is_complex()) return ops::mul(grad, 0);
  // The part of grad at right angles to self, divided by |self|.
  const Tensor length = ops::abs(self);
  const Tensor along = ops::real(grad * conj(result));
  const Tensor across = (grad - result * along) / length;
  return ops::where(ops::eq(length, 0), 0, across);
}

Tensor copysign_backward(const Tensor& grad, const Tensor& self, const Tensor& result) {
  return ops::where(ops::eq(self, 0), 0, grad * (result / self));
}

Tensor sinc_backward(const Tensor& grad, const Tensor& self) {
  const Tensor turn = self * M_PI;
  const Tensor slope = (turn * ops::cos(turn) - ops::sin(turn)) / (turn * self);
  return grad * conj(ops::where(ops::eq(turn, 0), 0, slope));
}

Tensor acosh_backward(const Tensor& grad, const Tensor& self) {
  if (!self.is_complex()) return grad * ops::rsqrt(self * self - 1);
  return grad * conj(ops::rsqrt(self - 1) * ops::rsqrt(self + 1));  // the principal branch
}

Tensor angle_backward(const Tensor& grad, const Tensor& self) {
  if (!self.is_complex()) return ops::mul(grad, 0);
  const Tensor length = ops::abs(self);
  const Tensor slope = self / (length * length) * Scalar(std::complex<double>(0, 1));
  return ops::where(ops::eq(self, 0), 0, slope * grad);
}

Tensor share_ties(const Tensor& grad, const Tensor& self, const Tensor& other, const Op<1>& loses) {
  const Tensor shared = ops::where(ops::eq(self, other), grad * 0.5, grad);
  return ops::where(loses(self, other), 0, shared);
}

Tensor both(const Tensor& a, const Tensor& b) { return ops::logical_and(a, b); }
Tensor either(const Tensor& a, const Tensor& b) { return ops::logical_or(a, b); }

Tensor number_wins(const Tensor& left_wins, const Tensor& other) {
  return either(left_wins, ops::isnan(other));
}

Tensor complex_of_pairs(const Tensor& grad) {
  return ops::view_as_complex(grad.is_contiguous() ? grad
                                                   : ops::clone(grad, MemoryFormat::Contiguous));
}

Tensor imag_of(const Tensor& grad) {
  return grad.is_complex() ? ops::imag(grad) : ops::mul(grad, 0);
}

Tensor derivative_missing(const char* name) {
  fail(ErrorType::NotImplemented, "the derivative for '", name, "' is not implemented.");
}

Tensor igamma_slope(const Tensor& self, const Tensor& other) {
  return ops::exp((self - 1) * ops::log(other) - other - ops::lgamma(self));
}

Tensor xlogy_slope(const Tensor& grad, const Operand& self, const Operand& other) {
  const Tensor& x = self.tensor();
  const Tensor zero = ops::eq(x, 0);
  if (!other.is_tensor()) {
    const double y = other.scalar().to_double();
    const Tensor slope = grad * std::log(y);
    return y > 0 ? slope : ops::where(zero, 0, slope);
  }
  const Tensor& y = other.tensor();
  return ops::where(both(zero, ops::le(y, 0)), 0, grad * ops::log(y));
}

Tensor xlog1py_slope(const Tensor& grad, const Operand& self, const Operand& other) {
  const Tensor& x = self.tensor();
  const Tensor zero = ops::eq(x, 0);
  if (!other.is_tensor()) {
    const double y = other.scalar().to_double();
    const Tensor slope = grad * std::log1p(y);
    return y > -1 ? slope : ops::where(zero, 0, slope);
  }
  const Tensor& y = other.tensor();
  return ops::where(both(zero, ops::le(y, -1)), 0, grad * ops::log1p(y));
}

// i1' = i0 - i1 / x (DLMF 10.29.2), and 1/2 at 0.
Tensor i1_slope(const Tensor& self, const Tensor& result, bool scaled) {
  const Tensor tiny = ops::lt(ops::abs(self), self.dtype() == Dtype::Float64 ? 1e-16 : 1e-7);
  const Tensor x = ops::where(tiny, 1, self);
  const Tensor slope = scaled ? ops::special_i0e(x) - result * (ops::sgn(x) + ops::reciprocal(x))
                              : ops::i0(x) - result / x;
  return ops::where(tiny, 0.5, slope);
}

namespace vjp {

void not_implemented(Vjp& v) {
  const std::string_view name = v.node.op.name;
  fail(ErrorType::NotImplemented, "the derivative for '",
       name == "unique_dim_consecutive" ? "unique_consecutive" : name, "' is not implemented.");
}

}  // namespace vjp

namespace impl {

Tensor mvlgamma_slope(const Tensor& self, int64_t p) {
  Tensor sum = ops::digamma(self);
  for (int64_t j = 1; j < p; ++j) sum = sum + ops::digamma(self - 0.5 * static_cast<double>(j));
  return sum;
}

}  // namespace impl
}  // namespace rl
