// UntypedStorage in Python.
#pragma once

#include "core/python/python.h"
#include "core/tensor/storage.h"

namespace rl::python {

void init_storage(PyObject* module);
PyObject* wrap_storage(const Ptr<Storage>& storage);

}  // namespace rl::python
