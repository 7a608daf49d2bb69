// Tensor.__getitem__ and __setitem__.
#include "core/python/tensor_object.h"

namespace rl::python {

PyObject* tensor_getitem(PyObject*, PyObject*) { Py_RETURN_NONE; }
int tensor_setitem(PyObject*, PyObject*, PyObject*) { return 0; }

}  // namespace rl::python
