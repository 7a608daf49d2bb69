// Kernels of padding.
#include "core/kernels/cpu/index_map.h"
#include "core/kernels/cpu/layout.h"
#include "core/ops/ops.h"

namespace rl::cpu {
namespace {

enum class PadMode : int64_t { Reflect, Replicate, Circular };

int64_t source(PadMode mode, int64_t i, int64_t size) {
  if (mode == PadMode::Circular) return (i % size + size) % size;
  if (mode == PadMode::Replicate) return std::clamp<int64_t>(i, 0, size - 1);
  return i < 0 ? -i : i < size ? i : 2 * (size - 1) - i;
}

IndexMap pad_map(PadMode mode, IntList sizes, IntList pad) {
  IndexMap m;
  const size_t n = pad.size() / 2;
  for (size_t k = 0; k < n; ++k) {
    const int64_t size = sizes[sizes.size() - 1 - k];
    m.in[2 - k] = size;
    std::vector<int64_t>& at = m.at[2 - k];
    at.clear();
    for (int64_t o = -pad[2 * k]; o < size + pad[2 * k + 1]; ++o)
      at.push_back(source(mode, o, size));
  }
  m.planes = product(sizes.first(sizes.size() - n));
  return m;
}

void padded(PadMode mode, const Tensor& self, IntList pad, const Tensor& out) {
  const Tensor x = as_contiguous(self);
  fill_contiguous(out,
                  [&](const Tensor& y) { gather_planes(pad_map(mode, x.sizes(), pad), x, y); });
}

}  // namespace

void constant_pad_nd(const Tensor& self, IntList pad, const Scalar& value, const Tensor& out) {
  if (out.numel() == 0) return;
  const bool covered = std::all_of(pad.begin(), pad.end(), [](int64_t p) { return p <= 0; });
  if (!covered) fill_(out, Operand(value));
  // The part of both that is in the other, as views.
  Dims sizes = out.sizes();
  int64_t from = self.offset(), to = out.offset();
  for (size_t k = 0; k < pad.size() / 2; ++k) {
    const auto d = sizes.size() - 1 - k;
    const int64_t before = pad[2 * k], after = pad[2 * k + 1];
    sizes[d] = self.sizes()[d] + std::min<int64_t>(before, 0) + std::min<int64_t>(after, 0);
    if (sizes[d] <= 0) return;
    if (before > 0)
      to += before * out.strides()[d];
    else
      from -= before * self.strides()[d];
  }
  copy_into(rl::alias(out, sizes, out.strides(), to), rl::alias(self, sizes, self.strides(), from));
}

void reflection_pad(const Tensor& self, IntList pad, const Tensor& out) {
  padded(PadMode::Reflect, self, pad, out);
}
void replication_pad(const Tensor& self, IntList pad, const Tensor& out) {
  padded(PadMode::Replicate, self, pad, out);
}
void pad_circular(const Tensor& self, IntList pad, const Tensor& out) {
  padded(PadMode::Circular, self, pad, out);
}
void pad_indexed(const Tensor& self, IntList pad, int64_t mode, const Tensor& out) {
  padded(static_cast<PadMode>(mode), self, pad, out);
}

void pad_gradient(const Tensor& grad, IntList sizes, IntList pad, int64_t mode, const Tensor& out) {
  const Tensor g = as_contiguous(grad);
  fill_contiguous(out, [&](const Tensor& to) {
    scatter_planes(pad_map(static_cast<PadMode>(mode), sizes, pad), g, to);
  });
}

}  // namespace rl::cpu
