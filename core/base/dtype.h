// The element types of tensors: their order, names, sizes and promotion.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/base/half.h"

namespace rl {

enum class Dtype : uint8_t {
  Bool,
  UInt8,
  Int8,
  Int16,
  Int32,
  Int64,
  Float16,
  BFloat16,
  Float32,
  Float64,
  Complex64,
  Complex128,
};
inline constexpr int kDtypeCount = 12;

using Complex64 = std::complex<float>;
using Complex128 = std::complex<double>;

// One row a dtype: the C++ type is given by the row's place in `CppTypes`.
struct DtypeInfo {
  const char* name;    // "float32"
  const char* alias;   // "float", or null
  const char* legacy;  // "Float", as in FloatTensor and in error messages
  uint8_t size;        // bytes
};
extern const DtypeInfo kDtypeInfo[kDtypeCount];

inline const DtypeInfo& info(Dtype d) { return kDtypeInfo[static_cast<int>(d)]; }
inline size_t size_of(Dtype d) { return info(d).size; }
inline const char* name_of(Dtype d) { return info(d).name; }
inline const char* legacy_name(Dtype d) { return info(d).legacy; }

constexpr bool is_floating(Dtype d) { return d >= Dtype::Float16 && d <= Dtype::Float64; }
constexpr bool is_complex(Dtype d) { return d >= Dtype::Complex64; }
constexpr bool is_integral(Dtype d, bool with_bool) {
  return d <= Dtype::Int64 && (with_bool || d != Dtype::Bool);
}
constexpr bool is_differentiable(Dtype d) { return d >= Dtype::Float16; }
constexpr bool is_reduced(Dtype d) { return d == Dtype::Float16 || d == Dtype::BFloat16; }

// complex64 -> float32; others unchanged.
Dtype to_real(Dtype d);
// float32 -> complex64, float64 -> complex128, half -> complex64.
Dtype to_complex(Dtype d);
// The dtype of an operation between two tensors of equal rank category.
Dtype promote(Dtype a, Dtype b);
// Whether a result of dtype `from` may be written into a tensor of dtype `to`.
bool can_cast(Dtype from, Dtype to);

// C++'s name of a dtype, as PyTorch's messages show it: "long int".
const char* type_name(Dtype d);

Dtype default_dtype();
void set_default_dtype(Dtype d);

template <class T>
struct DtypeOf;
#define RL_DTYPE_OF(Type, D)                 \
  template <>                                \
  struct DtypeOf<Type> {                     \
    static constexpr Dtype value = Dtype::D; \
  };
RL_DTYPE_OF(bool, Bool)
RL_DTYPE_OF(uint8_t, UInt8)
RL_DTYPE_OF(int8_t, Int8)
RL_DTYPE_OF(int16_t, Int16)
RL_DTYPE_OF(int32_t, Int32)
RL_DTYPE_OF(int64_t, Int64)
RL_DTYPE_OF(Half, Float16)
RL_DTYPE_OF(BFloat16, BFloat16)
RL_DTYPE_OF(float, Float32)
RL_DTYPE_OF(double, Float64)
RL_DTYPE_OF(Complex64, Complex64)
RL_DTYPE_OF(Complex128, Complex128)
#undef RL_DTYPE_OF
template <class T>
inline constexpr Dtype dtype_of = DtypeOf<T>::value;

// The type arithmetic is done in: float for the 16-bit types, else the type itself.
template <class T>
struct ComputeOf {
  using type = T;
};
template <>
struct ComputeOf<Half> {
  using type = float;
};
template <>
struct ComputeOf<BFloat16> {
  using type = float;
};
template <class T>
using Compute = typename ComputeOf<T>::type;

template <class T>
struct RealOf {
  using type = T;
};
template <class T>
struct RealOf<std::complex<T>> {
  using type = T;
};
template <class T>
using Real = typename RealOf<T>::type;

template <class T>
inline constexpr bool is_complex_type = !std::is_same_v<T, Real<T>>;
template <class T>
inline constexpr bool is_reduced_type = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

// Lists of types for dispatch.
template <class... T>
struct Types {};
template <class A, class B>
struct Concat;
template <class... A, class... B>
struct Concat<Types<A...>, Types<B...>> {
  using type = Types<A..., B...>;
};
template <class A, class B>
using Join = typename Concat<A, B>::type;

using Integers = Types<uint8_t, int8_t, int16_t, int32_t, int64_t>;
using WideFloats = Types<float, double>;
using Floats = Types<float, double, Half, BFloat16>;
using Complexes = Types<Complex64, Complex128>;
using FloatsAndComplex = Join<Floats, Complexes>;
using RealTypes = Join<Integers, Floats>;
using RealAndBool = Join<Types<bool>, RealTypes>;
using NumberTypes = Join<RealTypes, Complexes>;
using AllTypes = Join<RealAndBool, Complexes>;
using IntegersAndBool = Join<Types<bool>, Integers>;

[[noreturn]] void throw_not_implemented_for(const char* op, Dtype d);

// Calls f.template operator()<T>() with the C++ type of `d`, which must be in the list.
template <class... T, class F>
void dispatch(Types<T...>, Dtype d, const char* op, F&& f) {
  const bool found = ((d == dtype_of<T> ? (f.template operator()<T>(), true) : false) || ...);
  if (!found) throw_not_implemented_for(op, d);
}

}  // namespace rl
