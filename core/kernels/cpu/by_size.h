// Loops that only move elements are compiled once a size, not once a dtype.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rl::cpu {

struct Bytes16 {
  uint64_t a, b;
};

// f.operator()<T>() with a type of this many bytes: 1, 2, 4, 8 or 16.
template <class F>
auto with_size(size_t bytes, const F& f) {
  switch (bytes) {
    case 1:
      return f.template operator()<uint8_t>();
    case 2:
      return f.template operator()<uint16_t>();
    case 4:
      return f.template operator()<uint32_t>();
    case 8:
      return f.template operator()<uint64_t>();
    default:
      return f.template operator()<Bytes16>();
  }
}

}  // namespace rl::cpu
