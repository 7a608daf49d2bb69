// CPU threads: how many may be used, and a parallel loop over an index range.
#pragma once

#include <cstdint>

namespace rl {

// Starts as min(OMP_NUM_THREADS if set, CPU affinity, cgroup quota rounded up).
int num_threads();
void set_num_threads(int n);
// Threads the process may use, whatever set_num_threads said.
int available_threads();
bool in_parallel_region();

namespace detail {
void parallel_run(int64_t begin, int64_t end, int64_t grain, void (*body)(void*, int64_t, int64_t),
                  void* context);
}

// Calls f(first, last) on disjoint pieces of [begin, end), each at least `grain` long where there
// is more than one. Runs inline when small or already inside a parallel region. Exceptions thrown
// by f reach the caller.
template <class F>
void parallel_for(int64_t begin, int64_t end, int64_t grain, const F& f) {
  if (end <= begin) return;
  if (end - begin <= grain) return f(begin, end);
  detail::parallel_run(
      begin, end, grain,
      [](void* context, int64_t first, int64_t last) {
        (*static_cast<const F*>(context))(first, last);
      },
      const_cast<void*>(static_cast<const void*>(&f)));
}

}  // namespace rl
