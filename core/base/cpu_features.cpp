// Run-time choice of the instruction set.
#include "core/base/cpu_features.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace rl {
namespace {

Isa detect() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("f16c");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  return avx512 ? Isa::Avx512 : avx2 ? Isa::Avx2 : Isa::Baseline;
#else
  return Isa::Baseline;
#endif
}

}  // namespace

Isa cpu_isa() {
  static const Isa isa = [] {
    const Isa best = detect();
    const char* text = std::getenv("RUSHLIGHT_ISA");
    if (!text) return best;
    const std::string_view wanted = text;
    if (wanted == "baseline") return Isa::Baseline;
    if (wanted == "avx2") return std::min(best, Isa::Avx2);
    return best;
  }();
  return isa;
}

const char* isa_name(Isa isa) {
  constexpr const char* names[] = {"baseline", "avx2", "avx512"};
  return names[static_cast<int>(isa)];
}

}  // namespace rl
