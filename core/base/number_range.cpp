// Whether a number lies in the range of a dtype.
#include <cmath>
#include <limits>

#include "core/base/scalar.h"

namespace rl {
namespace {

// The C++ type names PyTorch's messages show.
const char* cpp_name(Dtype d) {
  constexpr const char* kNames[kDtypeCount] = {"bool",
                                               "uint8_t",
                                               "int8_t",
                                               "int16_t",
                                               "int",
                                               "int64_t",
                                               "c10::Half",
                                               "c10::BFloat16",
                                               "float",
                                               "double",
                                               "c10::complex<float>",
                                               "c10::complex<double>"};
  return kNames[static_cast<int>(d)];
}

template <class T>
bool real_fits(double v) {
  if constexpr (std::is_integral_v<T>) {
    // As doubles: the largest int64 rounds up, so the bound is excluded there.
    const auto high = static_cast<double>(std::numeric_limits<T>::max());
    return v >= static_cast<double>(std::numeric_limits<T>::lowest()) &&
           (sizeof(T) == 8 ? v < high : v <= high);
  } else {
    constexpr double kHalf = 65504, kBFloat16 = 3.3895313892515355e38;
    const double high = std::is_same_v<T, Half> ? kHalf
                        : std::is_same_v<T, BFloat16>
                            ? kBFloat16
                            : static_cast<double>(std::numeric_limits<Compute<T>>::max());
    return !std::isfinite(v) || std::fabs(v) <= high;
  }
}

template <class T>
bool int_fits(int64_t v) {
  if constexpr (std::is_unsigned_v<T>) {
    // Negative numbers wrap.
    const int64_t high = std::numeric_limits<T>::max();
    return v >= -high && v <= high;
  } else if constexpr (std::is_integral_v<T>) {
    return v >= std::numeric_limits<T>::lowest() && v <= std::numeric_limits<T>::max();
  } else {
    return real_fits<T>(static_cast<double>(v));
  }
}

template <class T>
bool fits(const Scalar& s) {
  if constexpr (std::is_same_v<T, bool>) {
    return !s.is_complex() || s.to_complex().imag() == 0;
  } else if constexpr (is_complex_type<T>) {
    return real_fits<Real<T>>(s.to_complex().real()) && real_fits<Real<T>>(s.to_complex().imag());
  } else {
    if (s.is_complex() && s.to_complex().imag() != 0) return false;
    return s.is_integral() ? int_fits<T>(s.to_int()) : real_fits<T>(s.to_double());
  }
}

}  // namespace

void check_number_fits(const Scalar& value, Dtype dtype) {
  bool good = true;
  dispatch(AllTypes{}, dtype, "fill_", [&]<class T>() { good = fits<T>(value); });
  RL_CHECK(good, "value cannot be converted to type ", cpp_name(dtype), " without overflow");
}

}  // namespace rl
