// Matrix product kernels for AVX-512 (F, BW, DQ, VL).
#include <cstdint>
#include <type_traits>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>

// After the standard headers: their inline functions stay runnable everywhere.
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi,bmi2")
#define RL_VECTOR_BYTES 64
#include "core/kernels/cpu/gemm_micro.h"

namespace rl::cpu {

const GemmTable<float> kGemmFloatAvx512 = Tiling<float, 14>::table();
const GemmTable<double> kGemmDoubleAvx512 = Tiling<double, 14>::table();
const GemmTable<int32_t> kGemmInt32Avx512 = Tiling<int32_t, 4>::table();
const GemmTable<int64_t> kGemmInt64Avx512 = Tiling<int64_t, 4>::table();

}  // namespace rl::cpu
#endif
