// Convolution kernels for AVX-512 (F, BW, DQ, VL).
#include <cstdint>
#include <type_traits>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>

// After the standard headers: their inline functions stay runnable everywhere.
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi,bmi2")
#define RL_VECTOR_BYTES 64
#include "core/kernels/cpu/convolution_micro.h"

namespace rl::cpu {

const ConvTable<float> kConvFloatAvx512 = kConvTable<float>;
const ConvTable<double> kConvDoubleAvx512 = kConvTable<double>;

}  // namespace rl::cpu
#endif
