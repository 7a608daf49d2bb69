// The Python type rushlight.Tensor and the passage between it and rl::Tensor.
#pragma once

#include "core/python/python.h"
#include "core/tensor/tensor.h"

namespace rl::python {

struct TensorObject {
  PyObject_HEAD TensorImpl* impl;  // a reference of ours, unless the impl owns this object
  PyObject* dict;
  PyObject* weakrefs;
};

extern PyTypeObject* tensor_type;

void init_tensor_type(PyObject* module);

inline bool is_tensor(PyObject* o) {
  return Py_TYPE(o) == tensor_type || PyType_IsSubtype(Py_TYPE(o), tensor_type);
}
// `o` must be a tensor. The reference borrows from it.
inline const Tensor& unwrap(PyObject* o) {
  return reinterpret_cast<const Tensor&>(reinterpret_cast<TensorObject*>(o)->impl);
}
// The tensor's Python object (the same one while it lives); None for an undefined tensor.
PyObject* wrap(const Tensor& t);
// A new object of a subclass over this tensor, which must have no Python object yet.
PyObject* wrap_as(PyTypeObject* type, const Tensor& t);
PyObject* wrap_list(TensorList list);   // a list
PyObject* wrap_tuple(TensorList list);  // a tuple
PyObject* wrap_scalar(const Scalar& s);
// The legacy constructor, Python's: called as f(cls, args, kwargs).
extern PyObject* legacy_constructor;

}  // namespace rl::python
