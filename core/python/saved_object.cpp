// Saved arguments and results of recorded operators: `grad_fn._saved_self` and the raw SavedTensor
// objects on which single hooks can be set.
#include "core/python/saved_object.h"

#include "core/op/op_node.h"
#include "core/python/hooks.h"
#include "core/python/tensor_object.h"
#include "core/python/types.h"

namespace rl::python {
namespace {

struct SavedObject {
  PyObject_HEAD Node* owner;
  SavedTensor* saved;
};

PyTypeObject* saved_type;

SavedObject* self_of(PyObject* o) { return reinterpret_cast<SavedObject*>(o); }

void dealloc(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  self_of(o)->owner->release();
  type->tp_free(o);
  Py_DECREF(type);
}

PyObject* data(PyObject* o, void*) {
  return guarded([&] { return wrap(self_of(o)->saved->unpack(self_of(o)->owner)); });
}

PyObject* register_hooks(PyObject* o, PyObject* args) {
  PyObject *pack, *unpack;
  if (!PyArg_ParseTuple(args, "OO", &pack, &unpack)) return nullptr;
  return guarded([&]() -> PyObject* {
    self_of(o)->saved->register_hooks(make_saved_hooks(pack, unpack));
    Py_RETURN_NONE;
  });
}

PyMethodDef methods[] = {
    {"register_hooks", register_hooks, METH_VARARGS, "register_hooks(pack, unpack)"},
    {nullptr, nullptr, 0, nullptr}};
PyGetSetDef getset[] = {{"data", data, nullptr, "The tensor.", nullptr},
                        {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyType_Slot slots[] = {
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_methods, methods},
    {Py_tp_getset, getset},
    {Py_tp_doc, const_cast<char*>("A tensor kept for backward; register_hooks() packs it.")},
    {0, nullptr}};
PyType_Spec spec = {"rushlight._C.SavedTensor", sizeof(SavedObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

PyObject* wrap_value(const Value& v) {
  switch (v.tag()) {
    case Tag::IntList:
      return wrap_ints(v.ints());
    case Tag::String:
      return PyUnicode_FromStringAndSize(v.string().data(),
                                         static_cast<Py_ssize_t>(v.string().size()));
    case Tag::Dtype:
      return wrap(v.dtype());
    case Tag::FloatList: {
      Object out(checked(PyTuple_New(static_cast<Py_ssize_t>(v.floats().size()))));
      for (size_t i = 0; i < v.floats().size(); ++i)
        PyTuple_SET_ITEM(out.get(), static_cast<Py_ssize_t>(i),
                         checked(PyFloat_FromDouble(v.floats()[i])));
      return out.release();
    }
    default:
      return v.is_number() ? wrap_scalar(v.scalar()) : Py_NewRef(Py_None);
  }
}

std::string result_name(const OpNode& node, uint32_t k) {
  return node.op.result_count == 1 ? "result" : str("result", static_cast<int64_t>(k));
}

}  // namespace

void init_saved(PyObject* module) { saved_type = add_type(module, spec, "SavedTensor"); }

PyObject* wrap_saved(const Ptr<Node>& owner, SavedTensor& saved) {
  auto* o = PyObject_New(SavedObject, saved_type);
  if (!o) throw PythonError();
  owner->retain();
  o->owner = owner.get();
  o->saved = &saved;
  return reinterpret_cast<PyObject*>(o);
}

PyObject* saved_attribute(Node& node, std::string_view name) {
  auto* op_node = dynamic_cast<OpNode*>(&node);
  if (!op_node) return nullptr;
  const bool raw = name.starts_with("_raw_saved_");
  if (!raw && !name.starts_with("_saved_")) return nullptr;
  name.remove_prefix(raw ? 11 : 7);
  const auto show = [&](SavedTensor& t) -> PyObject* {
    return raw ? wrap_saved(Ptr<Node>::share(&node), t) : wrap(t.unpack(&node));
  };
  for (uint32_t k = 0; k < op_node->results.size(); ++k)
    if (name == result_name(*op_node, k) && op_node->results[k].defined())
      return show(op_node->results[k]);
  for (uint32_t i = 0; i < op_node->op.param_count; ++i) {
    if (name != op_node->op.params[i].name) continue;
    SavedValue& arg = op_node->args[i];
    if (arg.tensor.defined()) return show(arg.tensor);
    if (arg.extra && !arg.extra->tensors.empty()) {
      Object out(checked(PyTuple_New(static_cast<Py_ssize_t>(arg.extra->tensors.size()))));
      for (size_t k = 0; k < arg.extra->tensors.size(); ++k)
        PyTuple_SET_ITEM(out.get(), static_cast<Py_ssize_t>(k), show(arg.extra->tensors[k]));
      return out.release();
    }
    const ParamType type = op_node->op.params[i].type;
    const bool is_tensor = type == ParamType::Tensor || type == ParamType::TensorList;
    if (raw || (is_tensor && !(op_node->saves.tensors >> i & 1))) return nullptr;
    return wrap_value(arg.value);
  }
  return nullptr;
}

void add_saved_names(Node& node, PyObject* list) {
  auto* op_node = dynamic_cast<OpNode*>(&node);
  if (!op_node) return;
  const auto add = [&](const std::string& name) {
    const Object text(checked(PyUnicode_FromString(name.c_str())));
    if (PyList_Append(list, text.get()) < 0) throw PythonError();
  };
  for (uint32_t i = 0; i < op_node->op.param_count; ++i) {
    const std::string name = op_node->op.params[i].name;
    const ParamType type = op_node->op.params[i].type;
    const bool holds_tensor = op_node->args[i].tensor.defined();
    if (holds_tensor || (type != ParamType::Tensor && type != ParamType::TensorList))
      add("_saved_" + name);
    if (holds_tensor) add("_raw_saved_" + name);
  }
  for (uint32_t k = 0; k < op_node->results.size(); ++k) {
    if (!op_node->results[k].defined()) continue;
    add("_saved_" + result_name(*op_node, k));
    add("_raw_saved_" + result_name(*op_node, k));
  }
}

}  // namespace rl::python
