// Tensors from Python data.
#pragma once

#include <optional>

#include "core/python/python.h"
#include "core/tensor/tensor.h"

namespace rl::python {

void init_construct(PyObject* module);
// A new tensor with a copy of `data`: numbers, nested sequences, arrays, tensors.
Tensor tensor_from_data(PyObject* data, std::optional<Dtype> dtype);

}  // namespace rl::python
