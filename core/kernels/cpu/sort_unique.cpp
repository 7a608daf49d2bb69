// Distinct elements by sorting keys, or by counting where integers span a small range.
#include <algorithm>
#include <numeric>
#include <vector>

#include "core/base/threads.h"
#include "core/kernels/cpu/sort_keys.h"
#include "core/kernels/cpu/unique.h"

namespace rl::cpu {
namespace {

Tensor int64_vector(int64_t n) { return empty(Dims{n}, Dtype::Int64); }

// Groups of equal neighbours among n things: same(k) tells whether thing k equals the one before,
// place(k) where it came from.
template <class Same, class Place>
Distinct group(int64_t n, bool inverse, bool counts, std::vector<int64_t>& firsts, const Same& same,
               const Place& place) {
  Distinct out;
  if (inverse) out.inverse = int64_vector(n);
  for (int64_t k = 0; k < n; ++k) {
    if (k == 0 || !same(k)) firsts.push_back(k);
    if (inverse) out.inverse.data<int64_t>()[place(k)] = static_cast<int64_t>(firsts.size()) - 1;
  }
  if (counts) {
    out.counts = int64_vector(static_cast<int64_t>(firsts.size()));
    int64_t* const c = out.counts.data<int64_t>();
    for (size_t g = 0; g < firsts.size(); ++g)
      c[g] = (g + 1 < firsts.size() ? firsts[g + 1] : n) - firsts[g];
  }
  return out;
}

// Elements numbered by a table over their range.
template <class T>
Distinct by_counting(const T* p, int64_t n, int64_t low, int64_t span, Dtype dtype, bool inverse,
                     bool counts) {
  std::vector<int64_t> table(static_cast<size_t>(span));
  for (int64_t k = 0; k < n; ++k) ++table[static_cast<size_t>(static_cast<int64_t>(p[k]) - low)];
  const auto groups =
      static_cast<int64_t>(table.size()) - std::count(table.begin(), table.end(), 0);
  Distinct out;
  out.values = empty(Dims{groups}, dtype);
  if (counts) out.counts = int64_vector(groups);
  int64_t g = 0;
  for (int64_t v = 0; v < span; ++v) {
    int64_t& entry = table[static_cast<size_t>(v)];
    if (!entry) continue;
    out.values.data<T>()[g] = static_cast<T>(low + v);
    if (counts) out.counts.data<int64_t>()[g] = entry;
    entry = g++;
  }
  if (!inverse) return out;
  out.inverse = int64_vector(n);
  int64_t* const to = out.inverse.data<int64_t>();
  parallel_for(0, n, 32768, [&](int64_t first, int64_t last) {
    for (int64_t k = first; k < last; ++k)
      to[k] = table[static_cast<size_t>(static_cast<int64_t>(p[k]) - low)];
  });
  return out;
}

template <class T>
Distinct by_sorting(const T* p, int64_t n, Dtype dtype, bool inverse, bool counts) {
  check_line_length(n, sizeof(T));
  std::vector<SortItem<T>> items(static_cast<size_t>(2 * n));
  load_items<T>(p, n, 1, 0, items.data());
  sort_items(items.data(), n, items.data() + n, sizeof(T), true);
  std::vector<int64_t> firsts;
  const auto item = [&](int64_t k) -> const SortItem<T>& { return items[static_cast<size_t>(k)]; };
  Distinct out = group(
      n, inverse, counts, firsts,
      [&](int64_t k) {
        return item(k).key() == item(k - 1).key() &&
               !(SortKey<T>::kFloat && SortKey<T>::is_nan(p[item(k).place()]));
      },
      [&](int64_t k) { return item(k).place(); });
  out.values = empty(Dims{static_cast<int64_t>(firsts.size())}, dtype);
  for (size_t g = 0; g < firsts.size(); ++g) out.values.data<T>()[g] = p[item(firsts[g]).place()];
  return out;
}

template <class T>
bool equal_values(T a, T b) {
  return static_cast<Compute<T>>(a) == static_cast<Compute<T>>(b);
}

}  // namespace

Distinct unique_sorted(const Tensor& flat, bool inverse, bool counts) {
  Distinct out;
  const int64_t n = flat.numel();
  dispatch(RealAndBool{}, flat.dtype(), "unique", [&]<class T>() {
    const T* const p = flat.data<T>();
    if constexpr (std::is_integral_v<T>) {
      if (n) {
        const auto [low, high] = std::minmax_element(p, p + n);
        const uint64_t span = static_cast<uint64_t>(*high) - static_cast<uint64_t>(*low) + 1;
        if (span && span <= static_cast<uint64_t>(std::max<int64_t>(n, 4096))) {
          out = by_counting(p, n, static_cast<int64_t>(*low), static_cast<int64_t>(span),
                            flat.dtype(), inverse, counts);
          return;
        }
      }
    }
    out = by_sorting(p, n, flat.dtype(), inverse, counts);
  });
  return out;
}

Distinct unique_runs(const Tensor& flat, bool inverse, bool counts) {
  Distinct out;
  dispatch(RealAndBool{}, flat.dtype(), "unique", [&]<class T>() {
    const T* const p = flat.data<T>();
    std::vector<int64_t> firsts;
    out = group(
        flat.numel(), inverse, counts, firsts,
        [&](int64_t k) { return equal_values(p[k], p[k - 1]); }, [](int64_t k) { return k; });
    out.values = empty(Dims{static_cast<int64_t>(firsts.size())}, flat.dtype());
    for (size_t g = 0; g < firsts.size(); ++g) out.values.data<T>()[g] = p[firsts[g]];
  });
  return out;
}

Distinct unique_rows(const Tensor& rows, bool runs) {
  Distinct out;
  const int64_t n = rows.size(0), m = rows.size(1);
  dispatch(RealAndBool{}, rows.dtype(), "unique_dim", [&]<class T>() {
    const T* const p = rows.data<T>();
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    const auto compare = [&](int64_t a, int64_t b) {
      for (int64_t j = 0; j < m; ++j) {
        const auto x = static_cast<Compute<T>>(p[a * m + j]),
                   y = static_cast<Compute<T>>(p[b * m + j]);
        if (x != y) return x < y;
      }
      return false;
    };
    if (!runs) std::stable_sort(order.begin(), order.end(), compare);
    const auto row = [&](int64_t k) { return p + order[static_cast<size_t>(k)] * m; };
    std::vector<int64_t> firsts;
    out = group(
        n, true, true, firsts,
        [&](int64_t k) { return std::equal(row(k), row(k) + m, row(k - 1), equal_values<T>); },
        [&](int64_t k) { return order[static_cast<size_t>(k)]; });
    out.values = int64_vector(static_cast<int64_t>(firsts.size()));
    for (size_t g = 0; g < firsts.size(); ++g)
      out.values.data<int64_t>()[g] = order[static_cast<size_t>(firsts[g])];
  });
  return out;
}

}  // namespace rl::cpu
