// Kernels of bfloat16 products for processors with AVX512-BF16.
#include <cstdint>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>

// After the standard headers: their inline functions stay runnable everywhere.
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c,bmi,bmi2")
#pragma GCC optimize("ira-region=one")
#include "core/kernels/cpu/gemm_bfloat.h"
#include "core/kernels/cpu/gemm_table.h"

namespace rl::cpu {
namespace {

constexpr int kLanes = 16;

__m512bh as_pairs(__m512i v) { return reinterpret_cast<__m512bh>(v); }

uint32_t pair(uint16_t low, uint16_t high) { return low | static_cast<uint32_t>(high) << 16; }

void pack(int64_t k, int64_t width, int64_t padded, const uint16_t* src, int64_t stride_i,
          int64_t stride_k, uint32_t* dst, int64_t step) {
  const int64_t whole = k / 2;
  // Where k runs along memory the words are there already: they are packed as such.
  const bool words = stride_k == 1 && stride_i % 2 == 0 && stride_i > 0 &&
                     reinterpret_cast<uintptr_t>(src) % 4 == 0;
  if (words)
    kGemmInt32Avx512.pack(whole, width, padded, reinterpret_cast<const int32_t*>(src), stride_i / 2,
                          1, reinterpret_cast<int32_t*>(dst), step);
  for (int64_t p = words ? whole : 0; 2 * p < k; ++p) {
    const uint16_t* const low = src + 2 * p * stride_k;
    uint32_t* const to = dst + p * step;
    if (2 * p + 1 == k) {
      for (int64_t i = 0; i < width; ++i) to[i] = low[i * stride_i];
    } else if (stride_i == 1) {
      const uint16_t* const high = low + stride_k;
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) to[i] = pair(low[i], high[i]);
    } else {
      for (int64_t i = 0; i < width; ++i)
        to[i] = pair(low[i * stride_i], low[i * stride_i + stride_k]);
    }
    for (int64_t i = width; i < padded; ++i) to[i] = 0;
  }
}

template <int MR, int NV>
void tile_of(int64_t cols, int64_t pairs, const uint32_t* a, const uint32_t* b, float* c,
             int64_t ldc, bool add) {
  __m512 acc[MR][NV];
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) acc[i][j] = _mm512_setzero_ps();
  }
  for (int64_t p = 0; p < pairs; ++p) {
    __m512bh bv[NV];
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) bv[j] = as_pairs(_mm512_loadu_si512(b + j * kLanes));
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
      const __m512bh av = as_pairs(_mm512_set1_epi32(static_cast<int32_t>(a[i])));
#pragma GCC unroll 2
      for (int j = 0; j < NV; ++j) acc[i][j] = _mm512_dpbf16_ps(acc[i][j], bv[j], av);
    }
    a += BFloatKernels::kSlots;
    b += BFloatKernels::kTileCols;
  }
  const auto last = static_cast<__mmask16>((1u << (cols - (NV - 1) * kLanes)) - 1);
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) {
      const __mmask16 mask = j == NV - 1 ? last : static_cast<__mmask16>(0xffff);
      float* const at = c + i * ldc + j * kLanes;
      const __m512 sum =
          add ? _mm512_add_ps(_mm512_maskz_loadu_ps(mask, at), acc[i][j]) : acc[i][j];
      _mm512_mask_storeu_ps(at, mask, sum);
    }
  }
}

using TileOf = void (*)(int64_t, int64_t, const uint32_t*, const uint32_t*, float*, int64_t, bool);
template <int NV, int... Rows>
TileOf pick(int64_t rows, std::integer_sequence<int, Rows...>) {
  static constexpr TileOf kTiles[] = {&tile_of<Rows + 1, NV>...};
  return kTiles[rows - 1];
}

void tile(int64_t rows, int64_t cols, int64_t pairs, const uint32_t* a, const uint32_t* b, float* c,
          int64_t ldc, bool add) {
  constexpr std::make_integer_sequence<int, BFloatKernels::kTileRows> kRows{};
  const TileOf run = cols > kLanes ? pick<2>(rows, kRows) : pick<1>(rows, kRows);
  run(cols, pairs, a, b, c, ldc, add);
}

float sum_of(__m512 v) {
  alignas(64) float part[kLanes];
  _mm512_store_ps(part, v);
#pragma GCC unroll 4
  for (int s = kLanes / 2; s > 0; s /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < s; ++i) part[i] += part[i + s];
  }
  return part[0];
}

// MT x NT dot products at once, in vectors along k.
template <int MT, int NT>
void dot_tile(int64_t k, const uint16_t* a, int64_t lda, const uint16_t* b, int64_t ldb, float* c,
              int64_t ldc) {
  constexpr int64_t kStep = 2 * kLanes;
  __m512 acc[MT][NT];
#pragma GCC unroll 4
  for (int i = 0; i < MT; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NT; ++j) acc[i][j] = _mm512_setzero_ps();
  }
  const auto step = [&](const auto& get) __attribute__((always_inline)) {
    __m512bh av[MT];
#pragma GCC unroll 4
    for (int i = 0; i < MT; ++i) av[i] = get(a + i * lda);
#pragma GCC unroll 4
    for (int j = 0; j < NT; ++j) {
      const __m512bh bv = get(b + j * ldb);
#pragma GCC unroll 4
      for (int i = 0; i < MT; ++i) acc[i][j] = _mm512_dpbf16_ps(acc[i][j], av[i], bv);
    }
  };
  int64_t p = 0;
  for (; p + kStep <= k; p += kStep)
    step([&](const uint16_t* x) { return as_pairs(_mm512_loadu_si512(x + p)); });
  if (p < k) {
    const auto mask = static_cast<__mmask32>((1u << (k - p)) - 1);
    step([&](const uint16_t* x) { return as_pairs(_mm512_maskz_loadu_epi16(mask, x + p)); });
  }
#pragma GCC unroll 4
  for (int i = 0; i < MT; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NT; ++j) c[i * ldc + j] = sum_of(acc[i][j]);
  }
}

template <int MT>
void dot_rows(int64_t n, int64_t k, const uint16_t* a, int64_t lda, const uint16_t* b, int64_t ldb,
              float* c, int64_t ldc) {
  int64_t j = 0;
  for (; j + 4 <= n; j += 4) dot_tile<MT, 4>(k, a, lda, b + j * ldb, ldb, c + j, ldc);
  for (; j < n; ++j) dot_tile<MT, 1>(k, a, lda, b + j * ldb, ldb, c + j, ldc);
}

void dots(int64_t m, int64_t n, int64_t k, const uint16_t* a, int64_t lda, const uint16_t* b,
          int64_t ldb, float* c, int64_t ldc) {
  static constexpr decltype(&dot_rows<1>) kBy[] = {&dot_rows<1>, &dot_rows<2>, &dot_rows<3>,
                                                   &dot_rows<4>};
  kBy[m - 1](n, k, a, lda, b, ldb, c, ldc);
}

}  // namespace

extern const BFloatKernels kBFloatAvx512;
constinit const BFloatKernels kBFloatAvx512 = {&pack, &tile, &dots};

}  // namespace rl::cpu
#endif
