// Python callables as autograd hooks.
#pragma once

#include "core/autograd/variable.h"
#include "core/python/python.h"

namespace rl::python {

void init_hooks(PyObject* module);
// Each returns a handle object with remove().
PyObject* add_pre_hook(Node& node, PyObject* callable);
PyObject* add_post_hook(Node& node, PyObject* callable);

}  // namespace rl::python
