// One element's conversion from any dtype to any other, as PyTorch's CPU copies do it.
#pragma once

#include "core/base/dtype.h"

namespace rl::cpu {

template <class To, class From>
[[gnu::always_inline]] inline To convert(From v) {
  if constexpr (std::is_same_v<To, From>) {
    return v;
  } else if constexpr (std::is_same_v<To, bool>) {
    if constexpr (is_reduced_type<From>)
      return static_cast<float>(v) != 0;
    else
      return v != From(0);
  } else if constexpr (is_complex_type<From>) {
    if constexpr (is_complex_type<To>)
      return To(v);
    else
      return convert<To>(v.real());
  } else if constexpr (is_complex_type<To>) {
    return To(static_cast<Real<To>>(static_cast<Compute<From>>(v)));
  } else if constexpr (is_reduced_type<To>) {
    return To(static_cast<float>(v));
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<Compute<From>>) {
    // Values without a place in int32 (int64 for unsigned bytes) become its smallest number, which
    // is what the processor makes of them; the rest wraps.
    using Wide = std::conditional_t<sizeof(To) == 8 || std::is_unsigned_v<To>, int64_t, int32_t>;
    return static_cast<To>(static_cast<Wide>(static_cast<Compute<From>>(v)));
  } else {
    return static_cast<To>(v);
  }
}

}  // namespace rl::cpu
