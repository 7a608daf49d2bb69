// The buffer protocol, both ways: tensors over other objects' memory, and memory of tensors.
#pragma once

#include <optional>

#include <memory>
#include "core/python/python.h"

#include "core/tensor/tensor.h"

namespace rl::python {

void init_buffer(PyObject* module);
// A tensor over the memory of an ndarray (or another object with typed, shaped memory and
// `__array_interface__`), or nothing for other objects.
std::optional<Tensor> array_tensor(PyObject* o, bool any_strides);
std::optional<Dtype> array_dtype(PyObject* o);
// Slots of the Tensor type.
int tensor_get_buffer(PyObject* self, Py_buffer* view, int flags);
void tensor_release_buffer(PyObject* self, Py_buffer* view);

}  // namespace rl::python
