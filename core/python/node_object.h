// grad_fn in Python.
#pragma once

#include "core/autograd/node.h"
#include "core/python/python.h"

namespace rl::python {

void init_nodes(PyObject* module);
// The node's Python object; None for null.
PyObject* wrap_node(const Ptr<Node>& node);
// next_functions: (node, slot) of each edge.
PyObject* wrap_edges(const SmallVector<Edge, 3>& edges);
// Null when `o` is no node.
Ptr<Node> unwrap_node(PyObject* o);
// What nodes of the core and of custom functions have in common.
extern PyMethodDef node_methods[];

}  // namespace rl::python
