// Instruction sets the kernels are compiled for, and the best one this processor runs.
#pragma once

#include <cstdint>

namespace rl {

enum class Isa : uint8_t { Baseline, Avx2, Avx512 };
inline constexpr int kIsaCount = 3;

// Honours RUSHLIGHT_ISA=baseline|avx2|avx512 (never above what the processor has).
Isa cpu_isa();
const char* isa_name(Isa isa);

}  // namespace rl
