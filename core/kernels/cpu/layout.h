// Results that keep the channels-last memory order of their inputs.
#pragma once

#include "core/op/call.h"

namespace rl {

inline MemoryFormat channels_last_of(int64_t dims) {
  return dims == 5 ? MemoryFormat::ChannelsLast3d : MemoryFormat::ChannelsLast;
}

// Batched images or volumes whose channels lie side by side.
inline bool is_channels_last(const Tensor& t) {
  return !t.is_contiguous() && (t.dim() == 4 || t.dim() == 5) &&
         t.is_contiguous(channels_last_of(t.dim()));
}

inline void result_in_layout(Plan& p, int i, IntList sizes, Dtype dtype, Device device,
                             bool channels_last) {
  if (channels_last && sizes.size() >= 4)
    p.result_strided(i, sizes, channels_last_strides(sizes), dtype, device);
  else
    p.result(i, sizes, dtype, device);
}

// Calls fill(contiguous) on `out`, or on a temporary that is then copied to it.
template <class F>
void fill_contiguous(const Tensor& out, const F& fill) {
  if (out.is_contiguous()) return fill(out);
  const Tensor temporary = empty(out.sizes(), out.dtype());
  fill(temporary);
  copy_into(out, temporary);
}

}  // namespace rl
