// Distances from differences, row by row.
#include "core/kernels/cpu/distance.h"

#include <algorithm>
#include <cmath>

#include "core/base/threads.h"

namespace rl::cpu {
namespace {

constexpr int kLanes = 16;

// Merges term(a[i] - b[i]) in fixed lanes.
template <class T, class Term, class Merge>
T fold(const T* a, const T* b, int64_t n, const Term& term, const Merge& merge) {
  T lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int64_t k = 0; k < kLanes; ++k)
      lanes[k] = merge(lanes[k], term(std::abs(a[i + k] - b[i + k])));
  for (int64_t k = 0; i < n; ++i, ++k) lanes[k] = merge(lanes[k], term(std::abs(a[i] - b[i])));
  for (int w = kLanes / 2; w > 0; w /= 2)
    for (int k = 0; k < w; ++k) lanes[k] = merge(lanes[k], lanes[k + w]);
  return lanes[0];
}

template <class T>
T distance(const T* a, const T* b, int64_t n, T p) {
  const auto plus = [](T x, T y) { return x + y; };
  const auto most = [](T x, T y) { return x > y || x != x ? x : y; };
  if (p == 0)
    return fold(
        a, b, n, [](T d) { return d != 0 ? T(1) : T(0); }, plus);
  if (p == 1)
    return fold(
        a, b, n, [](T d) { return d; }, plus);
  if (p == 2)
    return std::sqrt(fold(
        a, b, n, [](T d) { return d * d; }, plus));
  if (std::isinf(p))
    return fold(
        a, b, n, [](T d) { return d; }, most);
  return std::pow(fold(
                      a, b, n, [p](T d) { return std::pow(d, p); }, plus),
                  1 / p);
}

// The derivative of the norm by one difference.
template <class T>
T slope(T d, T norm, T p) {
  const T sign = static_cast<T>((d > 0) - (d < 0));
  if (p == 0 || norm == 0) return 0;
  if (p == 1) return sign;
  if (p == 2) return d / norm;
  if (std::isinf(p)) return std::abs(d) == norm ? sign : T(0);
  return d == 0 ? T(0) : sign * std::pow(std::abs(d), p - 1) / std::pow(norm, p - 1);
}

int64_t grain(const Tensor& x2) { return 1 + 16384 / (1 + x2.size(1) * x2.size(2)); }

}  // namespace

void cdist(const Tensor& x1, const Tensor& x2, double p, const Tensor& out) {
  dispatch(WideFloats{}, x1.dtype(), "cdist", [&]<class T>() {
    const int64_t rows = x1.size(1), others = x2.size(1), width = x1.size(2);
    parallel_for(0, x1.size(0) * rows, grain(x2), [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const T* const a = x1.data<T>() + i * width;
        const T* const b = x2.data<T>() + i / rows * others * width;
        for (int64_t j = 0; j < others; ++j)
          out.data<T>()[i * others + j] = distance(a, b + j * width, width, static_cast<T>(p));
      }
    });
  });
}

void cdist_backward(const Tensor& grad, const Tensor& x1, const Tensor& x2, double p,
                    const Tensor& distances, const Tensor& out) {
  dispatch(WideFloats{}, x1.dtype(), "cdist_backward", [&]<class T>() {
    const int64_t rows = x1.size(1), others = x2.size(1), width = x1.size(2);
    parallel_for(0, x1.size(0) * rows, grain(x2), [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const T* const a = x1.data<T>() + i * width;
        T* const to = out.data<T>() + i * width;
        std::fill_n(to, width, T(0));
        for (int64_t j = 0; j < others; ++j) {
          const T* const b = x2.data<T>() + (i / rows * others + j) * width;
          const T g = grad.data<T>()[i * others + j], norm = distances.data<T>()[i * others + j];
          for (int64_t k = 0; k < width; ++k)
            to[k] += g * slope(a[k] - b[k], norm, static_cast<T>(p));
        }
      }
    });
  });
}

}  // namespace rl::cpu
