// rushlight.autograd.Function's C++ half.
#pragma once

#include "core/autograd/variable.h"
#include "core/python/node_object.h"

namespace rl::python {

void init_functions(PyObject* module);
// The ctx object that stands for a custom function's node; null for other nodes (borrowed).
PyObject* function_context(Node& node);
// The node of a ctx object; null for other objects.
Ptr<Node> function_node(PyObject* o);

}  // namespace rl::python
