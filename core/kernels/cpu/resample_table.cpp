// Chooses the resampling loops of this processor.
#include "core/kernels/cpu/resample_table.h"

#include "core/base/cpu_features.h"

namespace rl {

namespace loops_baseline {
extern const cpu::ResampleTable kResampleTable;
}
namespace loops_avx2 {
extern const cpu::ResampleTable kResampleTable;
}
namespace loops_avx512 {
extern const cpu::ResampleTable kResampleTable;
}

const cpu::ResampleTable& cpu::resample_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return loops_avx512::kResampleTable;
  if (cpu_isa() == Isa::Avx2) return loops_avx2::kResampleTable;
#endif
  return loops_baseline::kResampleTable;
}

}  // namespace rl
