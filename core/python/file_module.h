// Reading and writing of large files for Python.
#pragma once

#include "core/python/python.h"

namespace rl::python {

void init_files(PyObject* module);

}  // namespace rl::python
