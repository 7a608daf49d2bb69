// The dimensions of a walk over memory: in order of stride, joined where they follow one another.
#pragma once

#include <array>

#include "core/base/dims.h"

namespace rl::cpu {

struct ReduceDim {
  int64_t size, in, out;
};

// Dimensions by rising input stride, joined where memory allows.
struct DimList {
  std::array<ReduceDim, 64> dims;
  int count = 0;

  void add(ReduceDim d) {
    int i = count++;
    for (; i > 0 && dims[static_cast<size_t>(i - 1)].in > d.in; --i)
      dims[static_cast<size_t>(i)] = dims[static_cast<size_t>(i - 1)];
    dims[static_cast<size_t>(i)] = d;
  }
  void join() {
    int last = 0;
    for (int i = 1; i < count; ++i) {
      ReduceDim& a = dims[static_cast<size_t>(last)];
      const ReduceDim& b = dims[static_cast<size_t>(i)];
      if (b.in == a.in * a.size && b.out == a.out * a.size)
        a.size *= b.size;
      else
        dims[static_cast<size_t>(++last)] = b;
    }
    if (count) count = last + 1;
  }
  const ReduceDim& first() const { return dims[0]; }
  // Product of the sizes from dimension 1 on.
  int64_t outer_count() const {
    int64_t n = 1;
    for (int i = 1; i < count; ++i) n *= dims[static_cast<size_t>(i)].size;
    return n;
  }
  // Offsets of the k-th combination of indices of those.
  ReduceDim outer_offset(int64_t k) const {
    ReduceDim at{0, 0, 0};
    for (int i = 1; i < count; ++i) {
      const ReduceDim& d = dims[static_cast<size_t>(i)];
      at.in += k % d.size * d.in;
      at.out += k % d.size * d.out;
      k /= d.size;
    }
    return at;
  }
};

}  // namespace rl::cpu
