// Operand: a tensor or a number, as in `x + 1`.
#pragma once

#include "core/op/value.h"

namespace rl {

class Operand {
 public:
  Operand() = default;
  Operand(const Tensor& t) : tensor_(t) {}
  Operand(const Scalar& s) : scalar_(s) {}
  Operand(int v) : scalar_(v) {}
  Operand(int64_t v) : scalar_(v) {}
  Operand(double v) : scalar_(v) {}
  explicit Operand(const Value& v) {
    if (v.is_tensor())
      tensor_ = v.tensor();
    else
      scalar_ = v.scalar();
  }

  bool is_tensor() const { return tensor_.defined(); }
  const Tensor& tensor() const { return tensor_; }
  const Scalar& scalar() const { return scalar_; }
  bool is_complex() const { return is_tensor() ? tensor_.is_complex() : scalar_.is_complex(); }
  operator Value() const { return is_tensor() ? Value(tensor_) : Value(scalar_); }

 private:
  Tensor tensor_;
  Scalar scalar_;
};

}  // namespace rl
