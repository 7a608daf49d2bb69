// Shape arithmetic of views.
#pragma once

#include <optional>

#include "core/tensor/tensor.h"

namespace rl {

// `shape` with a -1 replaced by what `numel` elements need; RuntimeError where they do not fit.
Dims infer_size(IntList shape, int64_t numel);
// Strides with which `shape` views a tensor of these sizes and strides, if there are any.
std::optional<Dims> view_strides(IntList sizes, IntList strides, IntList shape);

}  // namespace rl
