// Small Python types: dtype, device, layout, memory_format, Size.
#pragma once

#include "core/base/device.h"
#include "core/base/dims.h"
#include "core/base/dtype.h"
#include "core/python/python.h"

namespace rl::python {

void init_types(PyObject* module);

PyObject* wrap(Dtype d);  // borrowed singleton with a new reference
PyObject* wrap(Device d);
PyObject* wrap(Layout l);
PyObject* wrap(MemoryFormat f);
PyObject* wrap_size(IntList sizes);  // rushlight.Size
PyObject* wrap_ints(IntList v);      // plain tuple

bool is_dtype(PyObject* o);
Dtype unwrap_dtype(PyObject* o);
// A device object, or text such as "cpu"; an int is a CUDA index.
bool unwrap_device(PyObject* o, Device& out);
bool is_layout(PyObject* o);
bool is_memory_format(PyObject* o);
MemoryFormat unwrap_memory_format(PyObject* o);

}  // namespace rl::python
