// One call computes on one device.
#pragma once

#include "core/base/error.h"
#include "core/tensor/tensor.h"

namespace rl {

inline void check_device(const Tensor& t, Device expected) {
  RL_CHECK(t.device().type == expected.type, "Tensor on device ", t.device().to_string(),
           " is not on the expected device ", expected.to_string(), "!");
}

}  // namespace rl
