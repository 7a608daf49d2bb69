// Finding arguments that override an operator, and the passage to rushlight.overrides, which orders
// and asks them.
#include "core/python/overrides.h"

namespace rl::python {

constinit thread_local bool overrides_disabled = false;

namespace {

PyObject* text_torch_function;
PyObject* disabled_implementation;
PyTypeObject* known_plain;  // the latest class seen that opts out; in practice Parameter

bool has_override(PyTypeObject* type) {
  PyObject* found = _PyType_Lookup(type, text_torch_function);
  return found && found != disabled_implementation;
}

bool overriding_tensor(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  if (type == tensor_type || type == known_plain || !PyType_IsSubtype(type, tensor_type))
    return false;
  if (has_override(type)) return true;
  Py_INCREF(type);
  Py_XSETREF(known_plain, type);
  return false;
}

template <class F>
bool any_item(PyObject* o, F&& test) {
  if (!PyTuple_Check(o) && !PyList_Check(o)) return false;
  const Py_ssize_t n = PySequence_Fast_GET_SIZE(o);
  if (n == 0 || PyLong_Check(PySequence_Fast_GET_ITEM(o, 0))) return false;
  for (Py_ssize_t i = 0; i < n; ++i)
    if (test(PySequence_Fast_GET_ITEM(o, i))) return true;
  return false;
}

bool foreign(PyObject* o) {
  return Py_TYPE(o) != tensor_type && !PyType_Check(o) && has_override(Py_TYPE(o));
}

// _disabled_torch_function_impl(func, types, args, kwargs): the operator itself.
PyObject* disabled_impl(PyObject*, PyObject* given) {
  PyObject *function, *types, *args, *kwargs = nullptr;
  if (!PyArg_ParseTuple(given, "OOO|O", &function, &types, &args, &kwargs)) return nullptr;
  if (kwargs == Py_None) kwargs = nullptr;
  const bool before = std::exchange(overrides_disabled, true);
  PyObject* out = PyObject_Call(function, args, kwargs);
  overrides_disabled = before;
  return out;
}

PyObject* set_disabled(PyObject*, PyObject* on) {
  const int value = PyObject_IsTrue(on);
  if (value < 0) return nullptr;
  return PyBool_FromLong(std::exchange(overrides_disabled, value != 0));
}
PyObject* get_disabled(PyObject*, PyObject*) { return PyBool_FromLong(overrides_disabled); }

PyMethodDef methods[] = {
    {"_disabled_torch_function_impl", disabled_impl, METH_VARARGS,
     "As a class's __torch_function__: its instances are treated as plain tensors."},
    {"_set_overrides_disabled", set_disabled, METH_O,
     "Turns __torch_function__ off or on; returns the state before."},
    {"_overrides_disabled", get_disabled, METH_NOARGS,
     "Whether __torch_function__ is off on this thread."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

bool overrides_by_type(PyObject* o) {
  return overriding_tensor(o) || any_item(o, overriding_tensor);
}

bool any_foreign_override(PyObject* const* args, Py_ssize_t count) {
  if (overrides_disabled) return false;
  for (Py_ssize_t i = 0; i < count; ++i)
    if (foreign(args[i]) || any_item(args[i], foreign)) return true;
  return false;
}

PyObject* call_override(PyObject* function, PyObject* const* args, Py_ssize_t count,
                        PyObject* kwnames) {
  static PyObject* dispatch = nullptr;
  if (!dispatch) {
    const Object module(checked(PyImport_ImportModule("rushlight.overrides")));
    dispatch = checked(PyObject_GetAttrString(module.get(), "_dispatch"));
  }
  const Object positional(checked(PyTuple_New(count)));
  for (Py_ssize_t i = 0; i < count; ++i) PyTuple_SET_ITEM(positional.get(), i, Py_NewRef(args[i]));
  const Object named(checked(PyDict_New()));
  for (Py_ssize_t k = 0; kwnames && k < PyTuple_GET_SIZE(kwnames); ++k)
    if (PyDict_SetItem(named.get(), PyTuple_GET_ITEM(kwnames, k), args[count + k]) < 0)
      throw PythonError();
  return checked(
      PyObject_CallFunctionObjArgs(dispatch, function, positional.get(), named.get(), nullptr));
}

void init_overrides(PyObject* module) {
  text_torch_function = PyUnicode_InternFromString("__torch_function__");
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
  disabled_implementation =
      checked(PyObject_GetAttrString(module, "_disabled_torch_function_impl"));
}

}  // namespace rl::python
