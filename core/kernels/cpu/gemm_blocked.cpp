// Paths by shape: vectors go to dot products or weighted sums of rows, small or flat products to
// the register tiles on the matrices in place, the rest to packed blocks sized for the caches.
#include "core/kernels/cpu/gemm_blocked.h"

#include "core/base/cpu_features.h"
#include "core/kernels/cpu/gemm_table.h"

namespace rl::cpu {

template <>
const GemmTable<float>& gemm_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return kGemmFloatAvx512;
  if (cpu_isa() == Isa::Avx2) return kGemmFloatAvx2;
#endif
  return kGemmFloatBaseline;
}
template <>
const GemmTable<double>& gemm_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return kGemmDoubleAvx512;
  if (cpu_isa() == Isa::Avx2) return kGemmDoubleAvx2;
#endif
  return kGemmDoubleBaseline;
}
template <>
const GemmTable<int32_t>& gemm_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return kGemmInt32Avx512;
  if (cpu_isa() == Isa::Avx2) return kGemmInt32Avx2;
#endif
  return kGemmInt32Baseline;
}
template <>
const GemmTable<int64_t>& gemm_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return kGemmInt64Avx512;
  if (cpu_isa() == Isa::Avx2) return kGemmInt64Avx2;
#endif
  return kGemmInt64Baseline;
}

namespace {

// Multiply-adds below which a second thread costs more than it brings.
constexpr int64_t kSerialWork = 1 << 19;
// Bytes along k in a block: two panels of A stay near the first cache while B streams past.
constexpr int64_t kDepthBytes = 2048;
// Rows of a task: few, so that its packed part of A is reused from the nearest caches.
constexpr int64_t kBand = 28;
// Elements of B packed at once (about the share of the last cache that a few threads may take).
constexpr int64_t kWidth = 3072;

template <class T>
void scale(const Product<T>& g) {
  for (int64_t i = 0; i < g.m; ++i) {
    T* row = g.c + i * g.ldc;
    for (int64_t j = 0; j < g.n; ++j)
      row[j] = g.beta == T(0) ? T(0) : static_cast<T>(g.beta * row[j]);
  }
}

// Steps in k of one block; depends on k alone, so that sums keep their order whatever the threads.
template <class T>
int64_t depth_of(int64_t k) {
  const int64_t most = kDepthBytes / static_cast<int64_t>(sizeof(T));
  return k <= most + most / 2 ? k : round_up(ceil_div(k, ceil_div(k, most)), 4);
}

// C^T = B^T A^T, for a C that is a column.
template <class T>
Product<T> flipped(const Product<T>& g) {
  return {g.n, g.m, g.k, g.alpha, g.b, g.csb, g.rsb, g.a, g.csa, g.rsa, g.beta, g.c, 1};
}

// y = x B, split over columns; the sums run along rows of B^T or down the rows of B.
template <class T>
void row_times_matrix(const GemmTable<T>& t, const Product<T>& g, bool along_k) {
  const int64_t pieces = std::clamp<int64_t>(g.k * g.n >> 16, 1, num_threads() * 2);
  const int64_t step = round_up(ceil_div(g.n, pieces), t.lanes * 8);
  parallel_tasks(ceil_div(g.n, step), true, [&](int64_t i) {
    const int64_t j = i * step, count = std::min(step, g.n - j);
    if (along_k) {
      t.dots(1, count, g.k, g.a, g.k, g.b + j * g.csb, g.csb, g.c + j, g.ldc, g.alpha, g.beta);
    } else {
      t.weighted_rows(count, g.k, g.a, g.csa, g.b + j, g.rsb, g.c + j, g.alpha, g.beta);
    }
  });
}

// A in place; B packed if its rows are not contiguous or are used often. Split over the columns, or
// over the rows where there are few columns.
template <class T>
void flat(const GemmTable<T>& t, const Product<T>& g, bool threaded) {
  const int64_t threads = threaded ? num_threads() : 1;
  const int64_t panels = ceil_div(g.n, t.tile_cols);
  const bool by_rows = panels < 2 * threads && g.m >= 2 * t.tile_rows;
  const bool pack_b = g.csb != 1 || g.m > 3 * t.tile_rows;
  constexpr int64_t kStack = 4096;
  alignas(64) T local[kStack];
  const int64_t packed = pack_b ? panels * t.tile_cols * g.k : 0;
  Scratch<T> heap(packed > kStack ? packed : 0);
  T* const bp = packed > kStack ? heap.get() : local;
  const auto pack = [&](int64_t j) {
    const int64_t width = std::min<int64_t>(t.tile_cols, g.n - j);
    t.pack(g.k, width, t.tile_cols, g.b + j * g.csb, g.csb, g.rsb, bp + j * g.k, t.tile_cols);
  };
  if (by_rows || threads == 1) {
    if (pack_b) {
      for (int64_t j = 0; j < g.n; j += t.tile_cols) pack(j);
    }
    const int64_t pieces = std::min(threads, ceil_div(g.m, t.tile_rows));
    const int64_t step = ceil_div(g.m, pieces);
    parallel_tasks(ceil_div(g.m, step), threaded, [&](int64_t i) {
      const int64_t row = i * step;
      t.block(std::min(step, g.m - row), g.n, g.k, g.a + row * g.rsa, g.rsa, g.csa,
              pack_b ? bp : g.b, pack_b ? 0 : g.rsb, g.c + row * g.ldc, g.ldc, g.alpha, g.beta);
    });
    return;
  }
  const int64_t step = ceil_div(panels, std::min(2 * threads, panels)) * t.tile_cols;
  parallel_tasks(ceil_div(g.n, step), threaded, [&](int64_t i) {
    const int64_t first = i * step, count = std::min(step, g.n - first);
    if (pack_b) {
      for (int64_t j = first; j < first + count; j += t.tile_cols) pack(j);
    }
    t.block(g.m, count, g.k, g.a, g.rsa, g.csa, pack_b ? bp + first * g.k : g.b + first,
            pack_b ? 0 : g.rsb, g.c + first, g.ldc, g.alpha, g.beta);
  });
}

// Both matrices packed block by block: B by all threads together, A by each task for its rows.
template <class T>
void blocked(const GemmTable<T>& t, const Product<T>& g, bool threaded) {
  const int64_t threads = threaded ? num_threads() : 1;
  const int64_t depth = depth_of<T>(g.k);
  const int64_t width = std::min(kWidth, round_up(g.n, t.tile_cols));
  const int64_t rows = ceil_div(g.m, ceil_div(g.m, round_up(kBand, t.tile_rows)));
  const int64_t tall = ceil_div(g.m, rows);
  const bool pack_a = g.n > 2 * t.tile_cols || g.rsa <= 0;
  Scratch<T> bp(depth * width);
  for (int64_t first = 0; first < g.n; first += width) {
    const int64_t cols = std::min(width, g.n - first);
    const int64_t panels = ceil_div(cols, t.tile_cols);
    // More pieces across where the rows alone do not give each thread two tasks.
    const int64_t across = std::min(panels, ceil_div(2 * threads, tall));
    const int64_t piece = ceil_div(panels, across) * t.tile_cols;
    for (int64_t p = 0; p < g.k; p += depth) {
      const int64_t deep = std::min(depth, g.k - p);
      const T beta = p == 0 ? g.beta : T(1);
      parallel_tasks(panels, threaded && deep * cols > (1 << 14), [&](int64_t i) {
        const int64_t j = i * t.tile_cols;
        t.pack(deep, std::min<int64_t>(t.tile_cols, cols - j), t.tile_cols,
               g.b + p * g.rsb + (first + j) * g.csb, g.csb, g.rsb, bp.get() + j * deep,
               t.tile_cols);
      });
      parallel_tasks(tall * ceil_div(cols, piece), threaded, [&](int64_t i) {
        const int64_t row = i % tall * rows, col = i / tall * piece;
        const int64_t height = std::min(rows, g.m - row);
        const T* a = g.a + row * g.rsa + p * g.csa;
        Scratch<T> ap(pack_a ? ceil_div(height, t.tile_rows) * t.slots * deep : 0);
        if (pack_a) t.pack_a(height, deep, a, g.rsa, g.csa, ap.get());
        t.block(height, std::min(piece, cols - col), deep, pack_a ? ap.get() : a,
                pack_a ? 0 : g.rsa, g.csa, bp.get() + col * deep, 0,
                g.c + row * g.ldc + first + col, g.ldc, g.alpha, beta);
      });
    }
  }
}

}  // namespace

