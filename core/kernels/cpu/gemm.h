// Matrix products of every dtype on plain pointers: C = alpha op(A) op(B) + beta C.
// Which kernel runs depends on the shape and the processor only, and the order of the sums on the
// shape only, so the result has the same bits for any number of threads.
#pragma once

#include <cstdint>

#include "core/base/dtype.h"
#include "core/base/scalar.h"

namespace rl::cpu {

// op(A) is m x k and op(B) k x n; all matrices are row-major, `ld*` is the distance between rows of
// the matrix as it lies in memory (A is k x m in memory if trans_a). 16-bit floats are summed in
// float and rounded once, integers wrap, Bool is or-of-ands. With beta == 0, C is not read.
// C must not overlap A or B. k == 0 gives beta C.
void gemm(Dtype dtype, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k,
          const Scalar& alpha, const void* a, int64_t lda, const void* b, int64_t ldb,
          const Scalar& beta, void* c, int64_t ldc);

// The same for `batch` products; consecutive matrices are `stride_*` elements apart (0 repeats
// one).
void gemm_batched(Dtype dtype, bool trans_a, bool trans_b, int64_t batch, int64_t m, int64_t n,
                  int64_t k, const Scalar& alpha, const void* a, int64_t lda, int64_t stride_a,
                  const void* b, int64_t ldb, int64_t stride_b, const Scalar& beta, void* c,
                  int64_t ldc, int64_t stride_c);

// C = A B for row-major C that is written densely: the shortest path to the small kernels.
inline void matmul(Dtype dtype, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k,
                   const void* a, int64_t lda, const void* b, int64_t ldb, void* c, int64_t ldc) {
  gemm(dtype, trans_a, trans_b, m, n, k, Scalar(1), a, lda, b, ldb, Scalar(0), c, ldc);
}

}  // namespace rl::cpu
