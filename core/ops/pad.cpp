// Padding: checks and shape rules, and the public operator that chooses the kind.
#include "core/kernels/cpu/layout.h"
#include "core/ops/ops.h"

namespace rl {
namespace {

Dims padded_sizes(IntList sizes, IntList pad) {
  Dims out(sizes);
  for (size_t k = 0; k < pad.size() / 2; ++k)
    out[out.size() - 1 - k] += pad[2 * k] + pad[2 * k + 1];
  return out;
}

void plan_indexed(Plan& p, const Tensor& self, IntList pad) {
  result_in_layout(p, 0, padded_sizes(self.sizes(), pad), self.dtype(), self.device(),
                   is_channels_last(self));
}

void plan_named(Plan& p, const char* word, int64_t n, const Tensor& self, IntList pad) {
  RL_CHECK(static_cast<int64_t>(pad.size()) == 2 * n, "padding size is expected to be ", 2 * n,
           ", but got: ", pad.size());
  bool valid = self.dim() == n + 1 || self.dim() == n + 2;
  for (int64_t d = self.dim() == n + 2 ? 1 : 0; d < self.dim(); ++d)
    valid = valid && self.size(d) > 0;
  RL_CHECK(valid, "Expected ", n + 1, "D or ", n + 2,
           "D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for "
           "input, but got: ",
           IntList(self.sizes()));
  const Dims sizes = padded_sizes(self.sizes(), pad);
  for (int64_t k = 0; k < n; ++k) {
    const int64_t before = pad[static_cast<size_t>(2 * k)],
                  after = pad[static_cast<size_t>(2 * k + 1)];
    const int64_t d = self.dim() - 1 - k, size = self.size(d), got = sizes[static_cast<size_t>(d)];
    RL_CHECK(word[2] == 'p' || (before < size && after < size),
             "Argument #4: Padding size should be less than the corresponding input dimension, but "
             "got: padding (",
             before, ", ", after, ") at dimension ", d, " of input ", IntList(self.sizes()));
    RL_CHECK(got >= 0, "input (size ", size, " at dimension ", d,
             ") is too small. Calculated output size: ", got);
  }
  if (self.dtype() == Dtype::Bool)
    throw_not_implemented_for(str(word, "_pad", n, "d").c_str(), self.dtype());
  plan_indexed(p, self, pad);
}

}  // namespace

namespace plan {

void constant_pad_nd(Plan& p, const Tensor& self, IntList pad, const Scalar&) {
  RL_CHECK(pad.size() % 2 == 0, "Length of pad must be even but instead it equals ", pad.size());
  const auto dims = static_cast<size_t>(self.dim());
  RL_CHECK(pad.size() <= 2 * dims,
           "Length of pad should be no more than twice the number of dimensions of the input. Pad "
           "length is ",
           pad.size(), " while the input has ", dims, " dimensions.");
  const Dims sizes = padded_sizes(self.sizes(), pad);
  for (size_t k = 0; k < pad.size() / 2; ++k) {
    const size_t d = dims - 1 - k;
    RL_CHECK(sizes[d] >= 0, "The input size ", self.sizes()[d], ", plus negative padding ",
             pad[2 * k], " and ", pad[2 * k + 1],
             " resulted in a negative output size, which is invalid. Check dimension ", d,
             " of your input.");
  }
  result_in_layout(p, 0, sizes, self.dtype(), self.device(), is_channels_last(self));
}

void reflection_pad1d(Plan& p, const Tensor& self, IntList pad) {
  plan_named(p, "reflection", 1, self, pad);
}
void reflection_pad2d(Plan& p, const Tensor& self, IntList pad) {
  plan_named(p, "reflection", 2, self, pad);
}
void reflection_pad3d(Plan& p, const Tensor& self, IntList pad) {
  plan_named(p, "reflection", 3, self, pad);
}
void replication_pad1d(Plan& p, const Tensor& self, IntList pad) {
  plan_named(p, "replication", 1, self, pad);
}
void replication_pad2d(Plan& p, const Tensor& self, IntList pad) {
  plan_named(p, "replication", 2, self, pad);
}
void replication_pad3d(Plan& p, const Tensor& self, IntList pad) {
  plan_named(p, "replication", 3, self, pad);
}

void pad_circular(Plan& p, const Tensor& self, IntList pad) {
  const auto n = static_cast<int64_t>(pad.size()) / 2;
  RL_CHECK(n >= 1 && n <= 3 && (self.dim() == n + 1 || self.dim() == n + 2),
           "Invalid padding size, expected ", 2 * (self.dim() - 2), " but got ", pad.size());
  for (int64_t k = 0; k < n; ++k) {
    const int64_t before = pad[static_cast<size_t>(2 * k)],
                  after = pad[static_cast<size_t>(2 * k + 1)];
    const int64_t size = self.size(-1 - k);
    RL_CHECK(before <= size && after <= size,
             "Padding value causes wrapping around more than once.");
    RL_CHECK(size + before + after >= 0,
             "Negative padding value is resulting in an empty dimension");
  }
  result_in_layout(p, 0, padded_sizes(self.sizes(), pad), self.dtype(), self.device(), false);
}

void pad_indexed(Plan& p, const Tensor& self, IntList pad, int64_t) { plan_indexed(p, self, pad); }

void pad_gradient(Plan& p, const Tensor& grad, IntList sizes, IntList, int64_t) {
  result_in_layout(p, 0, sizes, grad.dtype(), grad.device(), is_channels_last(grad));
}

}  // namespace plan

namespace impl {

Tensor pad(const Tensor& self, IntList pad, std::string_view mode, std::optional<double> value) {
  RL_CHECK(pad.size() % 2 == 0, "Padding length must be divisible by 2");
  const auto dims = static_cast<size_t>(self.dim());
  RL_CHECK(pad.size() <= 2 * dims,
           "Padding length should be less than or equal to two times the input dimension but got "
           "padding length ",
           pad.size(), " and input of dimension ", dims);
  if (mode == "constant") return ops::constant_pad_nd(self, pad, Scalar(value.value_or(0)));
  RL_CHECK(!value || *value == 0, "Padding mode \"", mode, "\" doesn't take in value argument");
  const size_t n = pad.size() / 2;
  if (n < 1 || n > 3 || (dims != n + 1 && dims != n + 2))
    fail(ErrorType::NotImplemented, "Padding size ", pad.size(), " is not supported for ", dims,
         "D input tensor.\nSupported combinations for non-constant padding:\n"
         "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
         "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
         "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)");
  if (mode == "circular") return ops::_pad_circular(self, pad);
  const Op<1>* const reflect[] = {&ops::reflection_pad1d, &ops::reflection_pad2d,
                                  &ops::reflection_pad3d};
  const Op<1>* const replicate[] = {&ops::replication_pad1d, &ops::replication_pad2d,
                                    &ops::replication_pad3d};
  if (mode == "reflect") return (*reflect[n - 1])(self, pad);
  if (mode == "replicate") return (*replicate[n - 1])(self, pad);
  fail(ErrorType::NotImplemented, "Unrecognised padding mode ", mode);
}

}  // namespace impl
}  // namespace rl
