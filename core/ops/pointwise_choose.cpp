// Pointwise operators that run as another one, picked by their arguments, and composites.
#include <cmath>

#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace choose {

const OpRecord& div(Value*, const Operand&, const Operand&, std::optional<std::string_view> mode) {
  if (!mode) return ops::div;
  if (*mode == "floor") return ops::_div_floor;
  RL_CHECK(*mode == "trunc",
           "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '", *mode,
           "'");
  return ops::_div_trunc;
}

const OpRecord& pow(Value*, const Operand& self, const Operand& exponent) {
  if (exponent.is_tensor() || !self.is_tensor()) return ops::_pow;
  const Scalar& e = exponent.scalar();
  if (e.is_complex()) return ops::_pow;
  const Tensor& base = self.tensor();
  const double value = e.to_double();
  const bool integral = is_integral(base.dtype(), true) && e.is_integral();
  RL_CHECK(!integral || value >= 0, "Integers to negative integer powers are not allowed.");
  if (value == 2) return ops::_pow_2;
  if (value == 3) return ops::_pow_3;
  if (base.is_complex()) return value == 0.5 ? ops::_pow_half : ops::_pow;
  if (value == 0.5) return ops::_pow_half;
  if (value == -1) return ops::_pow_minus_1;
  if (value == -2) return ops::_pow_minus_2;
  return ops::_pow;
}

const OpRecord& clamp(Value* args, const Tensor& self, const Operand&, const Operand&) {
  const bool min = !args[1].is_none(), max = !args[2].is_none();
  RL_CHECK(min || max, "torch.clamp: At least one of 'min' or 'max' must not be None");
  if (self.is_complex())
    fail(ErrorType::NotImplemented, "clamp is not supported for complex types");
  if (min && max) return ops::_clamp;
  if (min) return ops::_clamp_only_min;
  args[1] = args[2];
  return ops::_clamp_only_max;
}

const OpRecord& nan_to_num(Value* args, const Tensor& self, std::optional<double>,
                           std::optional<double>, std::optional<double>) {
  // The largest finite numbers of Half, BFloat16, float and double.
  constexpr double kLargest[] = {65504.0, 0x1.fep127, 0x1.fffffep127, 0x1.fffffffffffffp1023};
  const Dtype real = to_real(self.dtype());
  const double largest =
      is_floating(real) ? kLargest[static_cast<int>(real) - static_cast<int>(Dtype::Float16)] : 0;
  if (args[1].is_none()) args[1] = Value(0.0);
  if (args[2].is_none()) args[2] = Value(largest);
  if (args[3].is_none()) args[3] = Value(-largest);
  return ops::_nan_to_num;
}

const OpRecord& logit(Value*, const Tensor&, std::optional<double> eps) {
  if (eps && *eps >= 0) return ops::_logit_limited;
  return ops::_logit;
}

const OpRecord& round_decimals(Value* args, const Tensor& self, int64_t decimals) {
  if (!self.is_floating()) throw_not_implemented_for("round_cpu", self.dtype());
  args[1] = Value(std::pow(10.0, static_cast<double>(std::abs(decimals))));
  args[2] = Value(decimals < 0);
  return ops::_round_to;
}

}  // namespace choose

namespace impl {
namespace {

Operand widened(const Operand& o, Dtype dtype) {
  return o.is_tensor() ? Operand(ops::_to_dtype(o.tensor(), dtype)) : o;
}

}  // namespace

Tensor float_power(const Operand& self, const Operand& exponent) {
  const Dtype dtype =
      self.is_complex() || exponent.is_complex() ? Dtype::Complex128 : Dtype::Float64;
  return ops::pow(widened(self, dtype), widened(exponent, dtype));
}

Tensor ldexp(const Tensor& self, const Tensor& other) {
  const Dtype common = promote(self.dtype(), other.dtype());
  const Tensor out = ops::mul(self, ops::pow(Operand(2.0), Operand(other)));
  // The power of an integer tensor is float32, which must not widen a 16-bit float.
  return is_reduced(common) && out.dtype() != common ? ops::_to_dtype(out, common) : out;
}

Tensor ndtr(const Tensor& self) { return ops::mul(ops::add(ops::erf(self * M_SQRT1_2), 1), 0.5); }

}  // namespace impl
}  // namespace rl
