// Chooses the pooling loops of this processor.
#include "core/kernels/cpu/pool_table.h"

#include "core/base/cpu_features.h"

namespace rl {

namespace loops_baseline {
extern const cpu::PoolTable kPoolTable;
}
namespace loops_avx2 {
extern const cpu::PoolTable kPoolTable;
}
namespace loops_avx512 {
extern const cpu::PoolTable kPoolTable;
}

const cpu::PoolTable& cpu::pool_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return loops_avx512::kPoolTable;
  if (cpu_isa() == Isa::Avx2) return loops_avx2::kPoolTable;
#endif
  return loops_baseline::kPoolTable;
}

}  // namespace rl
