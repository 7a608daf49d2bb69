// Measures the error of a scalar function in units in the last place, through a simd loop.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <vector>

namespace rl::check {

// Distance of adjacent T values around `reference`.
template <class T>
long double ulp(long double reference) {
  constexpr int kDigits = std::numeric_limits<T>::digits;
  constexpr int kLowest = std::numeric_limits<T>::min_exponent;
  int exponent = 0;
  std::frexp(reference, &exponent);
  return std::ldexp(1.0L, (exponent < kLowest ? kLowest : exponent) - kDigits);
}

// Error in ulps; `floor` is the magnitude below which the error counts as absolute.
template <class T>
double error_in_ulps(T got, long double reference, long double floor) {
  if (std::isnan(reference)) return std::isnan(got) ? 0 : INFINITY;
  constexpr T kMax = std::numeric_limits<T>::max();
  T rounded = static_cast<T>(reference);
  if (std::isinf(rounded) || std::isinf(got)) {
    bool boundary = std::abs(reference) > kMax * (1 - 4e-7L) && !std::isinf(reference);
    bool equal = rounded == got ||
                 (boundary && std::abs(got) >= kMax && !std::signbit(got) == (reference > 0));
    return equal ? 0 : INFINITY;
  }
  if (reference == 0 && floor == 0)
    return got == 0 && std::signbit(got) == std::signbit(rounded) ? 0 : INFINITY;
  long double size = std::max(std::abs(reference), floor);
  return static_cast<double>(std::abs(static_cast<long double>(got) - reference) / ulp<T>(size));
}

template <class T>
struct Sampler {
  T low, high;  // uniform values on top of the bit patterns inside [low, high]
};

inline std::vector<float> samples(Sampler<float> range, uint32_t step) {
  std::vector<float> values;
  for (uint64_t pattern = 0; pattern < (1ull << 32); pattern += step) {
    values.push_back(std::bit_cast<float>(static_cast<uint32_t>(pattern)));
  }
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(range.low, range.high);
  for (size_t i = 0, count = values.size() / 2; i < count; ++i) values.push_back(uniform(random));
  return values;
}

inline std::vector<double> samples(Sampler<double> range, uint32_t step) {
  std::vector<double> values;
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform(range.low, range.high);
  for (uint64_t i = 0, count = (1ull << 31) / step; i < count; ++i) {
    values.push_back(std::bit_cast<double>(random()));
    values.push_back(uniform(random));
    values.push_back(uniform(random) * std::exp2(-static_cast<double>(random() % 60)));
  }
  return values;
}

template <class T>
void add_edges(std::vector<T>& values) {
  using Limits = std::numeric_limits<T>;
  const T edges[] = {0,
                     1,
                     2,
                     T(0.5),
                     T(0.125),
                     Limits::infinity(),
                     Limits::max(),
                     Limits::min(),
                     Limits::denorm_min(),
                     Limits::epsilon(),
                     T(88.72283),
                     T(88.72284),
                     T(-103.97),
                     T(709.782712893384),
                     T(709.7827128933841),
                     T(-745.13),
                     T(-745.14),
                     T(89.4)};
  for (T edge : edges) {
    for (T value :
         {edge, -edge, std::nextafter(edge, T(0)), std::nextafter(edge, Limits::infinity())})
      values.push_back(value);
  }
  values.push_back(Limits::quiet_NaN());
}

struct Report {
  int failures = 0;
  void line(const char* name, const char* type, double worst, double bound, double x, double y) {
    bool bad = !(worst <= bound);
    failures += bad;
    std::printf("%-18s %-6s max %8.3f ulp (bound %g) at %.17g %.17g%s\n", name, type, worst, bound,
                x, y, bad ? "  FAILED" : "");
  }
};

}  // namespace rl::check
