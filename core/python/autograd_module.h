// Autograd's functions in Python.
#pragma once

#include "core/python/python.h"

namespace rl::python {

void init_autograd(PyObject* module);

}  // namespace rl::python
