// Which elements an output of a resampled dimension is made of, and with what weights.
#pragma once

#include <vector>

#include "core/kernels/cpu/index_map.h"
#include "core/kernels/cpu/resample.h"
#include "core/kernels/cpu/resample_table.h"

namespace rl::cpu {

template <class T>
struct TapTable {
  int64_t in = 1, out = 1, count = 1;
  bool identity = true;  // output and input are the same
  std::vector<int64_t> index;
  std::vector<T> weight;

  Taps<T> taps() const { return {in, out, count, index.data(), weight.data()}; }
};

// `scale` is the factor the caller gave, or 0 where the sizes decide. T is what weights are
// computed in.
template <class T>
TapTable<T> make_taps(Resample mode, int64_t in, int64_t out, bool align_corners, double scale);
extern template TapTable<float> make_taps(Resample, int64_t, int64_t, bool, double);
extern template TapTable<double> make_taps(Resample, int64_t, int64_t, bool, double);

// The same of the modes that take one element as it is.
std::vector<int64_t> nearest_indices(Resample mode, int64_t in, int64_t out, double scale,
                                     bool in_double);

}  // namespace rl::cpu
