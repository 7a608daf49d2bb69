// Shape rules of adaptive and fractional pooling, and of unpooling.
#include "core/kernels/cpu/layout.h"
#include "core/kernels/cpu/pool.h"

namespace rl {

using cpu::with_space;

namespace {

void check_rank(const char* name, int n, const Tensor& self, const char* got) {
  RL_CHECK(self.dim() == n + 1 || self.dim() == n + 2, name, "(): Expected ", n + 1, "D or ", n + 2,
           "D tensor, but got", got, IntList(self.sizes()));
}

// `from` is the first dimension that may not be empty.
void check_filled(const char* name, const Tensor& self, int64_t from, const char* got) {
  for (int64_t d = from; d < self.dim(); ++d)
    RL_CHECK(self.size(d) > 0, name,
             "(): Expected input to have non-zero size for non-batch dimensions, but ", got,
             IntList(self.sizes()), " with dimension ", d, " being empty");
}

void plan_adaptive_mean(Plan& p, int n, const Tensor& self, IntList output_size) {
  const char* const name = n == 2 ? "adaptive_avg_pool2d" : "adaptive_avg_pool3d";
  RL_CHECK(static_cast<int>(output_size.size()) == n, name, ": output_size must be ", n);
  check_rank(name, n, self, " ");
  check_filled(name, self, n == 2 ? self.dim() - 2 : self.dim() - 4 + (self.dim() == 4),
               "input has sizes ");
  if (!self.is_floating())
    throw_not_implemented_for(n == 2 ? name : "adaptive_avg_pool3d_cpu", self.dtype());
  result_in_layout(p, 0, with_space(self.sizes(), n, output_size.data()), self.dtype(),
                   self.device(), n == 2 && self.dim() == 4 && is_channels_last(self));
}

void plan_adaptive_max(Plan& p, int n, const Tensor& self, IntList output_size) {
  const char* const name = n == 2 ? "adaptive_max_pool2d" : "adaptive_max_pool3d";
  check_rank(name, n, self, ": ");
  check_filled(name, self, self.dim() - n - 1, "input has sizes ");
  RL_CHECK(static_cast<int>(output_size.size()) == n, name,
           "(): internal error: output_size.size() must be ", n);
  const Dims sizes = with_space(self.sizes(), n, output_size.data());
  for (const int64_t s : output_size)
    RL_CHECK(s >= 0, "Trying to create tensor with negative dimension ", s, ": ", IntList(sizes));
  if (!self.is_floating())
    throw_not_implemented_for(n == 2 ? name : "adaptive_max_pool3d_cpu", self.dtype());
  const bool last = n == 2 && self.dim() == 4 && is_channels_last(self);
  result_in_layout(p, 0, sizes, self.dtype(), self.device(), last);
  result_in_layout(p, 1, sizes, Dtype::Int64, self.device(), last);
}

void plan_fractional(Plan& p, int n, const Tensor& self, IntList kernel, IntList output_size,
                     const Tensor& samples) {
  const char* const name = n == 2 ? "fractional_max_pool2d" : "fractional_max_pool3d";
  const char* const ints = n == 2 ? "Ints" : "three Ints";
  RL_CHECK(static_cast<int>(kernel.size()) == n, name,
           ": kernel_size must either be a single Int or tuple of ", ints);
  RL_CHECK(static_cast<int>(output_size.size()) == n, name,
           ": output_size must either be a single Int or tuple of ", ints);
  check_rank(name, n, self, ": ");
  check_filled(name, self, self.dim() - n - 1, "got");
  RL_CHECK(samples.dtype() == self.dtype(),
           "Expect _random_samples to have the same dtype as input");
  RL_CHECK(samples.dim() == 3, "Expect _random_samples to have 3 dimensions, got ", samples.dim());
  RL_CHECK(self.dim() == n + 1 || samples.size(0) >= self.size(0),
           "Expect _random_samples.size(0) no less then input batch size.");
  RL_CHECK(samples.size(1) == self.size(-n - 1),
           "Expect _random_samples.size(1) equals to input channel size.");
  RL_CHECK(samples.size(2) == n, "Expect _random_samples.size(2) equals to ", n, "; got ",
           samples.size(2), ".");
  constexpr const char* kAxes[] = {"time", "height", "width"};
  for (int d = 0; d < n; ++d) {
    const int64_t in = self.size(d - n), k = kernel[static_cast<size_t>(d)];
    RL_CHECK(output_size[static_cast<size_t>(d)] + k - 1 <= in, name,
             n == 2 ? "(): pool " : "_out(): pool ", kAxes[3 - n + d], " ", k,
             " too large relative to input ", kAxes[3 - n + d], " ", in);
  }
  if (!self.is_floating())
    throw_not_implemented_for(
        n == 2 ? "fractional_max_pool2d_out_frame" : "fractional_max_pool3d_out_frame",
        self.dtype());
  const Dims sizes = with_space(self.sizes(), n, output_size.data());
  p.result(0, sizes, self.dtype(), self.device());
  p.result(1, sizes, Dtype::Int64, self.device());
}

void plan_unpool(Plan& p, int n, const Tensor& self, const Tensor& indices, IntList output_size) {
  RL_CHECK(indices.dtype() == Dtype::Int64,
           "elements in indices should be type int64 but got: ", legacy_name(indices.dtype()));
  RL_CHECK(self.dim() == n + 1 || self.dim() == n + 2, "Input to max_unpooling", n,
           "d should be a ", n + 1, "d or ", n + 2, "d Tensor, but got a tensor with ", self.dim(),
           " dimensions.");
  RL_CHECK(self.sizes() == indices.sizes(),
           "Expected shape of indices to be same as that of the input tensor (",
           IntList(self.sizes()),
           ") but got indices tensor with shape: ", IntList(indices.sizes()));
  RL_CHECK(static_cast<int>(output_size.size()) == n, "There should be exactly ",
           n == 2 ? "two elements (height, width)" : "three elements (depth, height, width)",
           " in output_size, but got ", output_size.size(), " elements.");
  for (int64_t d = self.dim() == n + 2 ? 1 : 0; d < self.dim(); ++d)
    RL_CHECK(self.size(d) > 0, "max_unpooling", n,
             "d_forward_out_cpu(): Expected input to have non-zero size for "
             "non-batch dimensions, but got ",
             IntList(self.sizes()), " with dimension ", d, " being empty.");
  if (!self.is_floating())
    throw_not_implemented_for(n == 2 ? "max_unpool2d" : "max_unpool3d", self.dtype());
  result_in_layout(p, 0, with_space(self.sizes(), n, output_size.data()), self.dtype(),
                   self.device(), n == 2 && self.dim() == 4 && is_channels_last(self));
}

}  // namespace

namespace plan {

void adaptive_avg_pool2d(Plan& p, const Tensor& self, IntList size) {
  plan_adaptive_mean(p, 2, self, size);
}
void adaptive_avg_pool3d(Plan& p, const Tensor& self, IntList size) {
  plan_adaptive_mean(p, 3, self, size);
}
void adaptive_max_pool2d(Plan& p, const Tensor& self, IntList size) {
  plan_adaptive_max(p, 2, self, size);
}
void adaptive_max_pool3d(Plan& p, const Tensor& self, IntList size) {
  plan_adaptive_max(p, 3, self, size);
}
void adaptive_pool_gradient(Plan& p, const Tensor& grad, IntList sizes) {
  result_in_layout(p, 0, sizes, grad.dtype(), grad.device(), is_channels_last(grad));
}
void fractional_max_pool2d(Plan& p, const Tensor& self, IntList kernel, IntList size,
                           const Tensor& samples) {
  plan_fractional(p, 2, self, kernel, size, samples);
}
void fractional_max_pool3d(Plan& p, const Tensor& self, IntList kernel, IntList size,
                           const Tensor& samples) {
  plan_fractional(p, 3, self, kernel, size, samples);
}
void max_unpool2d(Plan& p, const Tensor& self, const Tensor& indices, IntList size) {
  plan_unpool(p, 2, self, indices, size);
}
void max_unpool3d(Plan& p, const Tensor& self, const Tensor& indices, IntList size, IntList stride,
                  IntList padding) {
  RL_CHECK(stride.size() == 3,
           "There should be exactly three elements (depth, height, width) in stride, but got: ",
           stride.size(), " elements.");
  RL_CHECK(padding.size() == 3,
           "There should be exactly three elements (depth, height, width) in padding, but got: ",
           padding.size(), " elements.");
  for (const int64_t s : stride)
    RL_CHECK(s > 0, "strides should be greater than zero, but got stride: ", stride);
  plan_unpool(p, 3, self, indices, size);
}
void from_places(Plan& p, const Tensor& grad, const Tensor&, IntList sizes, int64_t) {
  result_in_layout(p, 0, sizes, grad.dtype(), grad.device(), is_channels_last(grad));
}
void at_places(Plan& p, const Tensor& self, const Tensor& indices, int64_t) {
  p.result(0, indices.sizes(), self.dtype(), self.device());
}

}  // namespace plan
}  // namespace rl