template <class T>
void product(const Product<T>& g) {
  if (g.m == 0 || g.n == 0) return;
  if (g.k == 0 || g.alpha == T(0)) return scale(g);
  const GemmTable<T>& t = gemm_table<T>();
  if (g.n == 1 && g.m > 1 && g.ldc == 1) return product(flipped(g));
  if (g.m == 1) {
    const bool along_k = g.rsb == 1 && (g.csb != 1 || g.n == 1);
    if (along_k && g.k >= t.lanes) {
      if (g.csa == 1) return row_times_matrix(t, g, true);
      Scratch<T> x(g.k);
      for (int64_t p = 0; p < g.k; ++p) x.get()[p] = g.a[p * g.csa];
      Product<T> dense = g;
      dense.a = x.get();
      dense.csa = 1;
      return row_times_matrix(t, dense, true);
    }
    if (g.csb == 1 && (g.n >= t.tile_cols || g.k >= 64)) return row_times_matrix(t, g, false);
  }
  const int64_t work = g.m * g.n * g.k;
  // Rows along k on both sides and little reuse: dot products spare the packing.
  if (g.csa == 1 && g.rsb == 1 && g.csb != 1 && g.m <= 4 && g.k >= 2 * t.lanes && g.rsa > 0) {
    const int64_t step = work > kSerialWork ? round_up(ceil_div(g.n, 2 * num_threads()), 8) : g.n;
    return parallel_tasks(ceil_div(g.n, step), true, [&](int64_t i) {
      const int64_t j = i * step;
      t.dots(g.m, std::min(step, g.n - j), g.k, g.a, g.rsa, g.b + j * g.csb, g.csb, g.c + j, g.ldc,
             g.alpha, g.beta);
    });
  }
  const bool threaded = work > kSerialWork && num_threads() > 1 && !in_parallel_region();
  const bool tiny = work <= 32 * 32 * 32;
  // Also tall enough to pack B, where A stays in the second cache and the columns give the tasks.
  const bool wide = g.m <= 128 && g.m * g.k <= (1 << 17) && g.n >= 4 * t.tile_cols;
  if (g.rsa > 0 && (tiny || wide || g.m <= 3 * t.tile_rows) && g.rsb > 0 && g.csb > 0) {
    return flat(t, g, threaded);
  }
  blocked(t, g, threaded);
}

template void product(const Product<float>&);
template void product(const Product<double>&);
template void product(const Product<int32_t>&);
template void product(const Product<int64_t>&);

}  // namespace rl::cpu
