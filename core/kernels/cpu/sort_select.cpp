// Elements by rank along a dimension: kthvalue, median, mode.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/base/threads.h"
#include "core/kernels/cpu/sort_keys.h"
#include "core/ops/ops.h"

namespace rl::cpu {
namespace {

constexpr int64_t kGrain = 4096;
constexpr int64_t kManyItems = 16384;  // from here on, a histogram narrows the choice first

// The item of rank k. Reorders, and may shorten, the list.
template <class Item>
Item select(std::vector<Item>& items, int64_t k, int key_bits) {
  constexpr int kBits = 11;
  for (int shift = key_bits; static_cast<int64_t>(items.size()) > kManyItems && shift > 0;) {
    shift = std::max(shift - kBits, 0);
    const auto digit = [&](const Item& i) {
      return static_cast<size_t>(i.key() >> shift) & ((1u << kBits) - 1);
    };
    std::array<int64_t, 1u << kBits> counts{};
    for (const Item& i : items) ++counts[digit(i)];
    size_t bucket = 0;
    while (k >= counts[bucket]) k -= counts[bucket++];
    std::erase_if(items, [&](const Item& i) { return digit(i) != bucket; });
  }
  const auto at = items.begin() + k;
  std::nth_element(items.begin(), at, items.end());
  return *at;
}

struct Line {
  int64_t n, stride;
};

// pick(p, line, items) gives the place of the chosen element of each line along `dim`.
template <class T, class Pick>
void pick_lines(const Tensor& self, int64_t dim, bool keepdim, const Tensor& values,
                const Tensor& indices, const Pick& pick) {
  const int64_t at = wrap_dim(dim, self.dim());
  const Line line = self.dim() ? Line{self.size(at), self.stride(at)} : Line{1, 1};
  check_line_length(line.n, sizeof(T));
  const DimList lines = lines_of(self, at, values, keepdim ? at : -1);
  parallel_for(0, count_of(lines), std::max<int64_t>(1, kGrain / line.n),
               [&](int64_t begin, int64_t end) {
                 std::vector<SortItem<T>> items;
                 for (int64_t i = begin; i < end; ++i) {
                   const ReduceDim offset = line_offset(lines, i);
                   const T* const p = self.data<T>() + offset.in;
                   const int64_t place = pick(p, line, items);
                   values.data<T>()[offset.out] = p[place * line.stride];
                   indices.data<int64_t>()[offset.out] = place;
                 }
               });
}

template <class T>
int64_t place_of_rank(const T* p, const Line& line, int64_t k, std::vector<SortItem<T>>& items) {
  items.resize(static_cast<size_t>(line.n));
  load_items<T>(p, line.n, line.stride, 0, items.data());
  return select(items, k, 8 * sizeof(T)).place();
}

template <class T>
int64_t place_of_median(const T* p, const Line& line, bool skip_nan,
                        std::vector<SortItem<T>>& items) {
  int64_t n = line.n;
  for (int64_t k = 0; SortKey<T>::kFloat && k < line.n; ++k) {
    if (!SortKey<T>::is_nan(p[k * line.stride])) continue;
    if (!skip_nan) return k;
    --n;
  }
  return n ? place_of_rank(p, line, (n - 1) / 2, items) : 0;
}

template <class T>
int64_t place_of_mode(const T* p, const Line& line, std::vector<SortItem<T>>& items) {
  items.resize(static_cast<size_t>(2 * line.n));
  load_items<T>(p, line.n, line.stride, 0, items.data());
  sort_items(items.data(), line.n, items.data() + line.n, sizeof(T), false);
  int64_t best = 0, longest = 0;
  for (int64_t k = 0, first = 0; k < line.n; ++k) {
    const auto here = static_cast<size_t>(k);
    if (items[here].key() != items[static_cast<size_t>(first)].key()) first = k;
    if (k - first + 1 > longest) {
      longest = k - first + 1;
      best = items[here].place();
    }
  }
  return best;
}

void median_line(const Tensor& self, int64_t dim, bool keepdim, bool skip_nan, const Tensor& values,
                 const Tensor& indices) {
  dispatch(RealTypes{}, self.dtype(), "median_out", [&]<class T>() {
    pick_lines<T>(self, dim, keepdim, values, indices,
                  [&](const T* p, const Line& line, auto& items) {
                    return place_of_median(p, line, skip_nan, items);
                  });
  });
}

void median_of_all(const Tensor& self, bool skip_nan, const Tensor& out) {
  if (self.numel() == 0)
    return copy_into(out, scalar_tensor(Scalar(__builtin_nan("")), Dtype::Float64));
  const Tensor given = as_contiguous(self);
  const Tensor flat = alias(given, Dims{given.numel()}, Dims{1}, given.offset());
  median_line(flat, 0, false, skip_nan, out, empty({}, Dtype::Int64));
}

}  // namespace

void kthvalue(const Tensor& self, int64_t k, int64_t dim, bool keepdim, const Tensor& values,
              const Tensor& indices) {
  dispatch(RealTypes{}, self.dtype(), "kthvalue_cpu", [&]<class T>() {
    pick_lines<T>(self, dim, keepdim, values, indices,
                  [&](const T* p, const Line& line, auto& items) {
                    return place_of_rank(p, line, k - 1, items);
                  });
  });
}

void median_all(const Tensor& self, const Tensor& out) { median_of_all(self, false, out); }
void nanmedian_all(const Tensor& self, const Tensor& out) { median_of_all(self, true, out); }
void median_dim(const Tensor& self, int64_t dim, bool keepdim, const Tensor& values,
                const Tensor& indices) {
  median_line(self, dim, keepdim, false, values, indices);
}
void nanmedian_dim(const Tensor& self, int64_t dim, bool keepdim, const Tensor& values,
                   const Tensor& indices) {
  median_line(self, dim, keepdim, true, values, indices);
}

void mode(const Tensor& self, int64_t dim, bool keepdim, const Tensor& values,
          const Tensor& indices) {
  dispatch(RealAndBool{}, self.dtype(), "mode_cpu", [&]<class T>() {
    pick_lines<T>(
        self, dim, keepdim, values, indices,
        [&](const T* p, const Line& line, auto& items) { return place_of_mode(p, line, items); });
  });
}

}  // namespace rl::cpu
