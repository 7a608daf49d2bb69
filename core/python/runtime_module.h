// Threads, memory, default dtype and build facts in Python.
#pragma once

#include "core/python/python.h"

namespace rl::python {

void init_runtime(PyObject* module);

}  // namespace rl::python
