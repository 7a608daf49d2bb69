// What a node saved for backward, as Python attributes.
#pragma once

#include "core/autograd/saved_tensor.h"
#include "core/python/python.h"

namespace rl::python {

void init_saved(PyObject* module);
// The value of `_saved_<argument>` or `_raw_saved_<argument>`; null when there is no such
// attribute.
PyObject* saved_attribute(Node& node, std::string_view name);
// Appends the names of those attributes to a list.
void add_saved_names(Node& node, PyObject* list);
// A SavedTensor object; `owner` keeps `saved` alive.
PyObject* wrap_saved(const Ptr<Node>& owner, SavedTensor& saved);

}  // namespace rl::python
