// Operators as Python callables: one table-driven type for all of them.
#pragma once

#include <vector>

#include "core/op/record.h"
#include "core/python/python.h"

namespace rl::python {

void init_op_types(PyObject* module);
// Puts every record into `_C.ops` and the method variants onto Tensor.
void add_operators(PyObject* module);
// Number, comparison and indexing slots of Tensor.
void add_operator_slots(std::vector<PyType_Slot>& slots);

}  // namespace rl::python
