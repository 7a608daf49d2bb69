// The extension module rushlight._C.
#include "core/op/call.h"
#include "core/ops/autograd_ops.h"
#include "core/python/autograd_module.h"
#include "core/python/buffer.h"
#include "core/python/construct.h"
#include "core/python/counter_object.h"
#include "core/python/dlpack.h"
#include "core/python/file_module.h"
#include "core/python/function_object.h"
#include "core/python/generator_object.h"
#include "core/python/hooks.h"
#include "core/python/named_results.h"
#include "core/python/node_object.h"
#include "core/python/op_object.h"
#include "core/python/overrides.h"
#include "core/python/runtime_module.h"
#include "core/python/storage_object.h"
#include "core/python/tensor_object.h"
#include "core/python/types.h"

namespace rl::python {
namespace {

void warn_in_python(const char* text) {
  const GilAcquire gil;
  if (PyErr_WarnEx(PyExc_UserWarning, text, 1) < 0) throw PythonError();
}

PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                          "rushlight._C",
                          "The compiled core of rushlight.",
                          -1,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr};

}  // namespace
}  // namespace rl::python

PyMODINIT_FUNC PyInit__C() {
  using namespace rl::python;
  PyObject* module = PyModule_Create(&definition);
  if (!module) return nullptr;
  return guarded([&] {
    rl::install_autograd_ops();
    init_types(module);
    init_overrides(module);
    init_named_results(module);
    init_op_types(module);
    init_nodes(module);
    init_tensor_type(module);
    init_storage(module);
    init_construct(module);
    init_buffer(module);
    init_dlpack(module);
    init_generator(module);
    init_files(module);
    init_functions(module);
    init_hooks(module);
    init_counter(module);
    init_autograd(module);
    init_runtime(module);
    add_operators(module);
    rl::warn_handler = warn_in_python;
    return module;
  });
}
