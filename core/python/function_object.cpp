// Custom functions: a graph node whose backward is Python, and the ctx object that stands for it.
#include "core/python/function_object.h"

#include <structmember.h>

#include "core/autograd/grad_mode.h"
#include "core/autograd/saved_tensor.h"
#include "core/ops/ops.h"
#include "core/python/hooks.h"
#include "core/python/saved_object.h"
#include "core/python/tensor_object.h"

namespace rl::python {

class PyNode;

namespace {

PyTypeObject* context_type;

constexpr const char* kDirtyWrite = "a custom Function (mark_dirty)";

struct ContextObject {
  PyObject_HEAD PyNode* node;  // weak: the node holds this object
  PyObject* dict;
  PyObject* to_save;
  PyObject* dirty;
  PyObject* non_differentiable;
  PyObject* needs_input_grad;
  PyObject* metadata;
  std::vector<SavedTensor>* saved;
  SmallVector<Edge, 3>* last_edges;  // of a node that is gone while Python still holds this
  bool materialize;
  bool released;
};

ContextObject* context_of(PyObject* o) { return reinterpret_cast<ContextObject*>(o); }

}  // namespace

// backward() of a Python class, called with the GIL.
class PyNode final : public Node {
 public:
  explicit PyNode(PyObject* context) : context_(Py_NewRef(context)) {}
  ~PyNode() override {
    if (!Py_IsInitialized()) return;
    const GilAcquire gil;
    ContextObject* c = context_of(context_);
    c->node = nullptr;
    if (Py_REFCNT(context_) > 1) c->last_edges = new SmallVector<Edge, 3>(edges);
    Py_DECREF(context_);
  }
  std::string name() const override {
    const GilAcquire gil;
    return Py_TYPE(context_)->tp_name;
  }
  PyObject* context() const { return context_; }

  TensorVec apply(TensorVec&& grads) override {
    const GilAcquire gil;
    ContextObject* c = context_of(context_);
    Object args(checked(PyTuple_New(static_cast<Py_ssize_t>(grads.size()))));
    for (size_t i = 0; i < grads.size(); ++i) {
      Tensor g = grads[i];
      if (!g.defined() && c->materialize && tensor_output[i]) {
        g = empty(slots[i].sizes, slots[i].dtype, slots[i].device);
        copy_into(g, scalar_tensor(Scalar(0), g.dtype()));
      }
      PyTuple_SET_ITEM(args.get(), static_cast<Py_ssize_t>(i), wrap(g));
    }
    const Object method(checked(PyObject_GetAttrString(context_, "_run_backward")));
    Object out(PyObject_CallObject(method.get(), args.get()));
    if (!out) throw PythonError();
    if (!PyTuple_Check(out.get())) out = Object(checked(PyTuple_Pack(1, out.get())));
    // One gradient an input of forward; those of non-tensors must be None.
    const auto given = static_cast<size_t>(PyTuple_GET_SIZE(out.get()));
    size_t count = given;
    while (count > is_tensor_input.size() &&
           PyTuple_GET_ITEM(out.get(), static_cast<Py_ssize_t>(count - 1)) == Py_None)
      --count;
    RL_CHECK(count == is_tensor_input.size(), "function ", name(),
             " returned an incorrect number of gradients (expected ", is_tensor_input.size(),
             ", got ", given, ")");
    TensorVec result;
    for (size_t i = 0; i < count; ++i) {
      PyObject* item = PyTuple_GET_ITEM(out.get(), static_cast<Py_ssize_t>(i));
      if (!is_tensor_input[i]) {
        RL_CHECK(item == Py_None, "function ", name(),
                 " returned a gradient different than None at position ", i + 1,
                 ", but the corresponding forward input was not a Variable");
        continue;
      }
      RL_CHECK(item == Py_None || is_tensor(item), "expected Variable or None (got ",
               Py_TYPE(item)->tp_name, ")");
      result.push_back(item == Py_None ? Tensor() : unwrap(item));
    }
    return result;
  }

