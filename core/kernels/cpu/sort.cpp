// sort() and topk() along a dimension.
#include <algorithm>
#include <vector>

#include "core/base/threads.h"
#include "core/kernels/cpu/sort_keys.h"
#include "core/ops/ops.h"

namespace rl::cpu {
namespace {

constexpr int64_t kGrain = 4096;      // elements that pay for a thread
constexpr int64_t kLongLine = 65536;  // such lines are sorted one after the other, each in parallel
constexpr int64_t kTopChunk = 65536;  // elements of a long line searched in one go

// A line along the dimension: n elements of the input, m of the results.
struct Along {
  int64_t n = 1, in = 1, m = 1, out = 1;
  Along(const Tensor& self, int64_t dim, const Tensor& result) {
    if (self.dim() == 0) return;
    n = self.size(dim);
    in = self.stride(dim);
    m = result.size(dim);
    out = result.stride(dim);
  }
};

template <class T>
void sort_line(const T* p, const Along& a, bool descending, bool parallel, SortItem<T>* items,
               SortItem<T>* spare, T* values, int64_t* places) {
  using Key = typename SortKey<T>::Key;
  const Key flip = descending ? static_cast<Key>(~Key{0}) : Key{0};
  const auto pieces = [&](const auto& f) {
    if (parallel)
      parallel_for(0, a.n, kGrain, f);
    else
      f(int64_t{0}, a.n);
  };
  pieces([&](int64_t first, int64_t last) {
    for (int64_t k = first; k < last; ++k)
      items[k] = SortItem<T>(static_cast<Key>(SortKey<T>::of(p[k * a.in]) ^ flip), k);
  });
  sort_items(items, a.n, spare, sizeof(T), parallel);
  pieces([&](int64_t first, int64_t last) {
    const Key zero = static_cast<Key>(SortKey<T>::of(T(0)) ^ flip);
    for (int64_t k = first; k < last; ++k) {
      const auto key = static_cast<Key>(items[k].key());
      // Zeros are read again for their sign.
      values[k * a.out] = SortKey<T>::kFloat && key == zero
                              ? p[items[k].place() * a.in]
                              : SortKey<T>::back(static_cast<Key>(key ^ flip));
      places[k * a.out] = items[k].place();
    }
  });
}

template <class T>
void sort_lines(const Tensor& self, int64_t dim, bool descending, const Tensor& values,
                const Tensor& indices) {
  const Along a(self, dim, values);
  const DimList lines = lines_of(self, dim, values, dim);
  check_line_length(a.n, sizeof(T));
  const auto run = [&](int64_t begin, int64_t end, bool parallel) {
    std::vector<SortItem<T>> items(static_cast<size_t>(2 * a.n));
    for (int64_t i = begin; i < end; ++i) {
      const ReduceDim at = line_offset(lines, i);
      sort_line(self.data<T>() + at.in, a, descending, parallel, items.data(), items.data() + a.n,
                values.data<T>() + at.out, indices.data<int64_t>() + at.out);
    }
  };
  const int64_t count = count_of(lines);
  if (a.n >= kLongLine && count < 16) return run(0, count, true);
  parallel_for(0, count, std::max<int64_t>(1, kGrain / a.n),
               [&](int64_t begin, int64_t end) { run(begin, end, false); });
}

// The k least items of a run, kept in a buffer of twice the size that is cut when full: after a
// while most elements fail the first comparison.
template <class T>
class Least {
 public:
  using Item = SortItem<T>;
  using Key = typename SortKey<T>::Key;

  explicit Least(int64_t k) : k_(k), capacity_(2 * k + 64) {
    items_.reserve(static_cast<size_t>(capacity_));
  }

