// Op<N>: an operator as C++ calls it, `ops::sum_dim(x, dims, true)`. Missing arguments take the
// schema's defaults; N results come back as a Tensor, an array, or (N = 0) a vector.
#pragma once

#include <array>

#include "core/op/call.h"

namespace rl {

template <int N>
struct Op : OpRecord {
  template <class... Args>
  auto operator()(const Args&... given) const {
    return call(Mode::Functional, {}, given...);
  }
  // Writes into the first argument.
  template <class... Args>
  const Tensor& inplace(const Tensor& self, const Args&... given) const {
    call(Mode::InPlace, &self, self, given...);
    return self;
  }
  // Writes into `out`.
  template <class... Args>
  const Tensor& into(const Tensor& out, const Args&... given) const {
    call(Mode::Out, &out, given...);
    return out;
  }

 private:
  template <class... Args>
  auto call(Mode mode, const Tensor* target, const Args&... given) const {
    static_assert(sizeof...(Args) <= kMaxParams);
    Value args[kMaxParams] = {Value(given)...};
    for (size_t i = sizeof...(Args); i < param_count; ++i) args[i] = params[i].default_value;
    Call c{*this, args, mode, {}, {}};
    if (target) c.results[0] = *target;
    invoke(c);
    if constexpr (N == 1) {
      return std::move(c.results[0]);
    } else if constexpr (N == 0) {
      return std::move(c.list);
    } else {
      std::array<Tensor, N> out;
      for (size_t i = 0; i < N; ++i) out[i] = std::move(c.results[i]);
      return out;
    }
  }
};

}  // namespace rl
