// Resampling: checks and shape rules.
#include "core/ops/interpolate.h"

#include "core/kernels/cpu/layout.h"
#include "core/kernels/cpu/resample.h"
#include "core/ops/ops.h"

namespace rl {
namespace {

std::string named_sizes(IntList sizes) {
  constexpr const char* kNames[] = {"D: ", "H: ", "W: "};
  std::string out = "(";
  for (size_t d = 0; d < sizes.size(); ++d)
    out += (d ? ", " : "") + (kNames[3 - sizes.size() + d] + std::to_string(sizes[d]));
  return out + ")";
}

Dims resampled_sizes(int64_t n, const Tensor& self, IntList output_size, int64_t mode) {
  RL_CHECK(static_cast<int64_t>(output_size.size()) == n, "It is expected output_size equals to ",
           n, ", but got size ", output_size.size());
  RL_CHECK(self.dim() == n + 2, "It is expected input_size equals to ", n + 2, ", but got size ",
           self.dim());
  const IntList space = IntList(self.sizes()).subspan(2);
  const auto positive = [](IntList v) {
    return std::all_of(v.begin(), v.end(), [](int64_t s) { return s > 0; });
  };
  RL_CHECK(positive(space) && positive(output_size),
           "Input and output sizes should be greater than 0, but got input ", named_sizes(space),
           " output ", named_sizes(output_size));
  RL_CHECK(self.size(1) > 0, "Non-empty ", n + 2,
           "D data tensor expected but got a tensor with sizes ", IntList(self.sizes()));
  const bool bytes = self.dtype() == Dtype::UInt8 && (cpu::is_nearest(mode) || n == 2);
  const bool narrow = is_reduced(self.dtype()) && cpu::is_antialiased(mode);
  if ((!self.is_floating() && !bytes) || narrow)
    throw_not_implemented_for(cpu::is_nearest(mode)       ? "compute_indices_weights_nearest"
                              : cpu::is_antialiased(mode) ? "compute_index_ranges_weights"
                                                          : "compute_indices_weights_linear",
                              self.dtype());
  Dims sizes{self.size(0), self.size(1)};
  for (const int64_t s : output_size) sizes.push_back(s);
  return sizes;
}

struct ScaleList {
  double values[3];
  size_t count = 0;
  ScaleList(Scales scales) {
    for (const auto& s : scales) values[count++] = s.value_or(0);
  }
  operator std::span<const double>() const { return {values, count}; }
};

}  // namespace

Tensor upsampled(int64_t n, const Tensor& self, IntList output_size, int64_t mode,
                 bool align_corners, Scales scales) {
  resampled_sizes(n, self, output_size, mode);
  const ScaleList list(scales);
  return ops::_upsample(self, output_size, mode, align_corners, std::span<const double>(list));
}

Tensor upsample_gradient(const Tensor& grad, IntList input_size, int64_t mode, bool align_corners,
                         Scales scales) {
  const ScaleList list(scales);
  return ops::_upsample_gradient(grad, input_size, mode, align_corners,
                                 std::span<const double>(list));
}

namespace plan {

void upsample(Plan& p, const Tensor& self, IntList output_size, int64_t mode, bool,
              std::span<const double>) {
  const Dims sizes =
      resampled_sizes(static_cast<int64_t>(output_size.size()), self, output_size, mode);
  result_in_layout(p, 0, sizes, self.dtype(), self.device(), is_channels_last(self));
}

void upsample_gradient(Plan& p, const Tensor& grad, IntList input_size, int64_t, bool,
                       std::span<const double>) {
  result_in_layout(p, 0, input_size, grad.dtype(), grad.device(), is_channels_last(grad));
}

}  // namespace plan

namespace impl {
namespace {

// Gives the result the sizes `shape` after permuting the pieces of `self`.
Tensor shuffled(const Tensor& self, IntList pieces, IntList order, IntList shape) {
  const Tensor parts = ops::permute(ops::reshape(self, pieces), order);
  const Tensor moved = empty(parts.sizes(), self.dtype(), self.device());
  if (!moved.is_meta()) copy_into(moved, parts);
  const Tensor flat = rl::alias(moved, shape, contiguous_strides(shape), 0);
  if (!is_channels_last(self) || shape.size() != 4) return flat;
  const Tensor out =
      empty_strided(shape, channels_last_strides(shape), self.dtype(), self.device());
  if (!out.is_meta()) copy_into(out, flat);
  return out;
}

Dims leading(const Tensor& self, size_t last) {
  return Dims(IntList(self.sizes()).first(self.sizes().size() - last));
}

Dims counting(size_t n) {
  Dims out;
  for (size_t i = 0; i < n; ++i) out.push_back(static_cast<int64_t>(i));
  return out;
}

Dims joined(const Dims& a, std::initializer_list<int64_t> b) {
  Dims out = a;
  for (const int64_t v : b) out.push_back(v);
  return out;
}

}  // namespace

Tensor pixel_shuffle(const Tensor& self, int64_t r) {
  RL_CHECK(self.dim() >= 3,
           "pixel_shuffle expects input to have at least 3 dimensions, but got input with ",
           self.dim(), " dimension(s)");
  RL_CHECK(r > 0, "pixel_shuffle expects a positive upscale_factor, but got ", r);
  const int64_t c = self.size(-3), h = self.size(-2), w = self.size(-1);
  RL_CHECK(c % (r * r) == 0,
           "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
           "upscale_factor, but input.size(-3)=",
           c, " is not divisible by ", r * r);
  const Dims lead = leading(self, 3);
  const auto n = static_cast<int64_t>(lead.size());
  return shuffled(self, joined(lead, {c / (r * r), r, r, h, w}),
                  joined(counting(lead.size()), {n, n + 3, n + 1, n + 4, n + 2}),
                  joined(lead, {c / (r * r), h * r, w * r}));
}

Tensor pixel_unshuffle(const Tensor& self, int64_t r) {
  RL_CHECK(self.dim() >= 3,
           "pixel_unshuffle expects input to have at least 3 dimensions, but got input with ",
           self.dim(), " dimension(s)");
  RL_CHECK(r > 0, "pixel_unshuffle expects a positive downscale_factor, but got ", r);
  const int64_t c = self.size(-3), h = self.size(-2), w = self.size(-1);
  RL_CHECK(
      h % r == 0,
      "pixel_unshuffle expects height to be divisible by downscale_factor, but input.size(-2)=", h,
      " is not divisible by ", r);
  RL_CHECK(w % r == 0,
           "pixel_unshuffle expects width to be divisible by downscale_factor, but input.size(-1)=",
           w, " is not divisible by ", r);
  const Dims lead = leading(self, 3);
  const auto n = static_cast<int64_t>(lead.size());
  return shuffled(self, joined(lead, {c, h / r, r, w / r, r}),
                  joined(counting(lead.size()), {n, n + 2, n + 4, n + 1, n + 3}),
                  joined(lead, {c * r * r, h / r, w / r}));
}

Tensor channel_shuffle(const Tensor& self, int64_t groups) {
  RL_CHECK(self.dim() > 2, "channel_shuffle expects input with > 2 dims, but got input with sizes ",
           IntList(self.sizes()));
  const int64_t c = self.size(1);
  RL_CHECK(groups > 0,
           "Number of groups to divide channels in must be positive. Value of groups:", groups);
  RL_CHECK(c % groups == 0, "Number of channels must be divisible by groups. Got ", c,
           " channels and ", groups, " groups.");
  Dims pieces{self.size(0), groups, c / groups};
  for (int64_t d = 2; d < self.dim(); ++d) pieces.push_back(self.size(d));
  Dims order = counting(pieces.size());
  std::swap(order[1], order[2]);
  return shuffled(self, pieces, order, self.sizes());
}

}  // namespace impl
}  // namespace rl
