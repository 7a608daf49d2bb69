// What each instruction set offers to the matrix product and convolution drivers: register tiles
// and packing, as tables of functions. Plain C++, so that the files built for one instruction set
// need no other header of the core.
#pragma once

#include <cstdint>

namespace rl::cpu {

// C[rows, cols] = alpha A B + beta C for one register tile. A(i, p) = a[i * rsa + p * csa],
// B(p, j) = b[p * ldb + j]. With beta == 0, C is not read.
template <class T>
using TileFn = void (*)(int64_t k, const T* a, int64_t rsa, int64_t csa, const T* b, int64_t ldb,
                        T* c, int64_t ldc, T alpha, T beta, int64_t cols);

inline constexpr int kMaxTileRows = 14;

template <class T>
struct GemmTable {
  int lanes;      // elements of a vector
  int tile_rows;  // rows of the largest tile
  int tile_cols;  // columns of the widest tile: vectors * lanes
  int slots;      // distance between the steps in k of a packed panel of A

  // tiles[rows][vectors - 1][partial]: the last vector is partial if cols < vectors * lanes.
  TileFn<T> tiles[kMaxTileRows + 1][2][2];

  // dst[p * step + i] = src[i * stride_i + p * stride_p] for i < width, p < k; zeros for
  // width <= i < min(padded, step).
  void (*pack)(int64_t k, int64_t width, int64_t padded, const T* src, int64_t stride_i,
               int64_t stride_p, T* dst, int64_t step);
  // C[i, j] = alpha sum_p A[i, p] B[j, p] + beta C[i, j] for rows that are contiguous along p.
  void (*dots)(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb,
               T* c, int64_t ldc, T alpha, T beta);
  // y[j] = alpha sum_p x[p * incx] B[p, j] + beta y[j]
  void (*weighted_rows)(int64_t n, int64_t k, const T* x, int64_t incx, const T* b, int64_t ldb,
                        T* y, T alpha, T beta);

  // Calls the tiles of an m x n block: A in its place (rsa, csa) or, if rsa == 0, packed in panels
  // of equal heights; B in its place (ldb > 0) or, if ldb == 0, packed in panels of tile_cols.
  void (*block)(int64_t m, int64_t n, int64_t k, const T* a, int64_t rsa, int64_t csa, const T* b,
                int64_t ldb, T* c, int64_t ldc, T alpha, T beta);
  // Packs an m x k block of A for `block`.
  void (*pack_a)(int64_t m, int64_t k, const T* a, int64_t rsa, int64_t csa, T* dst);
};

extern const GemmTable<float> kGemmFloatBaseline, kGemmFloatAvx2, kGemmFloatAvx512;
extern const GemmTable<double> kGemmDoubleBaseline, kGemmDoubleAvx2, kGemmDoubleAvx512;
extern const GemmTable<int32_t> kGemmInt32Baseline, kGemmInt32Avx2, kGemmInt32Avx512;
extern const GemmTable<int64_t> kGemmInt64Baseline, kGemmInt64Avx2, kGemmInt64Avx512;

// The table for the running processor.
template <class T>
const GemmTable<T>& gemm_table();

// How m rows are divided among tiles: `panels` of `height` or, the first `taller` ones, one more.
struct RowSplit {
  int64_t panels, height, taller;
  RowSplit(int64_t m, int64_t tile_rows)
      : panels((m + tile_rows - 1) / tile_rows), height(m / panels), taller(m % panels) {}
};

}  // namespace rl::cpu
