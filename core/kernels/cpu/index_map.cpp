// Reading planes through index tables, and adding back through them.
#include "core/kernels/cpu/index_map.h"

#include <algorithm>
#include <cstring>

#include "core/base/threads.h"

namespace rl::cpu {
namespace {

constexpr int64_t kGrain = 16384;

int64_t grain_of(const IndexMap& m) {
  return std::max<int64_t>(kGrain / std::max<int64_t>(std::max(m.in_size(), m.out_size()), 1), 1);
}

// The longest stretch of a table that counts up by one.
struct Run {
  int64_t begin = 0, end = 0;
};
Run longest_run(const std::vector<int64_t>& at) {
  Run best;
  const auto n = static_cast<int64_t>(at.size());
  for (int64_t begin = 0; begin < n;) {
    int64_t end = begin + 1;
    while (end < n && at[static_cast<size_t>(end)] == at[static_cast<size_t>(end - 1)] + 1) ++end;
    if (end - begin > best.end - best.begin) best = {begin, end};
    begin = end;
  }
  return best;
}

struct alignas(16) Pair {
  uint64_t words[2];
};

template <class T>
void gather_row(const T* in, T* out, const std::vector<int64_t>& at, Run run) {
  const auto n = static_cast<int64_t>(at.size());
  const int64_t* const from = at.data();
  for (int64_t i = 0; i < run.begin; ++i) out[i] = in[from[i]];
  if (run.end > run.begin)
    std::memcpy(out + run.begin, in + from[run.begin],
                static_cast<size_t>(run.end - run.begin) * sizeof(T));
  for (int64_t i = run.end; i < n; ++i) out[i] = in[from[i]];
}

template <class T>
void gather(const IndexMap& m, const std::byte* in, std::byte* out) {
  const Run longest = longest_run(m.at[2]);
  const Run run = longest.end - longest.begin >= 4 ? longest : Run{};
  const auto width = static_cast<int64_t>(m.at[2].size());
  parallel_for(0, m.planes, grain_of(m), [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      const T* const from = reinterpret_cast<const T*>(in) + plane * m.in_size();
      T* to = reinterpret_cast<T*>(out) + plane * m.out_size();
      for (const int64_t i0 : m.at[0]) {
        int64_t before = -1;
        for (const int64_t i1 : m.at[1]) {
          if (i1 == before)
            std::memcpy(to, to - width, static_cast<size_t>(width) * sizeof(T));
          else
            gather_row(from + (i0 * m.in[1] + i1) * m.in[2], to, m.at[2], run);
          before = i1;
          to += width;
        }
      }
    }
  });
}

}  // namespace

void gather_planes(const IndexMap& m, const Tensor& in, const Tensor& out) {
  if (out.numel() == 0) return;
  switch (in.item_size()) {
    case 1:
      return gather<uint8_t>(m, in.raw(), out.raw());
    case 2:
      return gather<uint16_t>(m, in.raw(), out.raw());
    case 4:
      return gather<uint32_t>(m, in.raw(), out.raw());
    case 8:
      return gather<uint64_t>(m, in.raw(), out.raw());
    default:
      return gather<Pair>(m, in.raw(), out.raw());
  }
}

void scatter_planes(const IndexMap& m, const Tensor& grad, const Tensor& out) {
  if (out.numel() == 0) return;
  const auto width = static_cast<int64_t>(m.at[2].size());
  dispatch(FloatsAndComplex{}, grad.dtype(), "pad_backward", [&]<class T>() {
    using C = Compute<T>;
    parallel_for(0, m.planes, grain_of(m), [&](int64_t begin, int64_t end) {
      std::vector<C> sums(static_cast<size_t>(m.in_size()));
      for (int64_t plane = begin; plane < end; ++plane) {
        std::fill(sums.begin(), sums.end(), C(0));
        const T* from = grad.data<T>() + plane * m.out_size();
        const int64_t* const at = m.at[2].data();
        for (const int64_t i0 : m.at[0])
          for (const int64_t i1 : m.at[1]) {
            C* const row = sums.data() + (i0 * m.in[1] + i1) * m.in[2];
            for (int64_t i = 0; i < width; ++i) row[at[i]] += static_cast<C>(from[i]);
            from += width;
          }
        std::copy(sums.begin(), sums.end(), out.data<T>() + plane * m.in_size());
      }
    });
  });
}

}  // namespace rl::cpu
