// One optimizer step over many tensors: they count as one long array, cut among threads.
#include <algorithm>

#include "core/base/threads.h"
#include "core/kernels/cpu/optim_table.h"

namespace rl::cpu {
namespace {

constexpr int64_t kGrain = 16384;

template <class T>
const OptimLoops<T>& loops() {
  if constexpr (sizeof(T) == sizeof(float))
    return optim_table().of_float;
  else
    return optim_table().of_double;
}

// run(tensor, first, last) on all elements of all tensors.
template <class Item, class F>
void over_all(std::span<const Item> tensors, const F& run) {
  int64_t total = 0;
  for (const Item& t : tensors) total += t.count;
  parallel_for(0, total, kGrain, [&](int64_t begin, int64_t end) {
    int64_t start = 0;
    for (const Item& t : tensors) {
      const int64_t first = std::max<int64_t>(begin - start, 0),
                    last = std::min(end - start, t.count);
      if (first < last) run(t, first, last);
      start += t.count;
      if (start >= end) break;
    }
  });
}

}  // namespace

template <class T>
void sgd(std::span<const SgdTensor<T>> tensors, const SgdStep<T>& step) {
  const auto loop = loops<T>().sgd;
  over_all(tensors,
           [&](const SgdTensor<T>& t, int64_t first, int64_t last) { loop(t, step, first, last); });
}

template <class T>
void adam(std::span<const AdamTensor<T>> tensors) {
  over_all(tensors, loops<T>().adam);
}

template void sgd(std::span<const SgdTensor<float>>, const SgdStep<float>&);
template void sgd(std::span<const SgdTensor<double>>, const SgdStep<double>&);
template void adam(std::span<const AdamTensor<float>>);
template void adam(std::span<const AdamTensor<double>>);

}  // namespace rl::cpu
