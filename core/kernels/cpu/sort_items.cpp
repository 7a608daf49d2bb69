// Radix sort of items, least significant digit first; and lines along a dimension.
#include <algorithm>
#include <array>
#include <vector>

#include "core/base/error.h"
#include "core/base/threads.h"
#include "core/kernels/cpu/sort_keys.h"

namespace rl::cpu {
namespace {

constexpr int64_t kSmall = 64;         // below this, comparisons are faster
constexpr int64_t kWideDigits = 8192;  // from here on, fewer passes beat smaller tables
constexpr int64_t kParallel = 65536;   // from here on, a line is shared among threads

template <class Item, int kBits>
struct Radix {
  static constexpr int kBuckets = 1 << kBits;
  using Counts = std::array<uint32_t, kBuckets>;

  static uint32_t digit(const Item& item, int shift) {
    return static_cast<uint32_t>(item.key() >> shift) & (kBuckets - 1);
  }

  // Counts every digit in one reading, then moves items once a digit that tells any apart.
  static void sort(Item* items, int64_t n, Item* spare, int bits) {
    const int passes = (bits + kBits - 1) / kBits;
    std::vector<Counts> counts(static_cast<size_t>(passes), Counts{});
    for (int64_t k = 0; k < n; ++k)
      for (int d = 0; d < passes; ++d) ++counts[static_cast<size_t>(d)][digit(items[k], d * kBits)];
    Item *from = items, *to = spare;
    for (int d = 0; d < passes; ++d) {
      Counts& c = counts[static_cast<size_t>(d)];
      if (c[digit(from[0], d * kBits)] == n) continue;
      uint32_t sum = 0;
      for (uint32_t& x : c) sum += std::exchange(x, sum);
      for (int64_t k = 0; k < n; ++k) to[c[digit(from[k], d * kBits)]++] = from[k];
      std::swap(from, to);
    }
    if (from != items) std::copy(from, from + n, items);
  }

  // The same with a slice of the line for each thread; a stable sort has one result.
  static void sort_parallel(Item* items, int64_t n, Item* spare, int bits) {
    const int64_t slices = num_threads();
    const int64_t length = (n + slices - 1) / slices;
    std::vector<Counts> counts(static_cast<size_t>(slices));
    const auto each_slice = [&](const auto& f) {
      parallel_for(0, slices, 1, [&](int64_t begin, int64_t end) {
        for (int64_t s = begin; s < end; ++s)
          f(counts[static_cast<size_t>(s)], s * length, std::min(n, (s + 1) * length));
      });
    };
    Item *from = items, *to = spare;
    for (int shift = 0; shift < bits; shift += kBits) {
      each_slice([&](Counts& c, int64_t first, int64_t last) {
        c.fill(0);
        for (int64_t k = first; k < last; ++k) ++c[digit(from[k], shift)];
      });
      uint32_t sum = 0;
      bool one_digit = false;
      for (size_t b = 0; b < kBuckets; ++b) {
        const uint32_t before = sum;
        for (Counts& c : counts) sum += std::exchange(c[b], sum);
        one_digit = one_digit || sum - before == n;
      }
      if (one_digit) continue;
      each_slice([&](Counts& c, int64_t first, int64_t last) {
        for (int64_t k = first; k < last; ++k) to[c[digit(from[k], shift)]++] = from[k];
      });
      std::swap(from, to);
    }
    if (from != items) std::copy(from, from + n, items);
  }
};

template <class Item>
void sort_any(Item* items, int64_t n, Item* spare, int bytes, bool parallel) {
  if (n < kSmall || n > int64_t{UINT32_MAX}) return std::sort(items, items + n);
  if (parallel && n >= kParallel && num_threads() > 1 && !in_parallel_region())
    return Radix<Item, 11>::sort_parallel(items, n, spare, 8 * bytes);
  if (n < kWideDigits || bytes < 4) return Radix<Item, 8>::sort(items, n, spare, 8 * bytes);
  Radix<Item, 11>::sort(items, n, spare, 8 * bytes);
}

}  // namespace

void sort_items(PackedItem* items, int64_t n, PackedItem* spare, int bytes, bool parallel) {
  sort_any(items, n, spare, bytes, parallel);
}
void sort_items(WideItem* items, int64_t n, WideItem* spare, int bytes, bool parallel) {
  sort_any(items, n, spare, bytes, parallel);
}

void check_line_length(int64_t n, size_t item_size) {
  RL_CHECK(
      item_size == 8 || n <= int64_t{UINT32_MAX},
      "sorting more than 4294967295 elements of this dtype along one dimension is not supported");
}

DimList lines_of(const Tensor& self, int64_t dim, const Tensor& result, int64_t result_dim) {
  DimList lines{};
  for (int64_t d = 0, r = 0; d < self.dim(); ++d, ++r) {
    if (d == dim) {
      r -= result_dim < 0;
      continue;
    }
    if (self.size(d) != 1) lines.add({self.size(d), self.stride(d), result.stride(r)});
  }
  return lines;
}

int64_t count_of(const DimList& lines) {
  int64_t n = 1;
  for (int i = 0; i < lines.count; ++i) n *= lines.dims[static_cast<size_t>(i)].size;
  return n;
}

ReduceDim line_offset(const DimList& lines, int64_t k) {
  ReduceDim at{0, 0, 0};
  for (int i = 0; i < lines.count; ++i) {
    const ReduceDim& d = lines.dims[static_cast<size_t>(i)];
    at.in += k % d.size * d.in;
    at.out += k % d.size * d.out;
    k /= d.size;
  }
  return at;
}

}  // namespace rl::cpu
