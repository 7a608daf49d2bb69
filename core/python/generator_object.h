// rushlight.Generator in Python.
#pragma once

#include "core/base/generator.h"
#include "core/python/python.h"

namespace rl::python {

void init_generator(PyObject* module);
bool is_generator(PyObject* o);
Generator* unwrap_generator(PyObject* o);

}  // namespace rl::python
