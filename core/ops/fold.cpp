// Sliding blocks as columns: checks and shape rules.
#include "core/kernels/cpu/layout.h"
#include "core/ops/ops.h"

namespace rl {
namespace {

struct Blocks {
  IntList kernel, dilation, padding, stride;
};

std::string pair(IntList v) { return str("(", v[0], ", ", v[1], ")"); }

int64_t blocks_along(int64_t size, const Blocks& b, size_t d) {
  const int64_t room = size + 2 * b.padding[d] - b.dilation[d] * (b.kernel[d] - 1) - 1;
  return room < 0 ? (room + 1 - b.stride[d]) / b.stride[d] + 1 : room / b.stride[d] + 1;
}

void check_blocks(const Blocks& b) {
  const auto two = [](const char* name, IntList v) {
    RL_CHECK(v.size() == 2, "It is expected ", name, " equals to 2, but got size ", v.size());
  };
  two("kernel_size", b.kernel);
  two("dilation", b.dilation);
  two("padding", b.padding);
  two("stride", b.stride);
  const auto above = [](const char* name, const char* part, const char* limit, IntList v,
                        int64_t low) {
    RL_CHECK(v[0] >= low && v[1] >= low, name, " should be ", limit, ", but got ", part,
             "_height: ", v[0], " ", part, "_width: ", v[1]);
  };
  above("kernel size", "kernel", "greater than zero", b.kernel, 1);
  above("dilation", "dilation", "greater than zero", b.dilation, 1);
  above("padding", "pad", "non-negative", b.padding, 0);
  above("stride", "stride", "greater than zero", b.stride, 1);
}

}  // namespace

namespace plan {

void im2col(Plan& p, const Tensor& self, IntList kernel, IntList dilation, IntList padding,
            IntList stride) {
  const Blocks b{kernel, dilation, padding, stride};
  check_blocks(b);
  bool valid = self.dim() == 3 || self.dim() == 4;
  for (int64_t d = self.dim() == 4 ? 1 : 0; d < self.dim(); ++d) valid = valid && self.size(d) > 0;
  RL_CHECK(valid,
           "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
           "dimensions for "
           "input, but got: ",
           IntList(self.sizes()));
  const int64_t rows = blocks_along(self.size(-2), b, 0), cols = blocks_along(self.size(-1), b, 1);
  RL_CHECK(rows >= 1 && cols >= 1, "Given input with spatial size (", self.size(-2), ", ",
           self.size(-1), "), kernel_size=", pair(kernel), ", dilation=", pair(dilation),
           ", padding=", pair(padding), ", calculated shape of the array of sliding blocks as (",
           rows, ", ", cols, "), but its components must be at least one.");
  const Dtype t = self.dtype();
  if (t != Dtype::Bool && !is_differentiable(t)) throw_not_implemented_for("im2col_out_cpu", t);
  Dims sizes{self.size(-3) * kernel[0] * kernel[1], rows * cols};
  if (self.dim() == 4) sizes.insert(0, self.size(0));
  p.result(0, sizes, t, self.device());
}

void col2im(Plan& p, const Tensor& self, IntList output_size, IntList kernel, IntList dilation,
            IntList padding, IntList stride) {
  const Blocks b{kernel, dilation, padding, stride};
  RL_CHECK(output_size.size() == 2, "It is expected output_size equals to 2, but got size ",
           output_size.size());
  check_blocks(b);
  bool valid = self.dim() == 2 || self.dim() == 3;
  for (int64_t d = self.dim() == 3 ? 1 : 0; d < self.dim(); ++d) valid = valid && self.size(d) > 0;
  RL_CHECK(valid,
           "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
           "non-zero dimensions "
           "for input, but got: ",
           IntList(self.sizes()));
  RL_CHECK(self.size(-2) % (kernel[0] * kernel[1]) == 0,
           "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
           "but got input.size(1)=",
           self.size(-2), " and kernel_size=", pair(kernel), ".");
  const int64_t rows = blocks_along(output_size[0], b, 0),
                cols = blocks_along(output_size[1], b, 1);
  RL_CHECK(
      self.size(-1) == rows * cols && rows >= 1 && cols >= 1,
      "Given output_size=", pair(output_size), ", kernel_size=", pair(kernel),
      ", dilation=", pair(dilation), ", padding=", pair(padding), ", stride=", pair(stride),
      ", expected size of input's dimension 2 to match the calculated number of sliding blocks ",
      rows, " * ", cols, " = ", rows * cols, ", but got input.size(2)=", self.size(-1), ".");
  RL_CHECK(output_size[0] >= 1 && output_size[1] >= 1,
           "Expected output spatial size to be positive, but got ", pair(output_size));
  const Dtype t = self.dtype();
  if (t != Dtype::Bool && !is_differentiable(t)) throw_not_implemented_for("col2im_out_cpu", t);
  Dims sizes{self.size(-2) / (kernel[0] * kernel[1]), output_size[0], output_size[1]};
  if (self.dim() == 3) sizes.insert(0, self.size(0));
  p.result(0, sizes, t, self.device());
}

}  // namespace plan
}  // namespace rl
