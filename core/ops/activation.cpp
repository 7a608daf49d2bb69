// Activation functions beyond a scalar expression: choices, second derivatives, prelu, glu, rrelu.
#include <cmath>
#include <mutex>

#include "core/autograd/grad_mode.h"
#include "core/base/generator.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {
namespace choose {

const OpRecord& relu6(Value* args, const Tensor&) {
  args[1] = Value(0);
  args[2] = Value(6);
  return ops::hardtanh;
}

const OpRecord& selu(Value* args, const Tensor&) {
  args[1] = Value(1.6732632423543772848170429916717);
  args[2] = Value(1.0507009873554804934193349852946);
  args[3] = Value(1.0);
  return ops::elu;
}

namespace {

bool is_tanh(std::string_view approximate) {
  RL_CHECK(approximate == "none" || approximate == "tanh",
           "approximate argument must be either none or tanh.");
  return approximate == "tanh";
}

}  // namespace

const OpRecord& gelu(Value*, const Tensor&, std::string_view approximate) {
  return is_tanh(approximate) ? ops::_gelu_tanh : ops::_gelu_none;
}

const OpRecord& gelu_backward(Value*, const Tensor&, const Tensor&, std::string_view approximate) {
  return is_tanh(approximate) ? ops::_gelu_tanh_backward : ops::_gelu_none_backward;
}

}  // namespace choose

// Below, s is sigmoid(x) and the products are second derivatives times both gradients.
Tensor elu_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self,
                  const Scalar& alpha, const Scalar& scale, const Scalar& input_scale) {
  const double a = alpha.to_double(), c = scale.to_double(), k = input_scale.to_double();
  const Tensor curved = grad * grad_output * ops::exp(self * k) * (a * c * k * k);
  return ops::where(ops::le(self, 0), curved, 0);
}

Tensor gelu_none_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self) {
  const Tensor square = self * self;
  const Tensor density = ops::exp(square * -0.5) * (0.5 * M_2_SQRTPI * M_SQRT1_2);
  return grad * grad_output * density * (2.0 - square);
}

// gelu = x (1 + t) / 2 with t = tanh(u), u = k (x + 0.044715 x^3).
Tensor gelu_tanh_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self) {
  const double k = M_SQRT2 * M_2_SQRTPI * 0.5, cubic = 0.044715;
  const Tensor square = self * self;
  const Tensor t = ops::tanh((self * square * cubic + self) * k);
  const Tensor u1 = (square * (3 * cubic) + 1) * k, u2 = self * (6 * cubic * k);
  const Tensor t1 = (1.0 - t * t);
  const Tensor second = t1 * (u1 + self * 0.5 * (u2 - t * u1 * u1 * 2));
  return grad * grad_output * second;
}

Tensor silu_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self) {
  const Tensor s = ops::sigmoid(self);
  const Tensor second = s * (1.0 - s) * (self * (1.0 - s * 2) + 2);
  return grad * conj(grad_output * second);
}

// mish = x t with t = tanh(softplus(x)); t' = s (1 - t^2).
Tensor mish_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self) {
  const Tensor s = ops::sigmoid(self), t = ops::tanh(ops::softplus(self));
  const Tensor t1 = s * (1.0 - t * t);
  const Tensor t2 = t1 * (1.0 - s - t * s * 2);
  return grad * grad_output * (t1 * 2 + self * t2);
}

Tensor softplus_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self,
                       const Scalar& beta, const Scalar& threshold) {
  const Tensor scaled = self * beta, s = ops::sigmoid(scaled);
  const Tensor curved = grad * grad_output * s * (1.0 - s) * beta;
  return ops::where(ops::gt(scaled, threshold), 0, curved);
}

Tensor log_sigmoid_second(const Tensor& grad, const Tensor& grad_output, const Tensor& self) {
  const Tensor s = ops::sigmoid(self);
  return -(grad * grad_output * s * (1.0 - s));
}

Tensor rrelu_backward(const Tensor& grad, const Tensor& self, const Tensor& noise,
                      const Scalar& lower, const Scalar& upper, bool training) {
  const double low = lower.to_double(), high = upper.to_double();
  if (training && high - low > 1e-6) return grad * noise;
  return ops::_leaky_relu_backward(grad, self, (low + high) / 2);
}