  void release_saved() override {
    const GilAcquire gil;
    ContextObject* c = context_of(context_);
    if (c->saved)
      for (SavedTensor& t : *c->saved) t.reset();
    c->released = true;
  }

  std::vector<char> is_tensor_input;
  std::vector<char> tensor_output;  // by slot

 private:
  PyObject* context_;
};

namespace {

int context_traverse(PyObject* o, visitproc visit, void* arg) {
  ContextObject* c = context_of(o);
  Py_VISIT(c->dict);
  Py_VISIT(c->to_save);
  Py_VISIT(c->dirty);
  Py_VISIT(c->non_differentiable);
  Py_VISIT(c->metadata);
  return 0;
}

int context_clear(PyObject* o) {
  ContextObject* c = context_of(o);
  Py_CLEAR(c->dict);
  Py_CLEAR(c->to_save);
  Py_CLEAR(c->dirty);
  Py_CLEAR(c->non_differentiable);
  Py_CLEAR(c->needs_input_grad);
  Py_CLEAR(c->metadata);
  delete std::exchange(c->last_edges, nullptr);
  return 0;
}

PyObject* context_new(PyTypeObject* type, PyObject*, PyObject*) {
  PyObject* o = type->tp_alloc(type, 0);
  if (o) context_of(o)->materialize = true;
  return o;
}

void context_dealloc(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  PyObject_GC_UnTrack(o);
  context_clear(o);
  delete context_of(o)->saved;
  type->tp_free(o);
  if (type == context_type) Py_DECREF(type);
}

PyObject* save_for_backward(PyObject* o, PyObject* tensors) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tensors); ++i) {
    PyObject* t = PyTuple_GET_ITEM(tensors, i);
    if (t == Py_None || is_tensor(t)) continue;
    PyErr_Format(PyExc_TypeError,
                 "save_for_backward can only save variables, but argument %zd is of type %s", i,
                 Py_TYPE(t)->tp_name);
    return nullptr;
  }
  Py_XSETREF(context_of(o)->to_save, Py_NewRef(tensors));
  Py_RETURN_NONE;
}
PyObject* mark_dirty(PyObject* o, PyObject* tensors) {
  Py_XSETREF(context_of(o)->dirty, Py_NewRef(tensors));
  Py_RETURN_NONE;
}
PyObject* mark_non_differentiable(PyObject* o, PyObject* tensors) {
  Py_XSETREF(context_of(o)->non_differentiable, Py_NewRef(tensors));
  Py_RETURN_NONE;
}
PyObject* set_materialize_grads(PyObject* o, PyObject* on) {
  context_of(o)->materialize = PyObject_IsTrue(on) == 1;
  Py_RETURN_NONE;
}

PyObject* saved_tensors(PyObject* o, void*) {
  return guarded([&]() -> PyObject* {
    ContextObject* c = context_of(o);
    if (!c->saved) return c->to_save ? Py_NewRef(c->to_save) : PyTuple_New(0);
    if (c->released && !c->saved->empty()) fail_backward_twice();
    TensorVec list;
    for (const SavedTensor& t : *c->saved) list.push_back(t.unpack(static_cast<Node*>(c->node)));
    return wrap_tuple(list);
  });
}

PyObject* saved_variables(PyObject* o, void* closure) {
  if (PyErr_WarnEx(PyExc_DeprecationWarning, "'saved_variables' is deprecated; use 'saved_tensors'",
                   1) < 0)
    return nullptr;
  return saved_tensors(o, closure);
}

PyObject* raw_saved_tensors(PyObject* o, void*) {
  return guarded([&]() -> PyObject* {
    ContextObject* c = context_of(o);
    const size_t n = c->saved && c->node ? c->saved->size() : 0;
    Object out(checked(PyTuple_New(static_cast<Py_ssize_t>(n))));
    for (size_t i = 0; i < n; ++i)
      PyTuple_SET_ITEM(out.get(), static_cast<Py_ssize_t>(i),
                       wrap_saved(Ptr<Node>::share(static_cast<Node*>(c->node)), (*c->saved)[i]));
    return out.release();
  });
}

