// Convolutions: checks, shape rules, and what the public operators are made of.
#include "core/ops/conv.h"

#include "core/kernels/cpu/layout.h"
#include "core/ops/operators.h"

namespace rl {
namespace {

// An argument given once stands for every dimension.
Dims expanded(const char* name, IntList given, int64_t n) {
  RL_CHECK(given.size() == 1 || static_cast<int64_t>(given.size()) == n, "expected ", name,
           " to be a single integer value or a list of ", n,
           " values to match the convolution dimensions, but got ", name, "=", given);
  return given.size() == 1 ? Dims(static_cast<size_t>(n), given[0]) : Dims(given);
}

std::string by(const Dims& sizes) {
  std::string out;
  for (size_t i = 0; i < sizes.size(); ++i) out += (i ? " x " : "") + std::to_string(sizes[i]);
  return out;
}

struct Geometry3 {
  Dims stride, padding, dilation, output_padding;
};

Geometry3 checked_geometry(int64_t n, IntList stride, IntList padding, IntList dilation,
                           IntList output_padding, int64_t groups) {
  const auto all = [](const Dims& d, int64_t low) {
    return std::all_of(d.begin(), d.end(), [&](int64_t v) { return v >= low; });
  };
  RL_CHECK(n >= 1 && n <= 3, "convolution: expected weights of 3 to 5 dimensions, got ", n + 2);
  Geometry3 g{expanded("stride", stride, n), expanded("padding", padding, n),
              expanded("dilation", dilation, n), expanded("output_padding", output_padding, n)};
  RL_CHECK(all(g.padding, 0), "negative padding is not supported");
  RL_CHECK(all(g.output_padding, 0), "negative output_padding is not supported");
  RL_CHECK(all(g.stride, 1), "non-positive stride is not supported");
  RL_CHECK(all(g.dilation, 1), "dilation should be greater than zero, but got ",
           IntList(g.dilation));
  RL_CHECK(groups > 0, "non-positive groups is not supported");
  return g;
}

void check_channels(IntList input, IntList weight, const Tensor& bias, bool transposed,
                    int64_t groups) {
  RL_CHECK(weight[0] >= groups, "Given groups=", groups, ", expected weight to be at least ",
           groups, " at dimension 0, but got weight of size ", weight, " instead");
  RL_CHECK(weight[0] % groups == 0, "Given groups=", groups,
           ", expected weight to be divisible by ", groups,
           " at dimension 0, but got weight of size [", weight, "] instead");
  const int64_t channels = transposed ? weight[0] : weight[1] * groups;
  const std::string given = transposed ? str("Given transposed=", 1) : str("Given groups=", groups);
  RL_CHECK(input[1] == channels, given, ", weight of size ", weight, ", expected input", input,
           " to have ", channels, " channels, but got ", input[1], " channels instead");
  if (!bias.defined()) return;
  const int64_t out = transposed ? weight[1] * groups : weight[0];
  RL_CHECK(bias.dim() == 1 && bias.size(0) == out,
           transposed ? str("Given transposed=", 1, ", weight") : std::string("Given weight"),
           " of size ", weight, ", expected bias to be 1-dimensional with ", out,
           " elements, but got bias of size ", IntList(bias.sizes()), " instead");
}

// A dtype as PyTorch's texts about convolutions have it.
std::string tensor_type(Dtype d) {
  const bool plain = d != Dtype::Bool && d != Dtype::BFloat16 && !is_complex(d);
  return plain ? str("torch.", legacy_name(d), "Tensor") : str("CPU", legacy_name(d), "Type");
}

void check_dtypes(const Tensor& input, const Tensor& weight, const Tensor& bias, bool transposed) {
  const Dtype dtype = input.dtype();
  const auto check_bias = [&] {
    RL_CHECK(!bias.defined() || bias.dtype() == dtype, "Input type (", type_name(dtype),
             ") and bias type (", bias.defined() ? type_name(bias.dtype()) : "",
             ") should be the same");
  };
  // A layer's weight and bias are alike: which of them the text names is PyTorch's choice.
  if (!transposed) check_bias();
  if (dtype == Dtype::Bool)
    fail(ErrorType::NotImplemented, "\"slow_conv", transposed ? "_transpose2d_out" : "2d",
         "_cpu\" not implemented for 'Bool'");
  if (weight.dtype() != dtype) {
    RL_CHECK(dtype != Dtype::BFloat16 && !is_complex(dtype), "Input type (", tensor_type(dtype),
             ") and weight type (", tensor_type(weight.dtype()), ") should be the same",
             dtype == Dtype::BFloat16
                 ? " or input should be a MKLDNN tensor and weight is a dense tensor"
                 : "");
    fail(ErrorType::Runtime, "expected scalar type ", legacy_name(dtype), " but found ",
         legacy_name(weight.dtype()));
  }
  if (transposed) check_bias();
}

Tensor batched(const char* name, int64_t n, const Tensor& input) {
  RL_CHECK(input.dim() == n + 1 || input.dim() == n + 2, "Expected ", n + 1, "D (unbatched) or ",
           n + 2, "D (batched) input to ", name,
           ", but got input of size: ", IntList(input.sizes()));
  return input.dim() == n + 1 ? ops::unsqueeze(input, 0) : input;
}

Dims zeros(int64_t n) { return Dims(static_cast<size_t>(n), 0); }

}  // namespace

Dims convolution_sizes(IntList input, IntList weight, IntList stride, IntList padding,
                       IntList dilation, bool transposed, IntList output_padding, int64_t groups) {
  const auto n = static_cast<int64_t>(weight.size()) - 2;
  const Geometry3 g = checked_geometry(n, stride, padding, dilation, output_padding, groups);
  Dims out{input[0], transposed ? weight[1] * groups : weight[0]};
  Dims space, padded, kernel;
  bool fits = true;
  for (size_t d = 0; d < static_cast<size_t>(n); ++d) {
    const int64_t reach = g.dilation[d] * (weight[d + 2] - 1) + 1;
    padded.push_back(input[d + 2] + 2 * g.padding[d]);
    kernel.push_back(reach);
    fits = fits && padded[d] >= reach;
    if (transposed) {
      RL_CHECK(
          g.output_padding[d] < std::max(g.stride[d], g.dilation[d]),
          "output padding must be smaller than either stride or dilation, but got output_padding ",
          IntList(g.output_padding), ", stride ", IntList(g.stride), ", dilation ",
          IntList(g.dilation));
      space.push_back((input[d + 2] - 1) * g.stride[d] - 2 * g.padding[d] + reach +
                      g.output_padding[d]);
    } else {
      space.push_back((padded[d] - reach) / g.stride[d] + 1);
    }
    out.push_back(space[d]);
  }
  if (transposed) {
    RL_CHECK(std::all_of(space.begin(), space.end(), [](int64_t s) { return s > 0; }),
             "Given input size per channel: (", by(Dims(input.subspan(2))),
             "). Calculated output size per channel: (", by(space), "). Output size is too small");
    return out;
  }
  RL_CHECK(fits, "Calculated padded input size per channel: (", by(padded), "). Kernel size: (",
           by(kernel), "). Kernel size can't be greater than actual input size");
  RL_CHECK(product(weight.subspan(2)) > 0,
           "kernel size should be greater than zero, but got kernel size ", weight.subspan(2));
  RL_CHECK(input[0] == 0 || input[1] == 0 || product(input) > 0,
           "Only zero batch or zero channel inputs are supported, but got input shape: ", input);
  return out;
}

namespace plan {

void convolution(Plan& p, const Tensor& input, const Tensor& weight, const Tensor& bias,
                 IntList stride, IntList padding, IntList dilation, bool transposed,
                 IntList output_padding, int64_t groups) {
  const int64_t n = weight.dim() - 2;
  checked_geometry(n, stride, padding, dilation, output_padding, groups);
  RL_CHECK(input.dim() == weight.dim(), "Expected ", weight.dim(), "-dimensional input for ",
           weight.dim(), "-dimensional weight ", IntList(weight.sizes()), ", but got ", input.dim(),
           "-dimensional input of size ", IntList(input.sizes()), " instead");
  check_channels(input.sizes(), weight.sizes(), bias, transposed, groups);
  const Dims sizes = convolution_sizes(input.sizes(), weight.sizes(), stride, padding, dilation,
                                       transposed, output_padding, groups);
  check_dtypes(input, weight, bias, transposed);
  const bool channels_last = is_channels_last(input) || is_channels_last(weight);
  result_in_layout(p, 0, sizes, input.dtype(), input.device(), channels_last);
}

void convolution_input_gradient(Plan& p, const Tensor& grad_output, const Tensor& weight,
                                IntList input_size, IntList, IntList, IntList, bool, IntList,
                                int64_t) {
  check_dtypes(grad_output, weight, Tensor(), false);
  result_in_layout(p, 0, input_size, grad_output.dtype(), grad_output.device(),
                   is_channels_last(grad_output) || is_channels_last(weight));
}

void convolution_weight_gradient(Plan& p, const Tensor& grad_output, const Tensor& input,
                                 IntList weight_size, IntList, IntList, IntList, bool, IntList,
                                 int64_t, bool bias) {
  check_dtypes(grad_output, input, Tensor(), false);
  p.result(0, weight_size, input.dtype(), input.device());
  if (bias) p.result(1, Dims{grad_output.size(1)}, input.dtype(), input.device());
}

}  // namespace plan

Tensor convolution_weight_gradient(Vjp& v, const Tensor& grad, const Tensor& input,
                                   IntList weight_size, IntList stride, IntList padding,
                                   IntList dilation, bool transposed, IntList output_padding,
                                   int64_t groups) {
  const bool bias = v.needs(2);
  auto found =
      ops::_convolution_weight_gradient(grad, conj(input), weight_size, stride, padding, dilation,
                                        transposed, output_padding, groups, bias);
  if (bias) v.set(2, std::move(found[1]));
  return std::move(found[0]);
}

Tensor convolution_bias_gradient(Vjp& v, const Tensor& grad) {
  if (v.needs(1)) return std::move(v.out[v.node.edge_begin[2]]);
  Dims dims{0};
  for (int64_t d = 2; d < grad.dim(); ++d) dims.push_back(d);
  return ops::sum_dim(grad, dims);
}

Tensor convolved(const char* name, int64_t n, const Tensor& input, const Tensor& weight,
                 const Tensor& bias, IntList stride, IntList padding, IntList dilation,
                 int64_t groups) {
  const Tensor x = batched(name, n, input);
  const Tensor y =
      ops::convolution(x, weight, bias, stride, padding, dilation, false, zeros(n), groups);
  return x.is_same(input) ? y : ops::squeeze_dim(y, 0);
}

Tensor convolved_padded(const char* name, int64_t n, const Tensor& input, const Tensor& weight,
                        const Tensor& bias, IntList stride, std::string_view padding,
                        IntList dilation, int64_t groups) {
  if (padding == "valid")
    return convolved(name, n, input, weight, bias, stride, zeros(n), dilation, groups);
  RL_CHECK(padding == "same", "Invalid padding string: '", padding, "'");
  for (const int64_t s : stride)
    RL_CHECK(s == 1, "padding='same' is not supported for strided convolutions");
  const Dims dilations = expanded("dilation", dilation, n);
  Dims before = zeros(n), after;  // what cannot be split evenly goes to the far side
  bool uneven = false;
  for (auto d = static_cast<size_t>(n); d-- > 0;) {
    const int64_t total = dilations[d] * (weight.size(static_cast<int64_t>(d) + 2) - 1);
    before[d] = total / 2;
    after.push_back(0);
    after.push_back(total % 2);
    uneven = uneven || total % 2 != 0;
  }
  const Tensor x = uneven ? ops::constant_pad_nd(input, after, Scalar(0)) : input;
  return convolved(name, n, x, weight, bias, stride, before, dilation, groups);
}

Tensor convolved_transposed(const char* name, int64_t n, const Tensor& input, const Tensor& weight,
                            const Tensor& bias, IntList stride, IntList padding,
                            IntList output_padding, int64_t groups, IntList dilation) {
  if (is_integral(input.dtype(), true) && input.dtype() != Dtype::Int64)
    throw_not_implemented_for(
        n == 3 ? "slow_conv_transpose3d_out_cpu" : "slow_conv_transpose2d_out_cpu", input.dtype());
  const Tensor x = batched(name, n, input);
  const Tensor y =
      ops::convolution(x, weight, bias, stride, padding, dilation, true, output_padding, groups);
  return x.is_same(input) ? y : ops::squeeze_dim(y, 0);
}

namespace impl {

std::array<Tensor, 3> convolution_backward(const Tensor& grad_output, const Tensor& input,
                                           const Tensor& weight, std::optional<IntList>,
                                           IntList stride, IntList padding, IntList dilation,
                                           bool transposed, IntList output_padding, int64_t groups,
                                           IntList mask) {
  std::array<Tensor, 3> out;
  if (mask[0])
    out[0] =
        ops::_convolution_input_gradient(grad_output, conj(weight), input.sizes(), stride, padding,
                                         dilation, transposed, output_padding, groups);
  if (mask[1] || mask[2]) {
    auto found = ops::_convolution_weight_gradient(grad_output, conj(input), weight.sizes(), stride,
                                                   padding, dilation, transposed, output_padding,
                                                   groups, mask[2] != 0);
    if (mask[1]) out[1] = std::move(found[0]);
    out[2] = std::move(found[1]);
  }
  return out;
}

Tensor conv_tbc(const Tensor& self, const Tensor& weight, const Tensor& bias, int64_t pad) {
  RL_CHECK(self.dim() == 3, "Input must have 3 dims: time, batch, in_channel");
  RL_CHECK(weight.dim() == 3,
           "Weight tensor must have 3 dims: kernel_width, in_channels, out_channels.");
  RL_CHECK(bias.dim() == 1, "Bias must be 1-D");
  RL_CHECK(self.size(2) == weight.size(1),
           "Input dim 2 (input channels) is not == dim 1 in the weight tensor");
  RL_CHECK(weight.size(2) == bias.size(0),
           "Bias size must equal dim 2 in the weight tensor (output channels).");
  const Tensor y = ops::conv1d(ops::permute(self, Dims{1, 2, 0}),
                               ops::permute(weight, Dims{2, 1, 0}), bias, Dims{1}, Dims{pad});
  return ops::permute(y, Dims{2, 0, 1});
}

}  // namespace impl
}  // namespace rl
