// grad_fn objects: a thin wrapper over a Node that keeps its identity while it lives. Each kind of
// node has a type of its own name, made when it is first seen.
#include "core/python/node_object.h"

#include <unordered_map>

#include "core/autograd/accumulate_grad.h"
#include "core/python/function_object.h"
#include "core/python/hooks.h"
#include "core/python/saved_object.h"
#include "core/python/tensor_object.h"
#include "core/python/types.h"

namespace rl::python {
namespace {

struct NodeObject {
  PyObject_HEAD Node* node;
  PyObject* metadata;  // a dict for the user, made at first use
};

PyTypeObject* node_type;

Node* node_of(PyObject* o) { return reinterpret_cast<NodeObject*>(o)->node; }

void dealloc(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  Node* node = node_of(o);
  Py_CLEAR(reinterpret_cast<NodeObject*>(o)->metadata);
  node->python_object = nullptr;
  node->release();
  type->tp_free(o);
  Py_DECREF(type);
}

PyObject* repr(PyObject* o) {
  return PyUnicode_FromFormat("<%s object at %p>", Py_TYPE(o)->tp_name, o);
}

PyObject* next_functions(PyObject* o, void*) {
  return guarded([&] { return wrap_edges(node_of(o)->edges); });
}

PyObject* metadata(PyObject* o, void*) {
  auto* self = reinterpret_cast<NodeObject*>(o);
  if (!self->metadata) self->metadata = PyDict_New();
  return Py_XNewRef(self->metadata);
}

// `variable` of a leaf's accumulator, and what backward reads: `_saved_self`, `_raw_saved_self`.
PyObject* getattro(PyObject* o, PyObject* name) {
  PyObject* found = PyObject_GenericGetAttr(o, name);
  if (found || !PyErr_ExceptionMatches(PyExc_AttributeError)) return found;
  const PythonError missing;
  const char* text = PyUnicode_AsUTF8(name);
  if (!text) return nullptr;
  return guarded([&]() -> PyObject* {
    if (const auto* leaf = dynamic_cast<AccumulateGrad*>(node_of(o));
        leaf && !strcmp(text, "variable"))
      return wrap(leaf->variable);
    if (PyObject* saved = saved_attribute(*node_of(o), text)) return saved;
    missing.restore();
    return nullptr;
  });
}

PyObject* dir(PyObject* o, PyObject*) {
  return guarded([&] {
    const Object object_dir(checked(
        PyObject_GetAttrString(reinterpret_cast<PyObject*>(&PyBaseObject_Type), "__dir__")));
    Object names(checked(PyObject_CallOneArg(object_dir.get(), o)));
    add_saved_names(*node_of(o), names.get());
    return names.release();
  });
}

Ptr<Node> live_node(PyObject* o) {
  Ptr<Node> node = unwrap_node(o);
  RL_CHECK(node, "this node's graph is gone");
  return node;
}

PyObject* name(PyObject* o, PyObject*) {
  return guarded([&] {
    const Ptr<Node> node = unwrap_node(o);
    return PyUnicode_FromString(node ? node->name().c_str() : Py_TYPE(o)->tp_name);
  });
}
PyObject* sequence_nr(PyObject* o, PyObject*) {
  return guarded([&] { return PyLong_FromUnsignedLongLong(live_node(o)->sequence); });
}
PyObject* register_hook(PyObject* o, PyObject* hook) {
  return guarded([&] { return add_node_hook(*live_node(o), hook, false); });
}
PyObject* register_prehook(PyObject* o, PyObject* hook) {
  return guarded([&] { return add_node_hook(*live_node(o), hook, true); });
}

PyMethodDef own_methods[] = {
    {"__dir__", dir, METH_NOARGS, "Names of attributes, saved values included."},
    {nullptr, nullptr, 0, nullptr}};
PyGetSetDef getset[] = {
    {"next_functions", next_functions, nullptr, "(node, output index) of each input.", nullptr},
    {"metadata", metadata, nullptr, "A dict for the user.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {Py_tp_repr, reinterpret_cast<void*>(repr)},
                       {Py_tp_getattro, reinterpret_cast<void*>(getattro)},
                       {Py_tp_methods, own_methods},
                       {Py_tp_getset, getset},
                       {0, nullptr}};
constexpr unsigned kFlags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION;
PyType_Spec spec = {"rushlight.autograd.graph.Node", sizeof(NodeObject), 0,
                    kFlags | Py_TPFLAGS_BASETYPE, slots};

PyTypeObject* type_named(const std::string& full) {
  static std::unordered_map<std::string, PyTypeObject*> types;
  const std::string name = full.substr(full.rfind(':') + 1);
  const auto [at, fresh] = types.try_emplace(name, nullptr);
  if (!at->second) {
    PyType_Slot none[] = {{0, nullptr}};
    const std::string in_module = "builtins." + name;  // CPython warns about a name without one
    PyType_Spec named = {in_module.c_str(), sizeof(NodeObject), 0, kFlags, none};
    at->second = reinterpret_cast<PyTypeObject*>(
        checked(PyType_FromSpecWithBases(&named, reinterpret_cast<PyObject*>(node_type))));
    at->second->tp_name = at->first.c_str();
  }
  return at->second;
}

}  // namespace

PyMethodDef node_methods[] = {
    {"name", name, METH_NOARGS, "The operation's name."},
    {"_sequence_nr", sequence_nr, METH_NOARGS, "Order of creation."},
    {"register_hook", register_hook, METH_O,
     "register_hook(fn): fn(grad_inputs, grad_outputs) after this node ran."},
    {"register_prehook", register_prehook, METH_O,
     "register_prehook(fn): fn(grad_outputs) before this node runs."},
    {nullptr, nullptr, 0, nullptr}};

void init_nodes(PyObject* module) {
  node_type = add_type(module, spec, "Node");
  for (PyMethodDef* m = node_methods; m->ml_name; ++m) {
    const Object method(checked(PyDescr_NewMethod(node_type, m)));
    if (PyObject_SetAttrString(reinterpret_cast<PyObject*>(node_type), m->ml_name, method.get()) <
        0)
      throw PythonError();
  }
  init_saved(module);
}

PyObject* wrap_node(const Ptr<Node>& node) {
  if (!node) Py_RETURN_NONE;
  if (PyObject* context = function_context(*node)) return Py_NewRef(context);
  if (node->python_object) return Py_NewRef(static_cast<PyObject*>(node->python_object));
  auto* o = PyObject_New(NodeObject, type_named(node->name()));
  if (!o) throw PythonError();
  node->retain();
  o->node = node.get();
  o->metadata = nullptr;
  node->python_object = o;
  return reinterpret_cast<PyObject*>(o);
}

PyObject* wrap_edges(const SmallVector<Edge, 3>& edges) {
  Object out(checked(PyTuple_New(static_cast<Py_ssize_t>(edges.size()))));
  for (size_t i = 0; i < edges.size(); ++i)
    PyTuple_SET_ITEM(out.get(), static_cast<Py_ssize_t>(i),
                     checked(Py_BuildValue("NI", wrap_node(edges[i].node), edges[i].slot)));
  return out.release();
}

Ptr<Node> unwrap_node(PyObject* o) {
  return PyObject_TypeCheck(o, node_type) ? Ptr<Node>::share(node_of(o)) : function_node(o);
}

}  // namespace rl::python
