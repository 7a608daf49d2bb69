// Convolution kernels for AVX2 and FMA.
#include <cstdint>
#include <type_traits>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>

// After the standard headers: their inline functions stay runnable everywhere.
#pragma GCC target("avx2,fma,f16c,bmi,bmi2")
#define RL_VECTOR_BYTES 32
#include "core/kernels/cpu/convolution_micro.h"

namespace rl::cpu {

const ConvTable<float> kConvFloatAvx2 = kConvTable<float>;
const ConvTable<double> kConvDoubleAvx2 = kConvTable<double>;

}  // namespace rl::cpu
#endif
