// Settings of the process: threads, default dtype, allocator, instruction set.
#include "core/python/runtime_module.h"

#include "core/base/allocator.h"
#include "core/base/cpu_features.h"
#include "core/base/threads.h"
#include "core/op/pointwise.h"
#include "core/python/arguments.h"
#include "core/python/tensor_object.h"
#include "core/python/types.h"

namespace rl::python {
namespace {

PyObject* get_num_threads(PyObject*, PyObject*) { return PyLong_FromLong(num_threads()); }
PyObject* set_num_threads_py(PyObject*, PyObject* n) {
  return guarded([&]() -> PyObject* {
    const long count = PyLong_AsLong(n);
    if (count == -1 && PyErr_Occurred()) throw PythonError();
    RL_CHECK(count > 0, "set_num_threads expects a positive integer");
    set_num_threads(static_cast<int>(count));
    Py_RETURN_NONE;
  });
}
PyObject* get_default_dtype(PyObject*, PyObject*) { return wrap(default_dtype()); }
PyObject* set_default_dtype_py(PyObject*, PyObject* d) {
  return guarded([&]() -> PyObject* {
    RL_CHECK_TYPE(
        is_dtype(d),
        "invalid dtype object: only floating-point types are supported as the default type");
    RL_CHECK_TYPE(is_floating(unwrap_dtype(d)),
                  "only floating-point types are supported as the default type");
    set_default_dtype(unwrap_dtype(d));
    Py_RETURN_NONE;
  });
}
PyObject* memory_stats(PyObject*, PyObject*) {
  const AllocatorStats s = allocator_stats();
  return Py_BuildValue("{s:L,s:L,s:L,s:L}", "allocated_bytes", s.allocated_bytes, "peak_bytes",
                       s.peak_bytes, "cached_bytes", s.cached_bytes, "system_calls",
                       s.system_calls);
}
PyObject* empty_cache_py(PyObject*, PyObject*) {
  empty_cache();
  Py_RETURN_NONE;
}
PyObject* reset_peak(PyObject*, PyObject*) {
  reset_peak_bytes();
  Py_RETURN_NONE;
}
PyObject* cpu_capability(PyObject*, PyObject*) { return PyUnicode_FromString(isa_name(cpu_isa())); }
PyObject* set_legacy_constructor(PyObject*, PyObject* f) {
  Py_XSETREF(legacy_constructor, Py_NewRef(f));
  Py_RETURN_NONE;
}

void check_dtypes(const char* function, const char* first, PyObject* a, const char* second,
                  PyObject* b) {
  for (int i = 0; i < 2; ++i) {
    PyObject* given = i ? b : a;
    RL_CHECK_TYPE(is_dtype(given), function, "(): argument '", i ? second : first, "' (position ",
                  i + 1, ") must be torch.dtype, not ", Py_TYPE(given)->tp_name);
  }
}

PyObject* promote_types_py(PyObject*, PyObject* args) {
  PyObject *a, *b;
  if (!PyArg_ParseTuple(args, "OO", &a, &b)) return nullptr;
  return guarded([&] {
    check_dtypes("promote_types", "type1", a, "type2", b);
    return wrap(promote(unwrap_dtype(a), unwrap_dtype(b)));
  });
}
PyObject* can_cast_py(PyObject*, PyObject* args) {
  PyObject *a, *b;
  if (!PyArg_ParseTuple(args, "OO", &a, &b)) return nullptr;
  return guarded([&] {
    check_dtypes("can_cast", "from_", a, "to", b);
    return PyBool_FromLong(can_cast(unwrap_dtype(a), unwrap_dtype(b)));
  });
}
PyObject* result_type_py(PyObject*, PyObject* args) {
  PyObject *a, *b;
  if (!PyArg_ParseTuple(args, "OO", &a, &b)) return nullptr;
  return guarded([&] {
    ResultType type;
    for (PyObject* o : {a, b}) {
      Arena arena;
      Value v;
      if (is_tensor(o))
        type.add(unwrap(o));
      else if (convert_number(o, v, arena))
        type.add(v.scalar());
      else
        fail(ErrorType::Type, "result_type(): arguments must be Tensor or Number, not ",
             Py_TYPE(o)->tp_name);
    }
    return wrap(type.get());
  });
}

PyMethodDef methods[] = {
    {"promote_types", promote_types_py, METH_VARARGS, "promote_types(type1, type2)"},
    {"can_cast", can_cast_py, METH_VARARGS, "can_cast(from_, to)"},
    {"result_type", result_type_py, METH_VARARGS, "result_type(tensor1, tensor2)"},
    {"get_num_threads", get_num_threads, METH_NOARGS, "Threads that kernels use."},
    {"set_num_threads", set_num_threads_py, METH_O, "Sets the number of threads that kernels use."},
    {"get_default_dtype", get_default_dtype, METH_NOARGS, "The dtype of new floating tensors."},
    {"set_default_dtype", set_default_dtype_py, METH_O, "Sets the dtype of new floating tensors."},
    {"memory_stats", memory_stats, METH_NOARGS, "Statistics of the CPU allocator, in bytes."},
    {"empty_cache", empty_cache_py, METH_NOARGS, "Gives cached memory back to the system."},
    {"reset_peak_memory_stats", reset_peak, METH_NOARGS, "Forgets the peak."},
    {"cpu_capability", cpu_capability, METH_NOARGS, "The instruction set in use."},
    {"_set_legacy_constructor", set_legacy_constructor, METH_O, "Installs Tensor.__new__'s body."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_runtime(PyObject* module) {
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

}  // namespace rl::python
