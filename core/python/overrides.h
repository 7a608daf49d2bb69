// __torch_function__: calls whose arguments bring their own idea of what an operator does.
#pragma once

#include "core/python/tensor_object.h"

namespace rl::python {

void init_overrides(PyObject* module);

extern constinit thread_local bool overrides_disabled;
// Whether an object's class may override operators, by the class of the object alone.
bool overrides_by_type(PyObject* o);

// Tensors of subclasses that do not opt out, in lists too. Foreign objects count only where no
// operator takes them.
inline bool may_override(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  if (type == tensor_type || type == &PyLong_Type || type == &PyFloat_Type) return false;
  return overrides_by_type(o);
}
inline bool any_override(PyObject* const* args, Py_ssize_t count) {
  if (overrides_disabled) return false;
  for (Py_ssize_t i = 0; i < count; ++i)
    if (may_override(args[i])) return true;
  return false;
}
// Whether any argument, of whatever class, has a __torch_function__.
bool any_foreign_override(PyObject* const* args, Py_ssize_t count);

// Hands a call of `function` to the overriding arguments. Vectorcall conventions.
PyObject* call_override(PyObject* function, PyObject* const* args, Py_ssize_t count,
                        PyObject* kwnames);

}  // namespace rl::python
