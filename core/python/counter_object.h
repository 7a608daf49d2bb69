// A small profiler on the interceptor hook.
#pragma once

#include "core/python/python.h"

namespace rl::python {

void init_counter(PyObject* module);

}  // namespace rl::python
