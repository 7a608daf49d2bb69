// Resampling of planes, one dimension after the other.
#pragma once

#include <cstdint>

namespace rl::cpu {

enum class Resample : int64_t {
  Nearest,
  NearestExact,
  Linear,
  Cubic,
  LinearAa,
  CubicAa,
  LanczosAa
};

inline bool is_nearest(int64_t mode) {
  return mode <= static_cast<int64_t>(Resample::NearestExact);
}
inline bool is_antialiased(int64_t mode) {
  return mode >= static_cast<int64_t>(Resample::LinearAa);
}

}  // namespace rl::cpu
