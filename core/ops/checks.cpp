// Argument checks that come before a pointwise operator.
#include "core/ops/ops.h"

namespace rl::check {
namespace {

bool is_bool(const Operand& o) {
  return o.is_tensor() ? o.tensor().dtype() == Dtype::Bool : o.scalar().kind() == Scalar::Kind::Bool;
}

bool all_integral(const Operand& a, const Operand& b) {
  const auto integral = [](const Operand& o) {
    return o.is_tensor() ? is_integral(o.tensor().dtype(), true) : o.scalar().is_integral();
  };
  return integral(a) && integral(b);
}

void alpha_fits(const Operand& a, const Operand& b, const Scalar& alpha) {
  RL_CHECK(alpha.kind() != Scalar::Kind::Bool || (is_bool(a) && is_bool(b)),
           "Boolean alpha only supported for Boolean results.");
  RL_CHECK(alpha.is_integral() || !all_integral(a, b),
           "For integral input tensors, argument alpha must not be a floating point number.");
  RL_CHECK(!alpha.is_complex() || a.is_complex() || b.is_complex(),
           "For non-complex input tensors, argument alpha must not be a complex number.");
}

}  // namespace

void add(const Operand& self, const Operand& other, const Scalar& alpha) { alpha_fits(self, other, alpha); }

void sub(const Operand& self, const Operand& other, const Scalar& alpha) {
  RL_CHECK(!is_bool(self) && !is_bool(other),
           is_bool(self) && is_bool(other)
               ? "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
                 "`logical_xor()` operator instead."
               : "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying "
                 "to invert a mask, use the `~` or `logical_not()` operator instead.");
  alpha_fits(self, other, alpha);
}

void neg(const Tensor& self) {
  RL_CHECK(self.dtype() != Dtype::Bool,
           "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a "
           "mask, use the `~` or `logical_not()` operator instead.");
}

}  // namespace rl::check