PyObject* metadata(PyObject* o, void*) {
  ContextObject* c = context_of(o);
  if (!c->metadata) c->metadata = PyDict_New();
  return Py_XNewRef(c->metadata);
}

PyObject* next_functions(PyObject* o, void*) {
  return guarded([&] {
    const ContextObject* c = context_of(o);
    const auto* edges = c->node ? &c->node->edges : c->last_edges;
    RL_CHECK(edges,
             "Attribute 'next_functions' is invalid for this instance of _C._FunctionBase. "
             "Accessing this "
             "attribute directly on an instance of autograd.Function is a legacy access pattern "
             "that is no longer "
             "supported. For examples on how to use new-style autograd functions, see "
             "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function ");
    return wrap_edges(*edges);
  });
}

// Where `o` stands in a tuple, or -1.
Py_ssize_t find(PyObject* tuple, PyObject* o) {
  if (!tuple) return -1;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); ++i)
    if (PyTuple_GET_ITEM(tuple, i) == o) return i;
  return -1;
}
bool contains(PyObject* tuple, PyObject* o) { return find(tuple, o) >= 0; }

void check_all_tensors(PyObject* tuple, const char* what) {
  for (Py_ssize_t i = 0; tuple && i < PyTuple_GET_SIZE(tuple); ++i)
    RL_CHECK_TYPE(is_tensor(PyTuple_GET_ITEM(tuple, i)), what,
                  " can only be Tensors, but argument ", static_cast<int64_t>(i), " is of type ",
                  Py_TYPE(PyTuple_GET_ITEM(tuple, i))->tp_name);
}

// begin_function(ctx, inputs) -> whether the call is recorded. Sets needs_input_grad.
PyObject* begin_function(PyObject*, PyObject* args) {
  PyObject *context, *inputs;
  if (!PyArg_ParseTuple(args, "O!O!", context_type, &context, &PyTuple_Type, &inputs))
    return nullptr;
  return guarded([&] {
    ContextObject* c = context_of(context);
    const Py_ssize_t n = PyTuple_GET_SIZE(inputs);
    Object needs(checked(PyTuple_New(n)));
    bool any = false;
    for (Py_ssize_t i = 0; i < n; ++i) {
      PyObject* item = PyTuple_GET_ITEM(inputs, i);
      const bool need = is_tensor(item) && requires_grad(unwrap(item));
      any = any || need;
      PyTuple_SET_ITEM(needs.get(), i, Py_NewRef(need ? Py_True : Py_False));
    }
    Py_XSETREF(c->needs_input_grad, needs.release());
    const bool records = any && thread_state().grad_enabled;
    if (records) {
      auto node = make_node<PyNode>(context);
      for (Py_ssize_t i = 0; i < n; ++i) {
        PyObject* item = PyTuple_GET_ITEM(inputs, i);
        node->is_tensor_input.push_back(is_tensor(item));
        if (is_tensor(item)) node->edges.push_back(gradient_edge(unwrap(item)));
      }
      c->node = node.detach();  // given to finish_function
    }
    return PyBool_FromLong(records);
  });
}

