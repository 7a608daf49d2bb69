// Binary search, and counting by value or bin.
#include <algorithm>
#include <vector>

#include "core/base/threads.h"
#include "core/kernels/cpu/search.h"

namespace rl::cpu {
namespace {

constexpr int64_t kGrain = 2048;

// The first place in a row of n that does not sort before x. NaN sorts last; among equals the
// search stops before them, or behind them where `right`.
template <bool kRight, class A, class At>
int64_t first_not_before(int64_t n, A x, const At& at) {
  int64_t base = 0;
  while (n > 0) {
    const int64_t half = n / 2;
    const A middle = at(base + half);
    const bool before = kRight ? !(middle > x) : !(middle >= x);
    base = before ? base + half + 1 : base;
    n = before ? n - half - 1 : half;
  }
  return base;
}

template <class T, bool kRight, class Out>
void search(const Tensor& sorted, const Tensor& values, const Tensor& sorter, Out* out) {
  const int64_t n = sorted.dim() ? sorted.sizes().back() : 1;
  const int64_t rows = n ? sorted.numel() / n : 1;
  const int64_t each = rows == 1 || values.dim() == 0 ? values.numel() : values.sizes().back();
  const T* const s = sorted.data<T>();
  const T* const v = values.data<T>();
  const int64_t* const order = sorter ? sorter.data<int64_t>() : nullptr;
  parallel_for(0, values.numel(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = rows == 1 ? 0 : i / each * n;
      const auto x = static_cast<Compute<T>>(v[i]);
      const int64_t found =
          order ? first_not_before<kRight>(
                      n, x,
                      [&](int64_t k) { return static_cast<Compute<T>>(s[row + order[row + k]]); })
                : first_not_before<kRight>(
                      n, x, [&](int64_t k) { return static_cast<Compute<T>>(s[row + k]); });
      out[i] = static_cast<Out>(found);
    }
  });
}

}  // namespace

void search_rows(const Tensor& sorted, const Tensor& values, const Tensor& sorter, bool right,
                 const Tensor& out) {
  dispatch(RealTypes{}, sorted.dtype(), "searchsorted_out_cpu", [&]<class T>() {
    const auto run = [&](auto* to) {
      if (right)
        search<T, true>(sorted, values, sorter, to);
      else
        search<T, false>(sorted, values, sorter, to);
    };
    if (out.dtype() == Dtype::Int32)
      run(out.data<int32_t>());
    else
      run(out.data<int64_t>());
  });
}

void count_numbers(const Tensor& numbers, const Tensor& weights, const Tensor& out) {
  dispatch(Integers{}, numbers.dtype(), "bincount_cpu", [&]<class T>() {
    const T* const p = numbers.data<T>();
    const auto count = [&](auto* to, const auto& weight) {
      std::fill_n(to, out.numel(), 0);
      for (int64_t k = 0; k < numbers.numel(); ++k) to[static_cast<int64_t>(p[k])] += weight(k);
    };
    if (!weights) {
      count(out.data<int64_t>(), [](int64_t) { return 1; });
    } else if (out.dtype() == Dtype::Float32) {
      const float* const w = weights.data<float>();
      count(out.data<float>(), [&](int64_t k) { return w[k]; });
    } else {
      const double* const w = weights.data<double>();
      count(out.data<double>(), [&](int64_t k) { return w[k]; });
    }
  });
}

void count_in_bins(const Tensor& values, double low, double high, const Tensor& out) {
  dispatch(Floats{}, values.dtype(), "histogram_cpu", [&]<class T>() {
    using A = Compute<T>;
    const int64_t bins = out.numel();
    const A first = static_cast<A>(low), last = static_cast<A>(high);
    const T* const p = values.data<T>();
    std::vector<int64_t> counts(static_cast<size_t>(bins));
    for (int64_t k = 0; k < values.numel(); ++k) {
      const auto x = static_cast<A>(p[k]);
      if (!(x >= first && x <= last)) continue;
      const auto bin = static_cast<int64_t>((x - first) * static_cast<A>(bins) / (last - first));
      ++counts[static_cast<size_t>(std::min(bin, bins - 1))];
    }
    for (int64_t b = 0; b < bins; ++b) {
      const auto n = static_cast<double>(counts[static_cast<size_t>(b)]);
      out.data<T>()[b] = is_reduced_type<T> ? T(static_cast<float>(n)) : static_cast<T>(n);
    }
  });
}

}  // namespace rl::cpu
