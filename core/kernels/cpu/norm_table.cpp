// Picks the normalisation and optimizer loops of this processor.
#include "core/kernels/cpu/norm_table.h"

#include "core/base/cpu_features.h"
#include "core/kernels/cpu/optim_table.h"

namespace rl {
namespace loops_baseline {
extern const cpu::NormTable kNormTable;
extern const cpu::OptimTable kOptimTable;
}  // namespace loops_baseline
namespace loops_avx2 {
extern const cpu::NormTable kNormTable;
extern const cpu::OptimTable kOptimTable;
}  // namespace loops_avx2
namespace loops_avx512 {
extern const cpu::NormTable kNormTable;
extern const cpu::OptimTable kOptimTable;
}  // namespace loops_avx512

namespace cpu {

const NormTable& norm_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return loops_avx512::kNormTable;
  if (cpu_isa() == Isa::Avx2) return loops_avx2::kNormTable;
#endif
  return loops_baseline::kNormTable;
}

const OptimTable& optim_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return loops_avx512::kOptimTable;
  if (cpu_isa() == Isa::Avx2) return loops_avx2::kOptimTable;
#endif
  return loops_baseline::kOptimTable;
}

}  // namespace cpu
}  // namespace rl
