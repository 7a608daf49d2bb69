// grad_fn objects: a thin wrapper over a Node that keeps its identity while it lives.
#include "core/python/node_object.h"

#include "core/autograd/accumulate_grad.h"
#include "core/python/function_object.h"
#include "core/python/hooks.h"
#include "core/python/tensor_object.h"
#include "core/python/types.h"

namespace rl::python {
namespace {

struct NodeObject {
  PyObject_HEAD
  Node* node;
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
  return PyUnicode_FromFormat("<%s object at %p>", node_of(o)->name().c_str(), o);
}

PyObject* name(PyObject* o, PyObject*) { return PyUnicode_FromString(node_of(o)->name().c_str()); }

PyObject* next_functions(PyObject* o, void*) {
  return guarded([&] { return wrap_edges(*node_of(o)); });
}

PyObject* metadata(PyObject* o, void*) {
  auto* self = reinterpret_cast<NodeObject*>(o);
  if (!self->metadata) self->metadata = PyDict_New();
  return Py_XNewRef(self->metadata);
}

PyObject* variable(PyObject* o, void*) {
  const auto* leaf = dynamic_cast<AccumulateGrad*>(node_of(o));
  if (leaf) return wrap(leaf->variable);
  PyErr_Format(PyExc_AttributeError, "'%s' object has no attribute 'variable'", node_of(o)->name().c_str());
  return nullptr;
}

PyObject* sequence_nr(PyObject* o, PyObject*) { return PyLong_FromUnsignedLongLong(node_of(o)->sequence); }

PyObject* register_hook(PyObject* o, PyObject* hook) {
  return guarded([&] { return add_post_hook(*node_of(o), hook); });
}
PyObject* register_prehook(PyObject* o, PyObject* hook) {
  return guarded([&] { return add_pre_hook(*node_of(o), hook); });
}

PyMethodDef methods[] = {{"name", name, METH_NOARGS, "The operation's name."},
                         {"_sequence_nr", sequence_nr, METH_NOARGS, "Order of creation."},
                         {"register_hook", register_hook, METH_O,
                          "register_hook(fn): fn(grad_inputs, grad_outputs) after this node ran."},
                         {"register_prehook", register_prehook, METH_O,
                          "register_prehook(fn): fn(grad_outputs) before this node runs."},
                         {nullptr, nullptr, 0, nullptr}};
PyGetSetDef getset[] = {{"next_functions", next_functions, nullptr, "(node, output index) of each input.", nullptr},
                        {"metadata", metadata, nullptr, "A dict for the user.", nullptr},
                        {"variable", variable, nullptr, "The leaf, of an AccumulateGrad node.", nullptr},
                        {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {Py_tp_repr, reinterpret_cast<void*>(repr)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, getset},
                       {0, nullptr}};
PyType_Spec spec = {"rushlight.autograd.graph.Node", sizeof(NodeObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

}  // namespace

void init_nodes(PyObject* module) { node_type = add_type(module, spec, "Node"); }

PyObject* wrap_node(const Ptr<Node>& node) {
  if (!node) Py_RETURN_NONE;
  if (PyObject* context = function_context(*node)) return Py_NewRef(context);
  if (node->python_object) return Py_NewRef(static_cast<PyObject*>(node->python_object));
  auto* o = PyObject_New(NodeObject, node_type);
  if (!o) throw PythonError();
  node->retain();
  o->node = node.get();
  o->metadata = nullptr;
  node->python_object = o;
  return reinterpret_cast<PyObject*>(o);
}

PyObject* wrap_edges(const Node& node) {
  Object out(checked(PyTuple_New(static_cast<Py_ssize_t>(node.edges.size()))));
  for (size_t i = 0; i < node.edges.size(); ++i)
    PyTuple_SET_ITEM(out.get(), static_cast<Py_ssize_t>(i),
                     checked(Py_BuildValue("NI", wrap_node(node.edges[i].node), node.edges[i].slot)));
  return out.release();
}

Ptr<Node> unwrap_node(PyObject* o) {
  return Py_TYPE(o) == node_type ? Ptr<Node>::share(node_of(o)) : function_node(o);
}

}  // namespace rl::python
