// The driver of extrema with their places.
#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "core/base/cpu_features.h"
#include "core/base/threads.h"
#include "core/kernels/cpu/arg_loops.h"
#include "core/kernels/cpu/reduce_dims.h"

namespace rl {

namespace loops_baseline {
extern const cpu::ArgTable kArgTable;
}
namespace loops_avx2 {
extern const cpu::ArgTable kArgTable;
}
namespace loops_avx512 {
extern const cpu::ArgTable kArgTable;
}

namespace cpu {
namespace {

constexpr int64_t kFewColumns = 8;
constexpr int64_t kChunk = 65536;  // elements of a task when one run is cut
constexpr int64_t kParallelSize = 32768;

const ArgLoops& loops_for(bool largest, Dtype dtype) {
  const ArgTable& t = cpu_isa() == Isa::Avx512 ? loops_avx512::kArgTable
                      : cpu_isa() == Isa::Avx2 ? loops_avx2::kArgTable
                                               : loops_baseline::kArgTable;
  const ArgLoops* loops = (largest ? t.largest : t.smallest)[static_cast<int>(dtype)];
  if (!loops) throw_not_implemented_for(largest ? "argmax" : "argmin", dtype);
  return *loops;
}

// One long run: chunks side by side, then the first of the best chunks.
void one_run(const ArgLoops& loops, const std::byte* data, int64_t n, int64_t size,
             std::byte* value, int64_t* index) {
  const int64_t chunks = (n + kChunk - 1) / kChunk;
  if (chunks < 2) return loops.row(data, n, value, index);
  std::vector<std::byte> values(static_cast<size_t>(chunks * size));
  std::vector<int64_t> places(static_cast<size_t>(chunks));
  parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      loops.row(data + i * kChunk * size, std::min(kChunk, n - i * kChunk),
                values.data() + i * size, &places[static_cast<size_t>(i)]);
  });
  int64_t best = 0;
  loops.row(values.data(), chunks, value, &best);
  *index = best * kChunk + places[static_cast<size_t>(best)];
}

}  // namespace

void arg_extremum(bool largest, const Tensor& self, std::optional<int64_t> dim,
                  const Tensor& values, const Tensor& indices) {
  const ArgLoops& loops = loops_for(largest, self.dtype());
  if (indices.numel() == 0) return;
  const auto size = static_cast<int64_t>(self.item_size());
  int64_t* const places = indices.data<int64_t>();
  alignas(16) std::byte unwanted[16];
  if (!dim || self.dim() == 0) {
    const Tensor flat = as_contiguous(self);
    return one_run(loops, flat.raw(), flat.numel(), size, values ? values.raw() : unwanted, places);
  }
  DimList kept{};
  int64_t step = 1;
  for (int64_t i = self.dim(); i-- > 0;) {
    if (i == *dim) continue;
    if (self.size(i) != 1) kept.add({self.size(i), self.stride(i), step});
    step *= self.size(i);
  }
  if (!kept.count) kept.add({1, 0, 1});
  kept.join();
  const int64_t n = self.size(*dim), stride = n == 1 ? 1 : self.stride(*dim);
  const ReduceDim& across = kept.first();
  const bool in_columns = stride != 1 && across.in == 1 && across.size >= kFewColumns;
  if (!in_columns && step == 1 && stride == 1)
    return one_run(loops, self.raw(), n, size, values ? values.raw() : unwanted, places);
  const int64_t block = in_columns ? kArgColumns : 1;
  const int64_t along = (across.size + block - 1) / block;
  const int64_t cost = n * std::min(block, across.size);
  parallel_for(0, along * kept.outer_count(), std::max<int64_t>(1, kParallelSize / cost),
               [&](int64_t begin, int64_t end) {
                 std::vector<std::byte> gathered(
                     static_cast<size_t>(in_columns || stride == 1 ? 0 : n * size));
                 alignas(64) std::byte found[kArgColumns * 8];
                 int64_t at[kArgColumns];
                 for (int64_t i = begin; i < end; ++i) {
                   const ReduceDim outer = kept.outer_offset(i / along);
                   const int64_t first = i % along * block,
                                 m = std::min(block, across.size - first);
                   const std::byte* data = self.raw() + (outer.in + first * across.in) * size;
                   if (in_columns) {
                     loops.columns(data, m, n, stride, found, at);
                   } else if (stride == 1) {
                     loops.row(data, n, found, at);
                   } else {
                     for (int64_t k = 0; k < n; ++k)
                       std::memcpy(gathered.data() + k * size, data + k * stride * size,
                                   static_cast<size_t>(size));
                     loops.row(gathered.data(), n, found, at);
                   }
                   const int64_t out = outer.out + first * across.out;
                   for (int64_t j = 0; j < m; ++j) {
                     places[out + j * across.out] = at[j];
                     if (values)
                       std::memcpy(values.raw() + (out + j * across.out) * size, found + j * size,
                                   static_cast<size_t>(size));
                   }
                 }
               });
}

}  // namespace cpu
}  // namespace rl
