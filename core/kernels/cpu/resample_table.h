// The loops of resampling, compiled once an instruction set.
#pragma once

#include <cstdint>

namespace rl::cpu {

// Output o of a dimension is the sum over k < count of weight[o * count + k] * in[index[o * count +
// k]].
template <class T>
struct Taps {
  int64_t in, out, count;
  const int64_t* index;
  const T* weight;
};

// A dimension with `inner` elements between neighbours; both buffers are contiguous.
template <class T>
struct ResampleLoops {
  void (*apply)(const Taps<T>& taps, int64_t outer, int64_t inner, const T* in, T* out);
  void (*transposed)(const Taps<T>& taps, int64_t outer, int64_t inner, const T* grad, T* out);
};

struct ResampleTable {
  ResampleLoops<float> f32;
  ResampleLoops<double> f64;
};

// The one of the best instruction set.
const ResampleTable& resample_table();

}  // namespace rl::cpu
