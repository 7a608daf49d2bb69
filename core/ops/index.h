// Advanced indices, normalised.
#pragma once

#include "core/tensor/tensor.h"

namespace rl {

// Index tensors of a tensor, ready for the loops: masks turned into positions, all of one shape.
struct AdvancedIndex {
  // The indexed tensor's geometry over the result's shape: 0 strides where positions decide.
  Dims sizes;    // of the result
  Dims strides;  // of self over the result's dimensions, in elements
  Tensor offsets;  // int64, in elements, over the broadcast index shape
  Dims offset_strides;  // of offsets over the result's dimensions
};

AdvancedIndex resolve_index(const Tensor& self, TensorList indices);

}  // namespace rl
