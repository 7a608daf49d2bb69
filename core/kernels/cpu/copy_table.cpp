// Picks the copy loops of this processor.
#include "core/kernels/cpu/copy_table.h"

#include "core/base/cpu_features.h"

namespace rl {
namespace loops_baseline {
extern const cpu::CopyTable kCopyTable;
}
namespace loops_avx2 {
extern const cpu::CopyTable kCopyTable;
}
namespace loops_avx512 {
extern const cpu::CopyTable kCopyTable;
}

namespace cpu {

const CopyTable& copy_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return loops_avx512::kCopyTable;
  if (cpu_isa() == Isa::Avx2) return loops_avx2::kCopyTable;
#endif
  return loops_baseline::kCopyTable;
}

}  // namespace cpu
}  // namespace rl
