// Matrix product kernels for AVX2 and FMA.
#include <cstdint>
#include <type_traits>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>

// After the standard headers: their inline functions stay runnable everywhere.
#pragma GCC target("avx2,fma,f16c,bmi,bmi2")
#define RL_VECTOR_BYTES 32
#include "core/kernels/cpu/gemm_micro.h"

namespace rl::cpu {

const GemmTable<float> kGemmFloatAvx2 = Tiling<float, 6>::table();
const GemmTable<double> kGemmDoubleAvx2 = Tiling<double, 6>::table();
const GemmTable<int32_t> kGemmInt32Avx2 = Tiling<int32_t, 4>::table();
const GemmTable<int64_t> kGemmInt64Avx2 = Tiling<int64_t, 4>::table();

}  // namespace rl::cpu
#endif
