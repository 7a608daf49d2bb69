// Triangles, diagonals, and views replaced in a copy.
#include "core/base/threads.h"
#include "core/ops/index.h"
#include "core/ops/ops_prelude.h"

namespace rl {

void copy_into_slice(const Tensor& slice, const Tensor& src) {
  RL_CHECK(slice.sizes() == src.sizes(),
           "expected src to have a size equal to the slice of self. src size = ",
           IntList(src.sizes()), ", slice size = ", IntList(slice.sizes()));
  copy_into(slice, src);
}

namespace plan {

void triangle(Plan& p, const Tensor& self, int64_t) {
  RL_CHECK(self.dim() >= 2, p.op().name, ": input tensor must have at least 2 dimensions");
  p.result(0, self.sizes(), self.dtype(), self.device());
}

}  // namespace plan

namespace cpu {
namespace {

// Keeps columns [first(r), last(r)) of each row, zeros the others.
template <class F>
void keep_columns(const Tensor& given, const Tensor& out, const F& range) {
  const Tensor self = as_contiguous(given);
  const int64_t rows = out.size(-2), cols = out.size(-1);
  if (out.numel() == 0) return;
  const auto bytes = static_cast<int64_t>(out.item_size());
  parallel_for(0, out.numel() / cols, std::max<int64_t>(1, 65536 / (cols * bytes)),
               [&](int64_t first, int64_t last) {
                 for (int64_t r = first; r < last; ++r) {
                   const auto [from, to] = range(r % rows, cols);
                   std::byte* const row = out.raw() + r * cols * bytes;
                   std::memset(row, 0, static_cast<size_t>(from * bytes));
                   std::memcpy(row + from * bytes, self.raw() + (r * cols + from) * bytes,
                               static_cast<size_t>((to - from) * bytes));
                   std::memset(row + to * bytes, 0, static_cast<size_t>((cols - to) * bytes));
                 }
               });
}

// r + k, without overflow, within [0, n].
int64_t column(int64_t r, int64_t k, int64_t n) {
  if (k >= n) return n;
  return k <= -r ? 0 : std::clamp<int64_t>(r + k, 0, n);
}

}  // namespace

void tril(const Tensor& self, int64_t diagonal, const Tensor& out) {
  const int64_t k = diagonal == std::numeric_limits<int64_t>::max() ? diagonal : diagonal + 1;
  keep_columns(self, out,
               [&](int64_t r, int64_t n) { return std::pair(int64_t{0}, column(r, k, n)); });
}

void triu(const Tensor& self, int64_t diagonal, const Tensor& out) {
  keep_columns(self, out,
               [&](int64_t r, int64_t n) { return std::pair(column(r, diagonal, n), n); });
}

}  // namespace cpu

namespace impl {

Tensor diag_embed(const Tensor& self, int64_t offset, int64_t dim1, int64_t dim2) {
  const int64_t dims = self.dim() + 1;
  const int64_t a = wrap_dim(dim1, dims), b = wrap_dim(dim2, dims);
  RL_CHECK(a != b, "diagonal dimensions cannot be identical ", dim1, ", ", dim2);
  const int64_t n = self.size(-1) + std::abs(offset);
  Dims sizes = self.sizes();
  sizes.resize(sizes.size() - 1);
  for (const int64_t d : {std::min(a, b), std::max(a, b)}) sizes.insert(static_cast<size_t>(d), n);
  Tensor out = created(sizes, Scalar(0), {self.dtype(), self.device(), {}});
  copy_into(diagonal(out, offset, a, b), self);
  return out;
}

Tensor diag(const Tensor& self, int64_t diagonal) {
  RL_CHECK(self.dim() == 1 || self.dim() == 2, "diag(): Supports 1D or 2D tensors. Got ",
           self.dim(), "D");
  if (self.dim() == 1) return ops::diag_embed(self, diagonal);
  return ops::clone(ops::diagonal(self, diagonal), MemoryFormat::Contiguous);
}

}  // namespace impl
}  // namespace rl
