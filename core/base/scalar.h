// A Python-like number: bool, int, float or complex, or none.
#pragma once

#include <complex>
#include <cstdint>

#include "core/base/dtype.h"
#include "core/base/error.h"

namespace rl {

class Scalar {
 public:
  enum class Kind : uint8_t { None, Bool, Int, Float, Complex };

  Scalar() = default;
  Scalar(bool v) : kind_(Kind::Bool), i_(v) {}
  Scalar(int v) : kind_(Kind::Int), i_(v) {}
  Scalar(int64_t v) : kind_(Kind::Int), i_(v) {}
  Scalar(double v) : kind_(Kind::Float), d_(v) {}
  Scalar(std::complex<double> v) : kind_(Kind::Complex), d_(v.real()), imag_(v.imag()) {}

  Kind kind() const { return kind_; }
  bool is_none() const { return kind_ == Kind::None; }
  bool is_integral() const { return kind_ == Kind::Int || kind_ == Kind::Bool; }
  bool is_complex() const { return kind_ == Kind::Complex; }

  int64_t to_int() const { return is_integral() ? i_ : static_cast<int64_t>(d_); }
  double to_double() const { return is_integral() ? static_cast<double>(i_) : d_; }
  bool to_bool() const { return is_integral() ? i_ != 0 : (d_ != 0 || imag_ != 0); }
  std::complex<double> to_complex() const { return {to_double(), imag_}; }
  bool equals(double v) const { return imag_ == 0 && to_double() == v; }

  // As an element of type T, by C++ conversion; the caller has checked the category.
  template <class T>
  T to() const {
    if constexpr (is_complex_type<T>)
      return static_cast<T>(to_complex());
    else if constexpr (std::is_same_v<T, bool>)
      return to_bool();
    else if constexpr (is_reduced_type<T>)
      return T(static_cast<float>(to_double()));
    else if constexpr (std::is_floating_point_v<T>)
      return static_cast<T>(to_double());
    else
      return static_cast<T>(to_int());
  }

  // The dtype of a 0-d tensor made from this number.
  Dtype dtype() const {
    switch (kind_) {
      case Kind::Bool:
        return Dtype::Bool;
      case Kind::Int:
        return Dtype::Int64;
      case Kind::Complex:
        return rl::to_complex(default_dtype());
      default:
        return default_dtype();
    }
  }

  Scalar operator-() const {
    if (is_complex()) return Scalar(-to_complex());
    return is_integral() ? Scalar(-i_) : Scalar(-d_);
  }
  Scalar conj() const { return is_complex() ? Scalar(std::conj(to_complex())) : *this; }

 private:
  Kind kind_ = Kind::None;
  union {
    int64_t i_ = 0;
    double d_;
  };
  double imag_ = 0;
};

// Fails where the number is out of the dtype's range; NaN and infinities are floats of any size.
void check_number_fits(const Scalar& value, Dtype dtype);

}  // namespace rl
