// The matrix product of one element type: choice of path, cache blocking, packing and threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "core/base/allocator.h"
#include "core/base/threads.h"

namespace rl::cpu {

// C = alpha A B + beta C with A(i, p) = a[i * rsa + p * csa], B(p, j) = b[p * rsb + j * csb].
template <class T>
struct Product {
  int64_t m, n, k;
  T alpha;
  const T* a;
  int64_t rsa, csa;
  const T* b;
  int64_t rsb, csb;
  T beta;
  T* c;
  int64_t ldc;
};

// For float, double, int32_t and int64_t. Uses threads unless already in a parallel region.
template <class T>
void product(const Product<T>& g);

// Memory for `count` elements while it lives; the allocator keeps blocks for the next one.
template <class T>
class Scratch {
 public:
  explicit Scratch(int64_t count)
      : bytes_(static_cast<size_t>(count) * sizeof(T)),
        data_(count ? static_cast<T*>(allocate(bytes_)) : nullptr) {}
  ~Scratch() {
    if (data_) deallocate(data_, bytes_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* get() const { return data_; }

 private:
  size_t bytes_;
  T* data_;
};

// Calls f(task) for each task in [0, count); threads take the next one when they are free, so which
// thread runs a task varies: tasks must not depend on each other.
template <class F>
void parallel_tasks(int64_t count, bool threaded, const F& f) {
  const int64_t threads = threaded ? std::min<int64_t>(num_threads(), count) : 1;
  if (threads <= 1) {
    for (int64_t i = 0; i < count; ++i) f(i);
    return;
  }
  std::atomic<int64_t> next{0};
  parallel_for(0, threads, 1, [&](int64_t, int64_t) {
    for (int64_t i = next++; i < count; i = next++) f(i);
  });
}

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

}  // namespace rl::cpu