// One output of forward, with its place in the graph.
Tensor finish_output(ContextObject* c, const Ptr<PyNode>& node, PyObject* inputs, PyObject* item,
                     bool single) {
  Tensor t = unwrap(item);
  const Py_ssize_t input = find(inputs, item);
  const bool differentiable =
      node && is_differentiable(t.dtype()) && !contains(c->non_differentiable, item);
  if (contains(c->dirty, item)) {
    if (node && differentiable) {
      RL_CHECK(!(is_leaf(t) && requires_grad(t)),
               "a leaf Variable that requires grad has been used in an in-place operation.");
      RL_CHECK(single || !is_view(t),
               "If your Function modifies inplace an input that is a view of another Tensor, your "
               "Function cannot "
               "return more than one Tensor: clone the input, or split the Function.");
      check_inplace(t, true);
      // Edges belong to tensors only.
      size_t edge = 0;
      for (Py_ssize_t i = 0; i < input; ++i) edge += is_tensor(PyTuple_GET_ITEM(inputs, i));
      note_write(t, kDirtyWrite);
      rebase_history(t, node, edge);
    } else {
      if (node) drop_history(t);
      if (node) node->add_slot(t);
      note_write(t, kDirtyWrite);
    }
    return t;
  }
  if (input >= 0) {
    // An input handed back becomes another tensor over the same data.
    const GradModeGuard off(false);
    if (!node) return detach(t);
    t = ops::view_as_self(t);
    make_autograd_meta(t).view_kind = ViewKind::Custom;
  }
  if (!differentiable) {
    if (!node) return t;
    if (input < 0)
      drop_history(t);
    else
      t = detach(t);
    node->add_slot(t);
    return t;
  }
  AutogradMeta& meta = make_autograd_meta(t);
  RL_CHECK(input >= 0 || !meta.requires_grad || meta.grad_fn,
           "a leaf Variable that requires grad was returned by a custom Function without being one "
           "of its inputs");
  if (meta.base.defined()) meta.view_kind = single ? ViewKind::Custom : ViewKind::MultiOutput;
  set_history(t, node);
  return t;
}

// finish_function(ctx, inputs, outputs, records, setup) -> outputs with their history. `setup`: the
// context was filled by setup_context.
PyObject* finish_function(PyObject*, PyObject* args) {
  PyObject *context, *inputs, *outputs;
  int records, setup;
  if (!PyArg_ParseTuple(args, "O!O!O!pp", context_type, &context, &PyTuple_Type, &inputs,
                        &PyTuple_Type, &outputs, &records, &setup))
    return nullptr;
  return guarded([&] {
    ContextObject* c = context_of(context);
    const Ptr<PyNode> node = records ? Ptr<PyNode>::adopt(c->node) : nullptr;
    check_all_tensors(c->dirty, "mark_dirty arguments");
    check_all_tensors(c->non_differentiable, "mark_non_differentiable arguments");
    for (Py_ssize_t i = 0; c->dirty && i < PyTuple_GET_SIZE(c->dirty); ++i)
      RL_CHECK(contains(outputs, PyTuple_GET_ITEM(c->dirty, i)),
               "Some elements marked as dirty during the forward method were not returned as "
               "output. The inputs that "
               "are modified inplace must all be outputs of the Function.");
    const Py_ssize_t n = PyTuple_GET_SIZE(outputs);
    Py_ssize_t differentiable = 0;
    for (Py_ssize_t i = 0; i < n; ++i) {
      PyObject* item = PyTuple_GET_ITEM(outputs, i);
      differentiable += is_tensor(item) && is_differentiable(unwrap(item).dtype()) &&
                        !contains(c->non_differentiable, item);
      RL_CHECK(!setup || !node || !is_tensor(item) || !contains(inputs, item) ||
                   contains(c->dirty, item) || !contains(c->to_save, item),
               "An input that has been returned as-is as output is being saved for backward. This "
               "is not supported "
               "if you override setup_context: return and save a view of the input instead, e.g. "
               "x.view_as(x).");
    }
    Object result(checked(PyTuple_New(n)));
    for (Py_ssize_t i = 0; i < n; ++i) {
      PyObject* item = PyTuple_GET_ITEM(outputs, i);
      if (node) node->tensor_output.push_back(is_tensor(item));
      if (is_tensor(item)) {
        PyTuple_SET_ITEM(result.get(), i,
                         wrap(finish_output(c, node, inputs, item, differentiable == 1)));
      } else {
        if (node) node->slots.emplace_back();
        PyTuple_SET_ITEM(result.get(), i, Py_NewRef(item));
      }
    }
    if (node) {
      delete c->saved;
      c->saved = new std::vector<SavedTensor>;
      for (Py_ssize_t i = 0; c->to_save && i < PyTuple_GET_SIZE(c->to_save); ++i) {
        PyObject* item = PyTuple_GET_ITEM(c->to_save, i);
        const Tensor t = item == Py_None ? Tensor() : unwrap(item);
        const bool is_output =
            t.defined() && !is_leaf(t) && autograd_meta(t)->grad_fn.get() == node.get();
        c->saved->emplace_back(t, is_output);
      }
      Py_CLEAR(c->to_save);
    }
    return result.release();
  });
}

