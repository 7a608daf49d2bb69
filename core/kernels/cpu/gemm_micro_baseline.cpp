// Matrix product kernels for any processor: 16-byte vectors.
#include <cstdint>
#include <type_traits>
#include <utility>

#define RL_VECTOR_BYTES 16
#include "core/kernels/cpu/gemm_micro.h"

namespace rl::cpu {

const GemmTable<float> kGemmFloatBaseline = Tiling<float, 6>::table();
const GemmTable<double> kGemmDoubleBaseline = Tiling<double, 6>::table();
const GemmTable<int32_t> kGemmInt32Baseline = Tiling<int32_t, 4>::table();
const GemmTable<int64_t> kGemmInt64Baseline = Tiling<int64_t, 4>::table();

}  // namespace rl::cpu
