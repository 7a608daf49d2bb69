// Tuples whose items have names, printed one name a line.
#include "core/python/named_results.h"

#include <structmember.h>

#include <cstring>
#include <string>
#include <vector>

namespace rl::python {
namespace {

// torch.return_types.max(\nvalues=..., one field a line.
PyObject* named_result_repr(PyObject* o) {
  return guarded([&] {
    const PyTypeObject* type = Py_TYPE(o);
    std::string out = str(type->tp_name, "(");
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o); ++i) {
      const Object item(checked(PyObject_Repr(PyTuple_GET_ITEM(o, i))));
      out += str(i ? ",\n" : "\n", type->tp_members[i].name, "=", PyUnicode_AsUTF8(item.get()));
    }
    return checked(PyUnicode_FromString((out + ")").c_str()));
  });
}

PyTypeObject* make_named_result(const char* op, const char* doc, const char* const* names,
                                int count) {
  std::vector<PyStructSequence_Field> fields;
  for (int i = 0; i < count; ++i) fields.push_back({names[i], nullptr});
  fields.push_back({nullptr, nullptr});
  PyStructSequence_Desc desc{strdup(str("torch.return_types.", op).c_str()), doc, fields.data(),
                             count};
  PyTypeObject* type = PyStructSequence_NewType(&desc);
  if (!type) throw PythonError();
  type->tp_repr = named_result_repr;
  // Where pickle finds it.
  const Object home(PyUnicode_FromString("rushlight.return_types"));
  PyDict_SetItemString(type->tp_dict, "__module__", home.get());
  PyType_Modified(type);
  return type;
}

}  // namespace

PyTypeObject* named_result_type(const OpRecord& op) {
  static std::vector<std::pair<const OpRecord*, PyTypeObject*>> made;
  for (const auto& [record, type] : made)
    if (record == &op) return type;
  PyTypeObject* type = nullptr;
  for (const auto& [record, other] : made)
    if (!std::strcmp(record->name, op.name)) type = other;
  if (!type) type = make_named_result(op.name, op.doc, op.result_names, op.result_count);
  made.emplace_back(&op, type);
  return type;
}

namespace {

// All named result types, by the operator's name.
PyObject* return_types(PyObject*, PyObject*) {
  return guarded([&] {
    static PyTypeObject *histogram, *histogramdd;
    if (!histogram) {  // composed in Python
      constexpr const char* names[] = {"hist", "bin_edges"};
      histogram = make_named_result("histogram", "Counts and the bins' borders.", names, 2);
      histogramdd = make_named_result("histogramdd", "Counts and the boxes' borders.", names, 2);
    }
    Object out(checked(PyDict_New()));
    PyDict_SetItemString(out.get(), "histogram", reinterpret_cast<PyObject*>(histogram));
    PyDict_SetItemString(out.get(), "histogramdd", reinterpret_cast<PyObject*>(histogramdd));
    for (const OpRecord* op : registry())
      if (op->result_names && op->name[0] != '_')
        PyDict_SetItemString(out.get(), op->name,
                             reinterpret_cast<PyObject*>(named_result_type(*op)));
    return out.release();
  });
}

PyMethodDef methods[] = {
    {"_return_types", return_types, METH_NOARGS, "Types of named results by operator."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_named_results(PyObject* module) {
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

}  // namespace rl::python
