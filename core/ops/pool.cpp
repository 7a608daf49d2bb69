// Pooling over fixed windows: checks, shape rules, and what the public operators are made of.
#include "core/ops/pool.h"

#include "core/autograd/grad_mode.h"
#include "core/autograd/variable.h"
#include "core/kernels/cpu/layout.h"
#include "core/kernels/cpu/pool.h"
#include "core/ops/ops.h"

namespace rl {

using cpu::PoolArguments, cpu::pool_geometry, cpu::pooled_size, cpu::with_space;

namespace {

const char* counted_ints(int n) { return n == 2 ? "two ints" : "three ints"; }

void check_lists(const char* name, int n, const PoolArguments& a) {
  const auto fits = [n](IntList v) { return v.size() == 1 || static_cast<int>(v.size()) == n; };
  RL_CHECK(fits(a.kernel), name, ": kernel_size must either be a single int, or a tuple of ",
           counted_ints(n));
  RL_CHECK(a.stride.empty() || fits(a.stride), name,
           ": stride must either be omitted, a single int, or a tuple of ", counted_ints(n));
  RL_CHECK(fits(a.padding), name, ": padding must either be a single int, or a tuple of ",
           counted_ints(n));
  RL_CHECK(fits(a.dilation), name, ": dilation must be either a single int, or a tuple of ",
           counted_ints(n));
}

std::string by(const int64_t* sizes, int from, int64_t channels) {
  std::string out = "(" + std::to_string(channels);
  for (int d = from; d < 3; ++d) out += "x" + std::to_string(sizes[d]);
  return out + ")";
}

void check_input(int n, const Tensor& self) {
  const int64_t dims = self.dim();
  RL_CHECK(dims == n + 1 || dims == n + 2, "non-empty ", n + 1, "D or ", n + 2,
           "D (batch mode) tensor expected for input");
  bool filled = true;
  for (int64_t d = dims == n + 2 ? 1 : 0; d < dims; ++d) filled = filled && self.size(d) > 0;
  RL_CHECK(filled, "Expected ", n + 1, "D or ", n + 2,
           "D (batch mode) tensor with optional 0 dim batch size for input, but got:",
           IntList(self.sizes()));
}

cpu::PoolGeometry checked_geometry(const char* name, int n, const Tensor& self,
                                   const PoolArguments& a) {
  check_lists(name, n, a);
  const cpu::PoolGeometry g = pool_geometry(n, self.sizes(), a);
  check_input(n, self);
  for (int d = 3 - n; d < 3; ++d) {
    RL_CHECK(g.kernel[d] > 0, "kernel size should be greater than zero, but got ", a.kernel);
    RL_CHECK(g.stride[d] > 0, "stride should be greater than zero, but got ", a.stride);
    RL_CHECK(g.dilation[d] > 0,
             "dilation should be greater than zero, but got dilationH: ", g.dilation[1],
             " dilationW: ", g.dilation[2]);
    RL_CHECK(g.out[d] >= 1, "Given input size: ", by(g.in, 3 - n, self.size(-n - 1)),
             ". Calculated output size: ", by(g.out, 3 - n, self.size(-n - 1)),
             ". Output size is too small");
  }
  return g;
}

void refuse(const char* name, const Tensor& self, bool ok) {
  if (!ok) throw_not_implemented_for(name, self.dtype());
}

void check_max_dtype(int n, const Tensor& self) {
  refuse(n == 2 ? "max_pool2d" : "max_pool3d", self,
         self.dtype() != Dtype::Bool && !self.is_complex());
}

void plan_max(Plan& p, int n, const Tensor& self, const PoolArguments& a, Dtype second, bool keep) {
  RL_CHECK(self.dim() == n + 1 || self.dim() == n + 2, "non-empty ", n + 1, "D or ", n + 2,
           "D (batch mode) tensor expected for input");
  const cpu::PoolGeometry g = checked_geometry(n == 2 ? "max_pool2d" : "max_pool3d", n, self, a);
  check_max_dtype(n, self);
  const Dims sizes = with_space(self.sizes(), n, g.out + 3 - n);
  const bool last = is_channels_last(self) && self.dim() == n + 2;
  result_in_layout(p, 0, sizes, self.dtype(), self.device(), last);
  if (second == Dtype::Int64)
    result_in_layout(p, 1, sizes, second, self.device(), last);
  else
    p.result(1, keep ? sizes : Dims{0}, second, self.device());
}

void plan_mean(Plan& p, int n, const Tensor& self, IntList kernel, IntList stride, IntList padding,
               bool ceil_mode, std::optional<int64_t> divisor) {
  const char* const name = n == 2 ? "avg_pool2d" : "avg_pool3d";
  RL_CHECK(!divisor || *divisor != 0, "divisor must be not zero");
  if (n == 2) wrap_dim(-3, self.dim());
  constexpr int64_t kOne[] = {1};
  const cpu::PoolGeometry g =
      checked_geometry(name, n, self, {kernel, stride, padding, kOne, ceil_mode});
  refuse(n == 2 ? name : "avg_pool3d_out_frame", self,
         self.is_floating() || self.dtype() == Dtype::Int64);
  result_in_layout(p, 0, with_space(self.sizes(), n, g.out + 3 - n), self.dtype(), self.device(),
                   n == 2 && self.dim() == 4 && is_channels_last(self));
}

void plan_gradient(Plan& p, const Tensor& grad, IntList sizes) {
  result_in_layout(p, 0, sizes, grad.dtype(), grad.device(), is_channels_last(grad));
}

}  // namespace

namespace plan {

#define RL_MAX_POOL_ARGUMENTS                                                                     \
  Plan &p, const Tensor &self, IntList kernel, IntList stride, IntList padding, IntList dilation, \
      bool ceil_mode

void max_pool2d(RL_MAX_POOL_ARGUMENTS) {
  plan_max(p, 2, self, {kernel, stride, padding, dilation, ceil_mode}, Dtype::Int64, true);
}
void max_pool3d(RL_MAX_POOL_ARGUMENTS) {
  plan_max(p, 3, self, {kernel, stride, padding, dilation, ceil_mode}, Dtype::Int64, true);
}
void max_pool2d_positions(RL_MAX_POOL_ARGUMENTS, bool keep) {
  plan_max(p, 2, self, {kernel, stride, padding, dilation, ceil_mode}, Dtype::UInt8, keep);
}
void max_pool3d_positions(RL_MAX_POOL_ARGUMENTS, bool keep) {
  plan_max(p, 3, self, {kernel, stride, padding, dilation, ceil_mode}, Dtype::UInt8, keep);
}
#undef RL_MAX_POOL_ARGUMENTS

void avg_pool2d(Plan& p, const Tensor& self, IntList kernel, IntList stride, IntList padding,
                bool ceil_mode, bool, std::optional<int64_t> divisor) {
  plan_mean(p, 2, self, kernel, stride, padding, ceil_mode, divisor);
}
void avg_pool3d(Plan& p, const Tensor& self, IntList kernel, IntList stride, IntList padding,
                bool ceil_mode, bool, std::optional<int64_t> divisor) {
  plan_mean(p, 3, self, kernel, stride, padding, ceil_mode, divisor);
}
void pool_gradient(Plan& p, const Tensor& grad, IntList sizes, IntList, IntList, IntList, bool,
                   bool, std::optional<int64_t>) {
  plan_gradient(p, grad, sizes);
}
void max_pool_gradient(Plan& p, const Tensor& grad, const Tensor&, IntList sizes, IntList, IntList,
                       IntList, IntList, bool, int64_t) {
  plan_gradient(p, grad, sizes);
}
void pool_places(Plan& p, const Tensor& positions, IntList, IntList, IntList, IntList, IntList,
                 bool, int64_t) {
  p.result(0, positions.sizes(), Dtype::Int64, positions.device());
}

}  // namespace plan

// --- public operators
namespace {

Tensor max_pool_of(int n, const Tensor& self, const PoolArguments& a) {
  const bool grad = thread_state().grad_enabled && requires_grad(self);
  int64_t window = 1;
  for (size_t d = 0; d < static_cast<size_t>(n) && window <= 256; ++d)
    window *= a.kernel[std::min(d, a.kernel.size() - 1)];
  if (grad && window > 256) {
    return (n == 2 ? ops::max_pool2d_with_indices : ops::max_pool3d_with_indices)(
        self, a.kernel, a.stride, a.padding, a.dilation, a.ceil_mode)[0];
  }
  return (n == 2 ? ops::_max_pool2d : ops::_max_pool3d)(self, a.kernel, a.stride, a.padding,
                                                        a.dilation, a.ceil_mode, grad)[0];
}

// One-dimensional pooling is pooling of planes with one row.
Dims beside(int64_t first, IntList v) {
  Dims out{first};
  for (const int64_t x : v) out.push_back(x);
  return out;
}

void check_max_pool1d(const Tensor& self, const PoolArguments& a) {
  const int64_t dims = self.dim();
  RL_CHECK((dims == 2 || dims == 3) && self.size(-1) > 0 && self.size(-2) > 0,
           "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for "
           "input, but got:",
           IntList(self.sizes()));
  const auto single = [](const char* name, IntList v) {
    RL_CHECK(v.size() == 1, "max_pool1d() ", name,
             " must be an int, list of ints or tuple of ints of size 1 but got size ", v.size());
  };
  single("kernel_size", a.kernel);
  if (!a.stride.empty()) single("stride", a.stride);
  single("padding", a.padding);
  single("dilation", a.dilation);
  const int64_t kernel = a.kernel[0], stride = a.stride.empty() ? kernel : a.stride[0];
  RL_CHECK(kernel > 0, "max_pool1d() kernel_size must be greater than zero, but got ", kernel);
  RL_CHECK(stride > 0, "max_pool1d() stride must be greater than zero, but got ", stride);
  RL_CHECK(a.padding[0] >= 0, "max_pool1d() padding must be non-negative, but got ", a.padding[0]);
  RL_CHECK(a.dilation[0] > 0, "max_pool1d() dilation must be greater than zero, but got ",
           a.dilation[0]);
  RL_CHECK(a.padding[0] <= kernel / 2,
           "max_pool1d() padding should be at most half of kernel size, but got padding=",
           a.padding[0], " and kernel_size=", kernel);
  const int64_t out =
      pooled_size(self.size(-1), kernel, stride, a.padding[0], a.dilation[0], a.ceil_mode);
  RL_CHECK(out > 0, "max_pool1d() Invalid computed output size: ", out);
}

void check_range(const char* name, const Tensor& self) {
  RL_CHECK(self.dim() == 2 || self.dim() == 3, "Expected 2 to 3 dimensions, but got ", self.dim(),
           "-dimensional tensor for argument #1 'self' (while checking arguments for ", name, ")");
}

void check_one(const char* name, const char* argument, IntList v) {
  RL_CHECK(v.size() == 1, name, "() argument '", argument, "' should contain one int (got ",
           v.size(), ")");
}

}  // namespace

Tensor max_pooled(int n, const Tensor& self, IntList kernel, IntList stride, IntList padding,
                  IntList dilation, bool ceil_mode) {
  const PoolArguments a{kernel, stride, padding, dilation, ceil_mode};
  if (n > 1) return max_pool_of(n, self, a);
  check_max_pool1d(self, a);
  if (!self.is_floating()) throw_not_implemented_for("max_pool1d_impl", self.dtype());
  const Dims k = beside(1, kernel), s = stride.empty() ? Dims() : beside(1, stride),
             p = beside(0, padding), d = beside(1, dilation);
  return ops::squeeze_dim(max_pool_of(2, ops::unsqueeze(self, -2), {k, s, p, d, ceil_mode}), -2);
}

std::array<Tensor, 2> max_pooled1d_with_places(const Tensor& self, IntList kernel, IntList stride,
                                               IntList padding, IntList dilation, bool ceil_mode) {
  check_max_pool1d(self, {kernel, stride, padding, dilation, ceil_mode});
  const Dims k = beside(1, kernel), s = stride.empty() ? Dims() : beside(1, stride),
             p = beside(0, padding), d = beside(1, dilation);
  const auto found = ops::max_pool2d_with_indices(ops::unsqueeze(self, -2), k, s, p, d, ceil_mode);
  return {ops::squeeze_dim(found[0], -2), ops::squeeze_dim(found[1], -2)};
}

Tensor adaptive_mean(int n, const Tensor& self, IntList output_size) {
  const char* const name = n == 2 ? "adaptive_avg_pool2d" : "adaptive_avg_pool3d";
  RL_CHECK(static_cast<int>(output_size.size()) == n, name, ": output_size must be ", n);
  if (std::any_of(output_size.begin(), output_size.end(), [](int64_t s) { return s < 0; })) {
    std::string sizes;
    for (const int64_t s : output_size) sizes += (sizes.empty() ? "" : ", ") + std::to_string(s);
    fail(ErrorType::Runtime, name,
         ": elements of output_size must be greater than or equal to 0 but received {", sizes, "}");
  }
  const bool all =
      std::all_of(output_size.begin(), output_size.end(), [](int64_t s) { return s == 1; });
  // A mean of everything is a plain reduction.
  if (all && self.dim() > n && self.numel() > 0) {
    Dims dims;
    for (int d = -n; d < 0; ++d) dims.push_back(d);
    return ops::mean_dim(self, dims, true);
  }
  return n == 2 ? ops::_adaptive_avg_pool2d(self, output_size)
                : ops::_adaptive_avg_pool3d(self, output_size);
}

namespace impl {

Tensor avg_pool1d(const Tensor& self, IntList kernel, IntList stride, IntList padding,
                  bool ceil_mode, bool count_include_pad) {
  check_range("avg_pool1d", self);
  check_one("avg_pool1d", "kernel_size", kernel);
  if (!stride.empty()) check_one("avg_pool1d", "stride", stride);
  check_one("avg_pool1d", "padding", padding);
  const Tensor planes = ops::avg_pool2d(ops::unsqueeze(self, -2), beside(1, kernel),
                                        stride.empty() ? Dims() : beside(1, stride),
                                        beside(0, padding), ceil_mode, count_include_pad);
  return ops::squeeze_dim(planes, -2);
}

Tensor adaptive_avg_pool1d(const Tensor& self, IntList output_size) {
  check_range("adaptive_avg_pool1d", self);
  check_one("adaptive_avg_pool1d", "output_size", output_size);
  return ops::squeeze_dim(
      ops::adaptive_avg_pool2d(ops::unsqueeze(self, -2), beside(1, output_size)), -2);
}

std::array<Tensor, 2> adaptive_max_pool1d(const Tensor& self, IntList output_size) {
  check_range("adaptive_max_pool1d", self);
  check_one("adaptive_max_pool1d", "output_size", output_size);
  for (int64_t d = self.dim() == 3 ? 1 : 0; d < self.dim(); ++d)
    RL_CHECK(
        self.size(d) > 0,
        "adaptive_max_pool1d(): Expected input to have non-zero size for non-batch dimensions, "
        "but input has sizes ",
        IntList(self.sizes()), " with dimension ", d, " being empty");
  const auto found = ops::adaptive_max_pool2d(ops::unsqueeze(self, -2), beside(1, output_size));
  return {ops::squeeze_dim(found[0], -2), ops::squeeze_dim(found[1], -2)};
}

}  // namespace impl
}  // namespace rl
