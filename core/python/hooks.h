// Python callables as autograd hooks.
#pragma once

#include "core/autograd/saved_tensor.h"
#include "core/python/python.h"

namespace rl::python {

void init_hooks(PyObject* module);
// Returns a handle object with remove(). `before`: called with the node's gradients before it runs.
PyObject* add_node_hook(Node& node, PyObject* callable, bool before);
std::shared_ptr<SavedTensorHooks> make_saved_hooks(PyObject* pack, PyObject* unpack);
// Visits and drops the callables that a tensor holds (tp_traverse and tp_clear).
int traverse_tensor_hooks(const AutogradMeta& meta, visitproc visit, void* arg);
void clear_tensor_hooks(AutogradMeta& meta);

}  // namespace rl::python
