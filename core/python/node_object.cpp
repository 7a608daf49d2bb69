// grad_fn objects: a thin wrapper over a Node that keeps its identity while it lives.
#include "core/python/node_object.h"

namespace rl::python {
namespace {

struct NodeObject {
  PyObject_HEAD
  Node* node;
};

PyTypeObject* node_type;

Node* node_of(PyObject* o) { return reinterpret_cast<NodeObject*>(o)->node; }

void dealloc(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  Node* node = node_of(o);
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
  return guarded([&] {
    const auto& edges = node_of(o)->edges;
    Object out(checked(PyTuple_New(static_cast<Py_ssize_t>(edges.size()))));
    for (size_t i = 0; i < edges.size(); ++i)
      PyTuple_SET_ITEM(out.get(), static_cast<Py_ssize_t>(i),
                       checked(Py_BuildValue("NI", wrap_node(edges[i].node), edges[i].slot)));
    return out.release();
  });
}

PyMethodDef methods[] = {{"name", name, METH_NOARGS, "The operation's name."}, {nullptr, nullptr, 0, nullptr}};
PyGetSetDef getset[] = {{"next_functions", next_functions, nullptr, "(node, output index) of each input.", nullptr},
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
  if (node->python_object) return Py_NewRef(static_cast<PyObject*>(node->python_object));
  auto* o = PyObject_New(NodeObject, node_type);
  if (!o) throw PythonError();
  node->retain();
  o->node = node.get();
  node->python_object = o;
  return reinterpret_cast<PyObject*>(o);
}

Ptr<Node> unwrap_node(PyObject* o) {
  return Py_TYPE(o) == node_type ? Ptr<Node>::share(node_of(o)) : nullptr;
}

}  // namespace rl::python
