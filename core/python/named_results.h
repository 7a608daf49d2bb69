// Types of named results: rushlight.return_types.max and the like.
#pragma once

#include "core/op/record.h"
#include "core/python/python.h"

namespace rl::python {

// Made at first use; overloads share one.
PyTypeObject* named_result_type(const OpRecord& op);
void init_named_results(PyObject* module);

}  // namespace rl::python
