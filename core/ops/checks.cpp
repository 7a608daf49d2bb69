// Argument checks that come before a pointwise operator.
#include "core/ops/ops.h"

namespace rl::check {
namespace {

bool is_bool(const Operand& o) {
  return o.is_tensor() ? o.tensor().dtype() == Dtype::Bool
                       : o.scalar().kind() == Scalar::Kind::Bool;
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

void add(const Operand& self, const Operand& other, const Scalar& alpha) {
  alpha_fits(self, other, alpha);
}

void sub(const Operand& self, const Operand& other, const Scalar& alpha) {
  RL_CHECK(
      !is_bool(self) && !is_bool(other),
      is_bool(self) && is_bool(other)
          ? "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
          : "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying "
            "to invert a mask, use the `~` or `logical_not()` operator instead.");
  alpha_fits(self, other, alpha);
}

void addcdiv(const Tensor& self, const Tensor& tensor1, const Tensor& tensor2, const Scalar&) {
  const bool integral = is_integral(tensor1.dtype(), true) && is_integral(tensor2.dtype(), true);
  RL_CHECK(
      !integral,
      "Integer division with addcdiv is no longer supported, and in a future  release addcdiv "
      "will perform a true division of tensor1 and tensor2. The historic addcdiv behavior can be "
      "implemented as (input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer "
      "inputs "
      "and as (input + value * tensor1 / tensor2) for float inputs.");
}

void lerp(const Tensor& self, const Tensor& end, const Operand& weight) {
  RL_CHECK(self.dtype() == end.dtype(), "expected dtype ", self.dtype(),
           " for `end` but got dtype ", end.dtype());
  RL_CHECK(!weight.is_tensor() || weight.tensor().dtype() == self.dtype(), "expected dtype ",
           self.dtype(), " for `weight` but got dtype ",
           weight.is_tensor() ? weight.tensor().dtype() : self.dtype());
  if (is_integral(self.dtype(), true))
    throw_not_implemented_for(weight.is_tensor() ? "lerp_kernel_tensor" : "lerp_kernel_scalar",
                              self.dtype());
}

void where(const Tensor& condition, const Operand&, const Operand&) {
  const Dtype d = condition.dtype();
  RL_CHECK(d == Dtype::Bool || d == Dtype::UInt8,
           "where expected condition to be a boolean tensor, but got a "
           "tensor with dtype ",
           d);
  if (d == Dtype::UInt8)
    warn(
        "where received a uint8 condition tensor. This behavior is deprecated and will be removed "
        "in a future "
        "version of PyTorch. Use a boolean condition instead.");
}
void where_method(const Tensor& self, const Tensor& condition, const Operand& other) {
  where(condition, self, other);
}

void heaviside(const Tensor& self, const Tensor& values) {
  RL_CHECK(!self.is_complex() && !values.is_complex(),
           "heaviside is not yet implemented for complex tensors.");
  RL_CHECK(self.dtype() == values.dtype(),
           "heaviside is not yet implemented for tensors with different dtypes.");
}

// --- complex numbers have no order
namespace {
void not_complex_pair(const char* name, const Operand& self, const Operand& other) {
  RL_CHECK(!self.is_complex() && !other.is_complex(), name,
           " not implemented for complex tensors.");
}
void no_complex_clamp(const Tensor& self, const Operand& bound) {
  if (self.is_complex() || bound.is_complex())
    fail(ErrorType::NotImplemented, "clamp is not supported for complex types");
}
void not_complex(const char* text, const Tensor& self) {
  if (self.is_complex()) fail(ErrorType::NotImplemented, text);
}
}  // namespace

void maximum(const Tensor& self, const Tensor& other) { not_complex_pair("maximum", self, other); }
void minimum(const Tensor& self, const Tensor& other) { not_complex_pair("minimum", self, other); }
void fmax(const Tensor& self, const Tensor& other) { not_complex_pair("fmax", self, other); }
void fmin(const Tensor& self, const Tensor& other) { not_complex_pair("fmin", self, other); }
void clamp_min(const Tensor& self, const Operand& min) { no_complex_clamp(self, min); }
void clamp_max(const Tensor& self, const Operand& max) { no_complex_clamp(self, max); }
void sign(const Tensor& self) {
  not_complex(
      "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn "
      "instead.",
      self);
}
void signbit(const Tensor& self) {
  not_complex("signbit is not implemented for complex tensors.", self);
}
void ceil(const Tensor& self) { not_complex("ceil is not supported for complex inputs", self); }
void floor(const Tensor& self) { not_complex("floor is not supported for complex inputs", self); }
void trunc(const Tensor& self) { not_complex("trunc is not supported for complex inputs", self); }
void isposinf(const Tensor& self) {
  RL_CHECK(!self.is_complex(), "isposinf does not support complex inputs.");
}
void isneginf(const Tensor& self) {
  RL_CHECK(!self.is_complex(), "isneginf does not support complex inputs.");
}
void deg2rad(const Tensor& self) {
  RL_CHECK(!self.is_complex(), "deg2rad is not supported for complex tensors.");
}
void rad2deg(const Tensor& self) {
  RL_CHECK(!self.is_complex(), "rad2deg is not supported for complex tensors.");
}

// --- other demands on dtypes and arguments
void abs(const Tensor& self) {
  if (self.dtype() == Dtype::Bool) throw_not_implemented_for("abs_cpu", Dtype::Bool);
}
void positive(const Tensor& self) {
  RL_CHECK(self.dtype() != Dtype::Bool, "The `+` operator, on a bool tensor is not supported.");
}
void imag(const Tensor& self) {
  RL_CHECK(self.is_complex(), "imag is not implemented for tensors with non-complex dtypes.");
}
void complex(const Tensor& a, const Tensor& b) {
  const auto fits = [](const Tensor& t) { return t.is_floating() && t.dtype() != Dtype::BFloat16; };
  RL_CHECK(fits(a) && fits(b), "Expected both inputs to be Half, Float or Double tensors but got ",
           a.dtype(), " and ", b.dtype());
  RL_CHECK(a.dtype() == b.dtype(), "Expected object of scalar type ", a.dtype(),
           " but got scalar type ", b.dtype(), " for second argument");
}
void polygamma(int64_t n, const Tensor&) {
  RL_CHECK(n >= 0, "polygamma(n, x) does not support negative n.");
}
void mvlgamma(const Tensor& self, int64_t p) {
  RL_CHECK(p >= 1, "p has to be greater than or equal to 1");
  RL_CHECK(self.dtype() != Dtype::Bool, "The input tensor may not be a boolean tensor.");
  if (self.is_complex()) throw_not_implemented_for("mvlgamma", self.dtype());
}
void relu(const Tensor& self) {
  RL_CHECK(self.dtype() != Dtype::Bool, "Boolean inputs not supported for relu");
  not_complex("clamp is not supported for complex types", self);
}
void hardtanh(const Tensor& self, const Scalar& min_val, const Scalar&) {
  RL_CHECK(self.dtype() != Dtype::Bool, "Bool inputs not supported for hardtanh");
  RL_CHECK(self.dtype() != Dtype::UInt8 || min_val.to_double() >= 0,
           "cannot do hardtanh on an unsigned type with negative limits");
  not_complex("clamp is not supported for complex types", self);
}
void softshrink(const Tensor& self, const Scalar& lambd) {
  if (!self.is_floating()) throw_not_implemented_for("softshrink_check", self.dtype());
  RL_CHECK(lambd.to_double() >= 0, "lambda must be greater or equal to 0, but found to be ",
           lambd.to_double(), ".");
}
void celu(const Tensor&, const Scalar& alpha) {
  RL_CHECK(alpha.to_double() != 0, "ZeroDivisionError: alpha cannot be 0 for CELU");
}

void neg(const Tensor& self) {
  RL_CHECK(self.dtype() != Dtype::Bool,
           "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
           "invert a "
           "mask, use the `~` or `logical_not()` operator instead.");
}

}  // namespace rl::check
