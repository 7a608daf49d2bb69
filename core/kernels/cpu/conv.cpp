// Kernels of the convolution operators: contiguous buffers for the raw convolutions.
#include "core/kernels/cpu/convolution_native.h"
#include "core/kernels/cpu/layout.h"
#include "core/ops/ops.h"

namespace rl::cpu {
namespace {

// What the raw kernels take. A transposed convolution has its input and output exchanged.
ConvParams convolution_params(IntList input, IntList weight, IntList output, IntList stride,
                              IntList padding, IntList dilation, bool transposed, int64_t groups) {
  ConvParams p;
  const IntList x = transposed ? output : input, y = transposed ? input : output;
  p.ndim = static_cast<int>(weight.size()) - 2;
  p.batch = x[0];
  p.in_channels = x[1];
  p.out_channels = y[1];
  p.groups = groups;
  for (size_t d = 0; d < weight.size() - 2; ++d) {
    const auto at = [&](IntList list) { return list[list.size() == 1 ? 0 : d]; };
    p.input[d] = x[d + 2];
    p.output[d] = y[d + 2];
    p.kernel[d] = weight[d + 2];
    p.stride[d] = at(stride);
    p.padding[d] = at(padding);
    p.dilation[d] = at(dilation);
  }
  return p;
}

void zero(const Tensor& out) {
  std::memset(out.raw(), 0, static_cast<size_t>(out.numel()) * out.item_size());
}

}  // namespace

void convolution(const Tensor& input, const Tensor& weight, const Tensor& bias, IntList stride,
                 IntList padding, IntList dilation, bool transposed, IntList, int64_t groups,
                 const Tensor& out) {
  if (out.numel() == 0) return;
  const Tensor x = as_contiguous(input), w = as_contiguous(weight);
  const Tensor b = bias.defined() ? as_contiguous(bias) : Tensor();
  const void* const added = b.defined() ? b.raw() : nullptr;
  fill_contiguous(out, [&](const Tensor& y) {
    if (x.numel() == 0) {
      zero(y);
      Dims column(static_cast<size_t>(y.dim()) - 1, 1);
      column[0] = y.size(1);
      if (b.defined()) ops::add.inplace(y, ops::view(b, column));
      return;
    }
    const ConvParams p = convolution_params(x.sizes(), w.sizes(), y.sizes(), stride, padding,
                                            dilation, transposed, groups);
    if (transposed)
      conv_backward_data(x.dtype(), p, x.raw(), w.raw(), added, y.raw());
    else
      conv_forward(x.dtype(), p, x.raw(), w.raw(), added, y.raw());
  });
}

void convolution_input_gradient(const Tensor& grad_output, const Tensor& weight, IntList,
                                IntList stride, IntList padding, IntList dilation, bool transposed,
                                IntList, int64_t groups, const Tensor& out) {
  if (out.numel() == 0) return;
  const Tensor g = as_contiguous(grad_output), w = as_contiguous(weight);
  fill_contiguous(out, [&](const Tensor& gx) {
    const ConvParams p = convolution_params(gx.sizes(), w.sizes(), g.sizes(), stride, padding,
                                            dilation, transposed, groups);
    if (transposed)
      conv_forward(g.dtype(), p, g.raw(), w.raw(), nullptr, gx.raw());
    else
      conv_backward_data(g.dtype(), p, g.raw(), w.raw(), nullptr, gx.raw());
  });
}

void convolution_weight_gradient(const Tensor& grad_output, const Tensor& input, IntList,
                                 IntList stride, IntList padding, IntList dilation, bool transposed,
                                 IntList, int64_t groups, bool bias, const Tensor& out,
                                 const Tensor& out_bias) {
  const Tensor g = as_contiguous(grad_output), x = as_contiguous(input);
  if (g.numel() == 0 || x.numel() == 0) {
    zero(out);
    if (bias) zero(out_bias);
    return;
  }
  const ConvParams p = convolution_params(x.sizes(), out.sizes(), g.sizes(), stride, padding,
                                          dilation, transposed, groups);
  if (!transposed) {
    conv_backward_weights(g.dtype(), p, g.raw(), x.raw(), out.raw(),
                          bias ? out_bias.raw() : nullptr);
    return;
  }
  conv_backward_weights(g.dtype(), p, x.raw(), g.raw(), out.raw(), nullptr);
  if (!bias) return;
  Dims dims{0};
  for (int64_t d = 2; d < g.dim(); ++d) dims.push_back(d);
  copy_into(out_bias, ops::sum_dim(g, dims));
}

}  // namespace rl::cpu