namespace impl {

Tensor prelu(const Tensor& self, const Tensor& weight) {
  RL_CHECK(self.dtype() == weight.dtype(), "prelu: Type promoting not supported. Got ",
           self.dtype(), " and ", weight.dtype());
  RL_CHECK(weight.dim() <= 1,
           "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = ", weight.dim());
  if (weight.numel() == 1) return ops::_prelu_kernel(self, ops::reshape(weight, Dims{}));
  RL_CHECK(self.dim() > 0, "Not allow zero-dim input tensor.");
  const int64_t channels = self.dim() > 1 ? self.size(1) : 1;
  RL_CHECK(channels == weight.numel(),
           "Mismatch of parameter numbers and input channel size. Found parameter "
           "numbers = ",
           weight.numel(), " and channel size = ", channels, ".");
  Dims shape(static_cast<size_t>(self.dim()), 1);
  shape[self.dim() > 1 ? 1 : 0] = channels;
  return ops::_prelu_kernel(self, ops::reshape(weight, shape));
}

namespace {

int64_t half_size(const Tensor& self, int64_t dim) {
  RL_CHECK(self.dim() > 0, "glu does not support 0-dimensional tensors");
  const int64_t size = self.size(wrap_dim(dim, self.dim()));
  RL_CHECK(size % 2 == 0, "Halving dimension must be even, but dimension ",
           wrap_dim(dim, self.dim()), " is size ", size);
  return size / 2;
}

}  // namespace

Tensor glu(const Tensor& self, int64_t dim) {
  const int64_t half = half_size(self, dim);
  const GradModeGuard no_grad(false);
  return ops::_gated(ops::narrow(self, dim, 0, half), ops::narrow(self, dim, half, half));
}

Tensor glu_backward(const Tensor& grad, const Tensor& self, int64_t dim) {
  const int64_t half = half_size(self, dim);
  const Tensor a = ops::narrow(self, dim, 0, half), b = ops::narrow(self, dim, half, half);
  const Tensor parts[] = {ops::_gated(grad, b), ops::sigmoid_backward(grad * a, ops::sigmoid(b))};
  return ops::cat(TensorList(parts), dim);
}

Tensor rrelu(const Tensor& self, const Scalar& lower, const Scalar& upper, bool training,
             Generator* generator) {
  const Tensor noise = rl::empty_like(self);
  return ops::rrelu_with_noise(self, noise, lower, upper, training, generator);
}

}  // namespace impl

namespace plan {

void rrelu_with_noise(Plan& p, const Tensor& self, const Tensor& noise, const Scalar& lower,
                      const Scalar& upper, bool, Generator*) {
  RL_CHECK(self.sizes() == noise.sizes(),
           "noise tensor shape must match self tensor shape. Got self.shape = ",
           IntList(self.sizes()), " noise.shape = ", IntList(noise.sizes()));
  RL_CHECK(lower.to_double() <= upper.to_double(),
           "Lower bound should be less than or equal to the upper "
           "bound");
  p.result_like(0, self, self.dtype());
}

}  // namespace plan

namespace cpu {

void rrelu_with_noise(const Tensor& self, const Tensor& noise, const Scalar& lower,
                      const Scalar& upper, bool training, Generator* generator, const Tensor& out) {
  const double low = lower.to_double(), high = upper.to_double();
  if (!training) {
    const GradModeGuard no_grad(false);
    ops::leaky_relu.into(out, self, (low + high) / 2);
    return;
  }
  Generator& g = generator ? *generator : default_generator();
  const std::lock_guard lock(g.mutex());
  // Serially, one draw for each element that is not positive, in order of the index.
  const Tensor in = as_contiguous(self);
  dispatch(Types<float, double, BFloat16>{}, self.dtype(), "rrelu_with_noise_out_cpu",
           [&]<class T>() {
             const Tensor result = rl::empty(self.sizes(), self.dtype()),
                          slopes = rl::empty(self.sizes(), self.dtype());
             const T* const x = in.data<T>();
             T *const y = result.data<T>(), *const slope = slopes.data<T>();
             for (int64_t i = 0; i < in.numel(); ++i) {
               const Compute<T> value = x[i];
               const auto r =
                   static_cast<Compute<T>>(value <= 0 ? g.uniform() * (high - low) + low : 1.0);
               y[i] = static_cast<T>(value * r);
               slope[i] = static_cast<T>(r);
             }
             copy_into(out, result);
             copy_into(noise, slopes);
           });
}

}  // namespace cpu
}  // namespace rl
