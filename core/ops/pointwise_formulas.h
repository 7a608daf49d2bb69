// Pieces of the derivative formulas of pointwise operators.
#pragma once

#include "core/op/op.h"
#include "core/op/op_node.h"

namespace rl {

// Arithmetic on an operand that may be a number.
Operand one_minus(const Operand& o);
Operand plus_one(const Operand& o);
Operand minus(const Operand& o);

Tensor pow_backward_self(const Tensor& grad, const Operand& self, const Operand& exponent);
Tensor pow_backward_exponent(const Tensor& grad, const Operand& self, const Operand& exponent,
                             const Tensor& result);
Tensor sgn_backward(const Tensor& grad, const Tensor& self, const Tensor& result);
Tensor copysign_backward(const Tensor& grad, const Tensor& self, const Tensor& result);
Tensor sinc_backward(const Tensor& grad, const Tensor& self);
Tensor acosh_backward(const Tensor& grad, const Tensor& self);
Tensor angle_backward(const Tensor& grad, const Tensor& self);

// grad where `self` wins over `other`, half of it where they tie, 0 where `loses(self, other)`.
Tensor share_ties(const Tensor& grad, const Tensor& self, const Tensor& other, const Op<1>& loses);
// Where fmax or fmin took the left argument.
Tensor number_wins(const Tensor& left_wins, const Tensor& other);
Tensor both(const Tensor& a, const Tensor& b);
Tensor either(const Tensor& a, const Tensor& b);

// The gradient of view_as_real.
Tensor complex_of_pairs(const Tensor& grad);
// The imaginary part; zeros of a real gradient.
Tensor imag_of(const Tensor& grad);

[[noreturn]] Tensor derivative_missing(const char* name);
Tensor igamma_slope(const Tensor& self, const Tensor& other);
Tensor xlogy_slope(const Tensor& grad, const Operand& self, const Operand& other);
Tensor xlog1py_slope(const Tensor& grad, const Operand& self, const Operand& other);
Tensor i1_slope(const Tensor& self, const Tensor& result, bool scaled);

// Gradients of `self` in the derivatives of activation functions.
Tensor elu_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self,
                  const Scalar& alpha, const Scalar& scale, const Scalar& input_scale);
Tensor gelu_none_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self);
Tensor gelu_tanh_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self);
Tensor silu_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self);
Tensor mish_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self);
Tensor softplus_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self,
                       const Scalar& beta, const Scalar& threshold);
Tensor log_sigmoid_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self);
Tensor rrelu_backward(const Tensor& grad, const Tensor& self, const Tensor& noise,
                      const Scalar& lower, const Scalar& upper, bool training);

}  // namespace rl
