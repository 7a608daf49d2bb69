// Loops over Half and BFloat16: blocks are converted to float, run through the float loop, and
// converted back.
#if defined(__F16C__)
#include <immintrin.h>
#endif

#include "core/kernels/cpu/loops.h"

namespace rl::RL_ISA_NAMESPACE {
namespace {

constexpr int64_t kReducedBlock = 512;

void to_float(float* to, const BFloat16* from, int64_t n) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) to[i] = from[i];
}
void from_float(BFloat16* to, const float* from, int64_t n) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) to[i] = BFloat16(from[i]);
}

// GCC 12 does not vectorise these by itself.
void to_float(float* to, const Half* from, int64_t n) {
  int64_t i = 0;
#if defined(__F16C__)
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(to + i,
                     _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i))));
#endif
  for (; i < n; ++i) to[i] = from[i];
}
void from_float(Half* to, const float* from, int64_t n) {
  int64_t i = 0;
#if defined(__F16C__)
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
#endif
  for (; i < n; ++i) to[i] = Half(from[i]);
}

template <class T>
void run(const ReducedLoop& loop, std::byte* const* data, const int64_t* strides, int64_t n,
         const void* context) {
  const auto numbers = static_cast<const LoopContext*>(context)->float_numbers;
  alignas(64) float buffers[kMaxPointwiseInputs][kReducedBlock];
  alignas(64) float results[kReducedBlock];
  alignas(64) T packed[kReducedBlock];
  std::byte* inner_data[kMaxPointwiseInputs + 1];
  int64_t inner_strides[kMaxPointwiseInputs + 1];
  inner_strides[0] = loop.float_result ? sizeof(float) : strides[0];
  for (int k = 1; k <= loop.inputs; ++k) {
    const bool as_is = (loop.mask && k == 1) || (numbers >> (k - 1) & 1);
    inner_data[k] = as_is ? data[k] : reinterpret_cast<std::byte*>(buffers[k - 1]);
    inner_strides[k] = as_is ? strides[k] : strides[k] == 0 ? 0 : sizeof(float);
    if (!as_is && strides[k] == 0) buffers[k - 1][0] = *reinterpret_cast<const T*>(data[k]);
  }
  for (int64_t i = 0; i < n; i += kReducedBlock) {
    const int64_t m = std::min(kReducedBlock, n - i);
    for (int k = 1; k <= loop.inputs; ++k) {
      if (loop.mask && k == 1) {
        inner_data[k] = data[k] + i * strides[k];
      } else if (strides[k] == sizeof(T)) {
        to_float(buffers[k - 1], reinterpret_cast<const T*>(data[k]) + i, m);
      } else if (strides[k] != 0) {
        gather(packed, data[k] + i * strides[k], strides[k], m);
        to_float(buffers[k - 1], packed, m);
      }
    }
    std::byte* const out = data[0] + i * strides[0];
    inner_data[0] = loop.float_result ? reinterpret_cast<std::byte*>(results) : out;
    loop.inner(inner_data, inner_strides, m, context);
    if (!loop.float_result) continue;
    if (strides[0] == sizeof(T)) {
      from_float(reinterpret_cast<T*>(out), results, m);
    } else {
      from_float(packed, results, m);
      for (int64_t k = 0; k < m; ++k) *reinterpret_cast<T*>(out + k * strides[0]) = packed[k];
    }
  }
}

}  // namespace

void run_reduced(const ReducedLoop& loop, std::byte* const* data, const int64_t* strides, int64_t n,
                 const void* context) {
  if (loop.dtype == Dtype::Float16)
    run<Half>(loop, data, strides, n, context);
  else
    run<BFloat16>(loop, data, strides, n, context);
}

}  // namespace rl::RL_ISA_NAMESPACE
