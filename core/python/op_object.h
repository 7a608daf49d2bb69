// Operators as Python callables: one table-driven type for all of them.
#pragma once

#include <vector>

#include "core/op/call.h"
#include "core/op/record.h"
#include "core/python/python.h"

namespace rl::python {

// The arguments of one call, with what Python alone gives: `out=` and `requires_grad=`.
struct Parsed {
  Value values[kMaxParams];
  PyObject* out = nullptr;
  bool requires_grad = false;
};
// Runs the operator without the GIL where the work is large; a new reference to its results.
PyObject* run_operator(const OpRecord& op, Mode mode, Parsed& parsed);

void init_op_types(PyObject* module);
// Puts every record into `_C.ops` and the method variants onto Tensor.
void add_operators(PyObject* module);
// Number, comparison and indexing slots of Tensor.
void add_operator_slots(std::vector<PyType_Slot>& slots);

}  // namespace rl::python