// abandon_function(ctx): forward raised.
PyObject* abandon_function(PyObject*, PyObject* context) {
  return guarded([&]() -> PyObject* {
    ContextObject* c = context_of(context);
    if (c->node) Ptr<PyNode>::adopt(c->node);
    Py_RETURN_NONE;
  });
}

PyMethodDef context_methods[] = {
    {"save_for_backward", save_for_backward, METH_VARARGS,
     "Keeps inputs and outputs for backward."},
    {"mark_dirty", mark_dirty, METH_VARARGS, "These inputs were written in place."},
    {"mark_non_differentiable", mark_non_differentiable, METH_VARARGS,
     "These outputs carry no gradient."},
    {"set_materialize_grads", set_materialize_grads, METH_O,
     "False: missing gradients come as None instead of zeros."},
    {nullptr, nullptr, 0, nullptr}};
PyGetSetDef context_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, "Attributes.", nullptr},
    {"saved_tensors", saved_tensors, nullptr, "What save_for_backward kept.", nullptr},
    {"saved_variables", saved_variables, nullptr, "What save_for_backward kept.", nullptr},
    {"_raw_saved_tensors", raw_saved_tensors, nullptr, "The same as objects that take hooks.",
     nullptr},
    {"metadata", metadata, nullptr, "A dict for the user.", nullptr},
    {"next_functions", next_functions, nullptr, "(node, output index) of each tensor input.",
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMemberDef context_members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(ContextObject, dict), READONLY, nullptr},
    {"needs_input_grad", T_OBJECT, offsetof(ContextObject, needs_input_grad), 0, nullptr},
    {"non_differentiable", T_OBJECT, offsetof(ContextObject, non_differentiable), 0, nullptr},
    {"dirty_tensors", T_OBJECT, offsetof(ContextObject, dirty), 0, nullptr},
    {"materialize_grads", T_BOOL, offsetof(ContextObject, materialize), 0, nullptr},
    {"to_save", T_OBJECT, offsetof(ContextObject, to_save), 0, nullptr},
    {nullptr, 0, 0, 0, nullptr}};
PyType_Slot context_slots[] = {{Py_tp_new, reinterpret_cast<void*>(context_new)},
                               {Py_tp_dealloc, reinterpret_cast<void*>(context_dealloc)},
                               {Py_tp_traverse, reinterpret_cast<void*>(context_traverse)},
                               {Py_tp_clear, reinterpret_cast<void*>(context_clear)},
                               {Py_tp_methods, context_methods},
                               {Py_tp_getset, context_getset},
                               {Py_tp_members, context_members},
                               {0, nullptr}};
PyType_Spec context_spec = {"rushlight._C._FunctionBase", sizeof(ContextObject), 0,
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                            context_slots};

PyMethodDef methods[] = {
    {"begin_function", begin_function, METH_VARARGS, "begin_function(ctx, inputs)"},
    {"finish_function", finish_function, METH_VARARGS,
     "finish_function(ctx, inputs, outputs, records, setup)"},
    {"abandon_function", abandon_function, METH_O, "abandon_function(ctx)"},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_functions(PyObject* module) {
  context_type = add_type(module, context_spec, "_FunctionBase");
  for (PyMethodDef* m = node_methods; m->ml_name; ++m) {
    const Object method(checked(PyDescr_NewMethod(context_type, m)));
    if (PyObject_SetAttrString(reinterpret_cast<PyObject*>(context_type), m->ml_name,
                               method.get()) < 0)
      throw PythonError();
  }
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

PyObject* function_context(Node& node) {
  auto* p = dynamic_cast<PyNode*>(&node);
  return p ? p->context() : nullptr;
}

Ptr<Node> function_node(PyObject* o) {
  if (!PyObject_TypeCheck(o, context_type) || !context_of(o)->node) return nullptr;
  return Ptr<Node>::share(context_of(o)->node);
}

}  // namespace rl::python
