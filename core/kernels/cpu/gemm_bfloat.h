// Products of bfloat16 matrices by the instruction that multiplies pairs of them (AVX512-BF16). Two
// neighbours along k are one 32-bit word; subnormal numbers count as zero there.
#pragma once

#include <cstdint>

namespace rl::cpu {

struct BFloatKernels {
  static constexpr int kTileRows = 14, kTileCols = 32;
  static constexpr int kSlots = 16;  // words between the steps in k of a packed panel of A

  // dst[p * step + i] = the pair (src[i * stride_i + 2 p * stride_k], its neighbour along k) for
  // i < width, 2 p < k; zeros for width <= i < padded and past k.
  void (*pack)(int64_t k, int64_t width, int64_t padded, const uint16_t* src, int64_t stride_i,
               int64_t stride_k, uint32_t* dst, int64_t step);
  // C[rows, cols] = A B, or += where `add`, for packed panels of at most kTileRows x kTileCols.
  void (*tile)(int64_t rows, int64_t cols, int64_t pairs, const uint32_t* a, const uint32_t* b,
               float* c, int64_t ldc, bool add);
  // C[i, j] = sum_p A[i, p] B[j, p] for m <= 4 rows that are contiguous along p.
  void (*dots)(int64_t m, int64_t n, int64_t k, const uint16_t* a, int64_t lda, const uint16_t* b,
               int64_t ldb, float* c, int64_t ldc);
};

// Null where the running processor lacks the instruction.
const BFloatKernels* bfloat_kernels();

// C = A B for a dense C of floats, with A(i, p) = a[i * rsa + p * csa], B(p, j) = b[p * rsb + j *
// csb]. The order of the sums depends on the shape only.
void bfloat_product(const BFloatKernels& t, int64_t m, int64_t n, int64_t k, const uint16_t* a,
                    int64_t rsa, int64_t csa, const uint16_t* b, int64_t rsb, int64_t csb,
                    float* c);

}  // namespace rl::cpu
