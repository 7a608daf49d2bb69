// Convolution kernels for any processor: 16-byte vectors.
#include <cstdint>
#include <type_traits>
#include <utility>

#define RL_VECTOR_BYTES 16
#include "core/kernels/cpu/convolution_micro.h"

namespace rl::cpu {

const ConvTable<float> kConvFloatBaseline = kConvTable<float>;
const ConvTable<double> kConvDoubleBaseline = kConvTable<double>;
const ConvTable<int64_t> kConvInt64Baseline = kConvTable<int64_t>;

}  // namespace rl::cpu
