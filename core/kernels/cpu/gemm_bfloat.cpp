// The drivers of bfloat16 products: dot products for few rows, else blocks packed as pairs.
#include "core/kernels/cpu/gemm_bfloat.h"

#include "core/base/cpu_features.h"
#include "core/kernels/cpu/gemm_blocked.h"
#include "core/kernels/cpu/gemm_table.h"

namespace rl::cpu {

#if defined(__x86_64__)
extern const BFloatKernels kBFloatAvx512;
#endif

const BFloatKernels* bfloat_kernels() {
#if defined(__x86_64__)
  static const bool supported =
      cpu_isa() == Isa::Avx512 && __builtin_cpu_supports("avx512bf16") != 0;
  if (supported) return &kBFloatAvx512;
#endif
  return nullptr;
}

namespace {

constexpr int64_t kSerialWork = 1 << 19;  // multiply-adds below which one thread does it all
constexpr int64_t kDepth = 512;           // pairs along k in a block
constexpr int64_t kBand = 28;             // rows of a task
constexpr int64_t kWidth = 3072;          // columns packed at once

}  // namespace

void bfloat_product(const BFloatKernels& t, int64_t m, int64_t n, int64_t k, const uint16_t* a,
                    int64_t rsa, int64_t csa, const uint16_t* b, int64_t rsb, int64_t csb,
                    float* c) {
  const bool threaded = m * n * k > kSerialWork && num_threads() > 1 && !in_parallel_region();
  const int64_t threads = threaded ? num_threads() : 1;
  if (n == 1 && m > 1) return bfloat_product(t, 1, m, k, b, csb, rsb, a, csa, rsa, c);
  if (m <= 4 && (csa == 1 || k == 1) && (rsb == 1 || k == 1)) {
    const int64_t step = round_up(ceil_div(n, 4 * threads), 8);
    return parallel_tasks(ceil_div(n, step), threaded, [&](int64_t i) {
      const int64_t j = i * step;
      t.dots(m, std::min(step, n - j), k, a, rsa, b + j * csb, csb, c + j, n);
    });
  }
  constexpr int64_t kCols = BFloatKernels::kTileCols, kRows = BFloatKernels::kTileRows;
  const int64_t pairs = ceil_div(k, 2);
  const int64_t depth = std::min(pairs, round_up(ceil_div(pairs, ceil_div(pairs, kDepth)), 16));
  const int64_t width = std::min(kWidth, round_up(n, kCols));
  const int64_t rows = ceil_div(m, ceil_div(m, kBand)), tall = ceil_div(m, rows);
  Scratch<uint32_t> bp(depth * width);
  for (int64_t first = 0; first < n; first += width) {
    const int64_t cols = std::min(width, n - first), panels = ceil_div(cols, kCols);
    const int64_t across = std::min(panels, ceil_div(4 * threads, tall));
    const int64_t piece = ceil_div(panels, across) * kCols;
    for (int64_t p = 0; p < pairs; p += depth) {
      const int64_t deep = std::min(depth, pairs - p), elements = std::min(2 * deep, k - 2 * p);
      parallel_tasks(panels, threaded && deep * cols > (1 << 14), [&](int64_t i) {
        const int64_t j = i * kCols;
        t.pack(elements, std::min(kCols, cols - j), kCols, b + 2 * p * rsb + (first + j) * csb, csb,
               rsb, bp.get() + j * deep, kCols);
      });
      parallel_tasks(tall * ceil_div(cols, piece), threaded, [&](int64_t i) {
        const int64_t row = i % tall * rows, begin = i / tall * piece;
        const int64_t end = std::min(begin + piece, cols);
        const RowSplit split(std::min(rows, m - row), kRows);
        Scratch<uint32_t> ap(split.panels * deep * BFloatKernels::kSlots);
        for (int64_t j = begin; j < end; j += kCols) {
          int64_t at = row;
          for (int64_t r = 0; r < split.panels; ++r) {
            const int64_t height = split.height + (r < split.taller);
            uint32_t* const panel = ap.get() + r * deep * BFloatKernels::kSlots;
            if (j == begin)
              t.pack(elements, height, height, a + at * rsa + 2 * p * csa, rsa, csa, panel,
                     BFloatKernels::kSlots);
            t.tile(height, std::min(kCols, cols - j), deep, panel, bp.get() + j * deep,
                   c + at * n + first + j, n, p > 0);
            at += height;
          }
        }
      });
    }
  }
}

}  // namespace rl::cpu