  void add(const T* p, int64_t first, int64_t last, int64_t stride, Key flip) {
    constexpr int64_t kBlock = 64;
    for (int64_t at = first; at < last; at += kBlock) {
      const int64_t n = std::min(kBlock, last - at);
      Key keys[kBlock];
      Key least = static_cast<Key>(~Key{0});
      for (int64_t j = 0; j < n; ++j) {
        keys[j] = static_cast<Key>(SortKey<T>::of(p[(at + j) * stride]) ^ flip);
        least = std::min(least, keys[j]);
      }
      if (full_ && least >= limit_) continue;
      for (int64_t j = 0; j < n; ++j)
        if (!full_ || keys[j] < limit_) push(Item(keys[j], at + j));
    }
  }
  void add(const Least& other) {
    for (const Item& item : other.items_) push(item);
  }
  // The items themselves, in order if wanted.
  const std::vector<Item>& take(bool sorted) {
    cut();
    if (sorted) std::sort(items_.begin(), items_.end());
    return items_;
  }

 private:
  void push(const Item& item) {
    items_.push_back(item);
    if (static_cast<int64_t>(items_.size()) == capacity_) cut();
  }
  void cut() {
    if (static_cast<int64_t>(items_.size()) <= k_) return;
    std::nth_element(items_.begin(), items_.begin() + (k_ - 1), items_.end());
    items_.resize(static_cast<size_t>(k_));
    limit_ = static_cast<Key>(items_.back().key());
    full_ = true;
  }

  int64_t k_, capacity_;
  std::vector<Item> items_;
  Key limit_ = 0;
  bool full_ = false;
};

template <class T>
void store(const std::vector<SortItem<T>>& items, const T* p, const Along& a, T* values,
           int64_t* places) {
  for (size_t k = 0; k < items.size(); ++k) {
    const auto at = static_cast<int64_t>(k) * a.out;
    values[at] = p[items[k].place() * a.in];
    places[at] = items[k].place();
  }
}

template <class T>
void topk_lines(const Tensor& self, int64_t dim, bool largest, bool sorted, const Tensor& values,
                const Tensor& indices) {
  using Key = typename SortKey<T>::Key;
  const Along a(self, dim, values);
  const DimList lines = lines_of(self, dim, values, dim);
  check_line_length(a.n, sizeof(T));
  const Key flip = largest ? static_cast<Key>(~Key{0}) : Key{0};
  const int64_t count = count_of(lines);
  const auto target = [&](const ReduceDim& at) {
    return std::pair(values.data<T>() + at.out, indices.data<int64_t>() + at.out);
  };
  if (count == 1 && a.n >= 4 * kTopChunk) {
    const int64_t chunks = (a.n + kTopChunk - 1) / kTopChunk;
    std::vector<Least<T>> found(static_cast<size_t>(chunks), Least<T>(a.m));
    parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c)
        found[static_cast<size_t>(c)].add(self.data<T>(), c * kTopChunk,
                                          std::min(a.n, (c + 1) * kTopChunk), a.in, flip);
    });
    for (int64_t c = 1; c < chunks; ++c) found[0].add(found[static_cast<size_t>(c)]);
    const auto [v, p] = target({0, 0, 0});
    return store(found[0].take(sorted), self.data<T>(), a, v, p);
  }
  parallel_for(0, count, std::max<int64_t>(1, kGrain / a.n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const ReduceDim at = line_offset(lines, i);
      const T* const p = self.data<T>() + at.in;
      Least<T> least(a.m);
      least.add(p, 0, a.n, a.in, flip);
      const auto [v, places] = target(at);
      store(least.take(sorted), p, a, v, places);
    }
  });
}

}  // namespace

void sort(const Tensor& self, int64_t dim, bool descending, const Tensor& values,
          const Tensor& indices) {
  if (self.numel() == 0) return;
  dispatch(RealAndBool{}, self.dtype(), "sort", [&]<class T>() {
    sort_lines<T>(self, wrap_dim(dim, self.dim()), descending, values, indices);
  });
}

void sort_stable(const Tensor& self, std::optional<bool>, int64_t dim, bool descending,
                 const Tensor& values, const Tensor& indices) {
  sort(self, dim, descending, values, indices);
}

void topk(const Tensor& self, int64_t, int64_t dim, bool largest, bool sorted, const Tensor& values,
          const Tensor& indices) {
  if (values.numel() == 0) return;
  dispatch(RealTypes{}, self.dtype(), "topk", [&]<class T>() {
    topk_lines<T>(self, wrap_dim(dim, self.dim()), largest, sorted, values, indices);
  });
}

}  // namespace rl::cpu
