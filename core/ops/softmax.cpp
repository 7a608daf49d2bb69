// Shapes, checks and second derivatives of softmax and log_softmax.
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {

Tensor softmax_double_backward(const Tensor& grad, const Tensor& grad_output, const Tensor& output,
                               int64_t dim) {
  const Dims dims{dim};
  return grad * grad_output - ops::sum_dim(output * grad, dims, true) * grad_output -
         grad * ops::sum_dim(output * grad_output, dims, true);
}

namespace plan {
namespace {

void same_shape(Plan& p, const char* name, const Tensor& self, int64_t dim, bool half_to_float) {
  RL_CHECK(!half_to_float, name, " with half to float conversion is not supported on CPU");
  const int64_t at = wrap_dim(dim, self.dim());
  if (!self.is_floating())
    throw_not_implemented_for(
        str(name, at + 1 >= self.dim() ? "_lastdim_kernel_impl" : "_kernel_impl").c_str(),
        self.dtype());
  p.result(0, self.sizes(), self.dtype(), self.device());
}

}  // namespace

void softmax(Plan& p, const Tensor& self, int64_t dim, bool half_to_float) {
  same_shape(p, "softmax", self, dim, half_to_float);
}
void log_softmax(Plan& p, const Tensor& self, int64_t dim, bool half_to_float) {
  same_shape(p, "log_softmax", self, dim, half_to_float);
}

void softmax_backward(Plan& p, const Tensor& grad, const Tensor& output, int64_t dim,
                      Dtype input_dtype) {
  wrap_dim(dim, grad.dim());
  RL_CHECK(grad.sizes() == output.sizes(), "softmax_backward: grad_output of size ",
           IntList(grad.sizes()), " does not fit output of size ", IntList(output.sizes()));
  RL_CHECK(
      grad.dtype() == output.dtype() && grad.dtype() == input_dtype && grad.is_floating(),
      "expected input and grad types to match, or input to be at::Half and grad to be at::Float");
  p.result(0, grad.sizes(), grad.dtype(), grad.device());
}

}  // namespace plan

namespace impl {

Tensor softmax_int(const Tensor& self, int64_t dim, std::optional<Dtype> dtype) {
  return ops::_softmax(dtype && *dtype != self.dtype() ? ops::_to_dtype(self, *dtype) : self, dim,
                       false);
}
Tensor log_softmax_int(const Tensor& self, int64_t dim, std::optional<Dtype> dtype) {
  return ops::_log_softmax(dtype && *dtype != self.dtype() ? ops::_to_dtype(self, *dtype) : self,
                           dim, false);
}

}  // namespace impl
}  // namespace rl
