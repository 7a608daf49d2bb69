// Chooses the sample loops of this processor.
#include "core/kernels/cpu/random_table.h"

#include "core/base/cpu_features.h"

namespace rl {

namespace loops_baseline {
extern const cpu::RandomTable kRandomTable;
}
namespace loops_avx2 {
extern const cpu::RandomTable kRandomTable;
}
namespace loops_avx512 {
extern const cpu::RandomTable kRandomTable;
}

const cpu::RandomTable& cpu::random_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return loops_avx512::kRandomTable;
  if (cpu_isa() == Isa::Avx2) return loops_avx2::kRandomTable;
#endif
  return loops_baseline::kRandomTable;
}

}  // namespace rl
