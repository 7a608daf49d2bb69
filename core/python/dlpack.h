// Exchange of tensors with other array libraries.
#pragma once

#include "core/python/python.h"

namespace rl::python {

void init_dlpack(PyObject* module);

}  // namespace rl::python
