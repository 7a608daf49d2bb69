// Places and weights of resampling. An output's centre o + 1/2 lies at scale * (o + 1/2) of the
// input, or with aligned corners o at (in - 1) / (out - 1) * o.
#include "core/kernels/cpu/resample_taps.h"

#include <algorithm>
#include <cmath>

namespace rl::cpu {
namespace {

template <class T>
T step_of(int64_t in, int64_t out, bool align_corners, double scale) {
  if (align_corners) return out > 1 ? static_cast<T>(in - 1) / static_cast<T>(out - 1) : T(0);
  return scale > 0 ? static_cast<T>(1.0 / scale) : static_cast<T>(in) / static_cast<T>(out);
}

template <class T>
T place_of(T step, int64_t o, bool align_corners) {
  const T at = static_cast<T>(o);
  return align_corners ? step * at : step * (at + T(0.5)) - T(0.5);
}

// Keys' cubic convolution kernel at distance |x|.
template <class T>
T cubic(T x, T a) {
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : T(0);
}

template <class T>
T sinc(T x) {
  constexpr T kPi = T(3.14159265358979323846);
  return x == 0 ? T(1) : std::sin(x * kPi) / (x * kPi);
}

template <class T>
T smooth(Resample mode, T x) {
  if (mode == Resample::CubicAa) return cubic(x, T(-0.5));
  x = std::abs(x);
  if (mode == Resample::LinearAa) return std::max(T(1) - x, T(0));
  return x < 3 ? sinc(x) * sinc(x / 3) : T(0);
}

template <class T>
void linear_taps(TapTable<T>& t, T step, bool align_corners) {
  for (int64_t o = 0; o < t.out; ++o) {
    const T place = std::max(place_of(step, o, align_corners), T(0));
    const int64_t low = std::min(static_cast<int64_t>(place), t.in - 1);
    const T part = std::clamp(place - static_cast<T>(low), T(0), T(1));
    t.index.insert(t.index.end(), {low, std::min(low + 1, t.in - 1)});
    t.weight.insert(t.weight.end(), {T(1) - part, part});
  }
}

template <class T>
void cubic_taps(TapTable<T>& t, T step, bool align_corners) {
  constexpr T kA = T(-0.75);
  for (int64_t o = 0; o < t.out; ++o) {
    const T place = place_of(step, o, align_corners);
    const int64_t low = std::min(static_cast<int64_t>(std::floor(place)), t.in - 1);
    const T part = std::clamp(place - static_cast<T>(low), T(0), T(1));
    for (int64_t k = -1; k < 3; ++k) t.index.push_back(std::clamp<int64_t>(low + k, 0, t.in - 1));
    t.weight.insert(t.weight.end(), {cubic(part + 1, kA), cubic(part, kA), cubic(1 - part, kA),
                                     cubic(2 - part, kA)});
  }
}

// The filter is stretched by the step when shrinking, as in the Pillow library's resampling.
template <class T>
void smooth_taps(TapTable<T>& t, Resample mode, T step) {
  const T radius = mode == Resample::LinearAa ? T(1) : mode == Resample::CubicAa ? T(2) : T(3);
  const T stretch = std::max(step, T(1)), support = radius * stretch,
          inverse = step >= 1 ? T(1) / step : T(1);
  t.count = 2 * static_cast<int64_t>(std::ceil(support)) + 1;
  for (int64_t o = 0; o < t.out; ++o) {
    const T centre = step * (static_cast<T>(o) + T(0.5));
    const int64_t first = std::max<int64_t>(static_cast<int64_t>(centre - support + T(0.5)), 0);
    const int64_t n = std::clamp<int64_t>(
        std::min(static_cast<int64_t>(centre + support + T(0.5)), t.in) - first, 0, t.count);
    T total = 0;
    const size_t begin = t.weight.size();
    for (int64_t k = 0; k < t.count; ++k) {
      const T w =
          k < n ? smooth(mode, (static_cast<T>(k + first) - centre + T(0.5)) * inverse) : T(0);
      t.weight.push_back(w);
      t.index.push_back(std::min(first + std::min(k, std::max<int64_t>(n - 1, 0)), t.in - 1));
      total += w;
    }
    if (total != 0)
      for (size_t k = begin; k < t.weight.size(); ++k) t.weight[k] /= total;
  }
}

}  // namespace

template <class T>
TapTable<T> make_taps(Resample mode, int64_t in, int64_t out, bool align_corners, double scale) {
  TapTable<T> t;
  t.in = in;
  t.out = out;
  const T step = step_of<T>(in, out, align_corners, scale);
  t.identity = in == out && (mode == Resample::Linear || step == 1 || (align_corners && in == 1));
  if (t.identity) return t;
  t.count = mode == Resample::Linear ? 2 : 4;
  if (mode == Resample::Linear)
    linear_taps(t, step, align_corners);
  else if (mode == Resample::Cubic)
    cubic_taps(t, step, align_corners);
  else
    smooth_taps(t, mode, step);
  return t;
}

template TapTable<float> make_taps(Resample, int64_t, int64_t, bool, double);
template TapTable<double> make_taps(Resample, int64_t, int64_t, bool, double);

std::vector<int64_t> nearest_indices(Resample mode, int64_t in, int64_t out, double scale,
                                     bool in_double) {
  std::vector<int64_t> at;
  // Whatever the given scale: these two are PyTorch's.
  if (mode == Resample::Nearest && (out == in || out == 2 * in)) {
    for (int64_t o = 0; o < out; ++o) at.push_back(out == in ? o : o / 2);
    return at;
  }
  const auto fill = [&]<class T>(T step) {
    for (int64_t o = 0; o < out; ++o) {
      const T place = mode == Resample::Nearest ? step * static_cast<T>(o)
                                                : step * (static_cast<T>(o) + T(0.5));
      at.push_back(std::min(static_cast<int64_t>(std::floor(static_cast<float>(place))), in - 1));
    }
  };
  if (in_double)
    fill(step_of<double>(in, out, false, scale));
  else
    fill(step_of<float>(in, out, false, scale));
  return at;
}

}  // namespace rl::cpu
