// Arithmetic on tensors as C++ operators, for derivative formulas and composites.
#pragma once

#include "core/ops/ops.h"

namespace rl {

inline Tensor operator+(const Tensor& a, const Operand& b) { return ops::add(a, b); }
inline Tensor operator-(const Tensor& a, const Operand& b) { return ops::sub(a, b); }
inline Tensor operator*(const Tensor& a, const Operand& b) { return ops::mul(a, b); }
inline Tensor operator/(const Tensor& a, const Operand& b) { return ops::div(a, b); }
inline Tensor operator-(const Tensor& a) { return ops::neg(a); }
inline Tensor operator+(double a, const Tensor& b) { return ops::add(b, a); }
inline Tensor operator*(double a, const Tensor& b) { return ops::mul(b, a); }
inline Tensor operator-(double a, const Tensor& b) { return ops::rsub(b, a); }
inline Tensor operator/(double a, const Tensor& b) { return ops::mul(ops::reciprocal(b), a); }

// Complex conjugate; a real tensor comes back as it is.
inline Tensor conj(const Tensor& t) { return t.is_complex() ? ops::conj_physical(t) : t; }
inline Operand conj(const Operand& o) {
  return o.is_tensor() ? Operand(conj(o.tensor())) : Operand(o.scalar().conj());
}

}  // namespace rl
