// softmax and log_softmax with their gradients: which lines a thread takes.
#include <vector>

#include "core/base/cpu_features.h"
#include "core/base/threads.h"
#include "core/kernels/cpu/softmax_loops.h"
#include "core/ops/ops.h"

namespace rl {

namespace loops_baseline {
extern const cpu::SoftmaxTable kSoftmaxTable;
}
namespace loops_avx2 {
extern const cpu::SoftmaxTable kSoftmaxTable;
}
namespace loops_avx512 {
extern const cpu::SoftmaxTable kSoftmaxTable;
}

namespace cpu {
namespace {

constexpr int64_t kGrain = 16384;
constexpr int64_t kCacheElements = 65536;  // a block of columns stays in the second-level cache

const SoftmaxLoops& loops_for(bool log, Dtype dtype) {
  const SoftmaxTable& t = cpu_isa() == Isa::Avx512 ? loops_avx512::kSoftmaxTable
                          : cpu_isa() == Isa::Avx2 ? loops_avx2::kSoftmaxTable
                                                   : loops_baseline::kSoftmaxTable;
  return *(log ? t.log : t.plain)[static_cast<int>(dtype)];
}

struct Shape {
  int64_t outer = 1, n = 1, inner = 1;
  Shape(const Tensor& t, int64_t dim) {
    if (t.dim() == 0) return;
    const int64_t at = wrap_dim(dim, t.dim());
    n = t.size(at);
    for (int64_t d = 0; d < t.dim(); ++d) (d < at ? outer : inner) *= d == at ? 1 : t.size(d);
  }
};

// rows(first row, count) where the dimension is the last, else columns(offset, m).
template <class Rows, class Columns>
void each_line(const Shape& s, const Rows& rows, const Columns& columns) {
  if (s.inner == 1)
    return parallel_for(0, s.outer, std::max<int64_t>(1, kGrain / s.n),
                        [&](int64_t begin, int64_t end) { rows(begin, end - begin); });
  const int64_t block = std::clamp<int64_t>(kCacheElements / s.n / 16 * 16, 16, kSoftmaxColumns);
  const int64_t along = (s.inner + block - 1) / block;
  parallel_for(0, s.outer * along, std::max<int64_t>(1, kGrain / (s.n * std::min(s.inner, block))),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const int64_t first = i % along * block;
                   columns(i / along * s.n * s.inner + first, std::min(block, s.inner - first));
                 }
               });
}

void forward(bool log, const Tensor& self, int64_t dim, const Tensor& out) {
  if (out.numel() == 0) return;
  const Tensor in = as_contiguous(self);
  const Shape s(in, dim);
  const SoftmaxLoops& loops = loops_for(log, in.dtype());
  const auto size = static_cast<int64_t>(in.item_size());
  each_line(
      s,
      [&](int64_t first, int64_t count) {
        std::vector<float> scratch(is_reduced(in.dtype()) ? static_cast<size_t>(s.n) : 0);
        loops.rows(in.raw() + first * s.n * size, out.raw() + first * s.n * size, count, s.n,
                   scratch.data());
      },
      [&](int64_t at, int64_t m) {
        loops.columns(in.raw() + at * size, out.raw() + at * size, m, s.n, s.inner);
      });
}

void backward(bool log, const Tensor& given_grad, const Tensor& given_result, int64_t dim,
              const Tensor& out) {
  if (out.numel() == 0) return;
  const Tensor grad = as_contiguous(given_grad), result = as_contiguous(given_result);
  const Shape s(grad, dim);
  const SoftmaxLoops& loops = loops_for(log, grad.dtype());
  const auto size = static_cast<int64_t>(grad.item_size());
  each_line(
      s,
      [&](int64_t first, int64_t count) {
        const int64_t at = first * s.n * size;
        loops.backward_rows(grad.raw() + at, result.raw() + at, out.raw() + at, count, s.n);
      },
      [&](int64_t first, int64_t m) {
        const int64_t at = first * size;
        loops.backward_columns(grad.raw() + at, result.raw() + at, out.raw() + at, m, s.n, s.inner);
      });
}

}  // namespace

void softmax(const Tensor& self, int64_t dim, bool, const Tensor& out) {
  forward(false, self, dim, out);
}
void log_softmax(const Tensor& self, int64_t dim, bool, const Tensor& out) {
  forward(true, self, dim, out);
}
void softmax_backward(const Tensor& grad, const Tensor& output, int64_t dim, Dtype,
                      const Tensor& out) {
  backward(false, grad, output, dim, out);
}
void log_softmax_backward(const Tensor& grad, const Tensor& output, int64_t dim, Dtype,
                          const Tensor& out) {
  backward(true, grad, output, dim, out);
}

}  // namespace cpu
}  // namespace rl
