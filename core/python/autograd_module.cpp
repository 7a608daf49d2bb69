// backward(), gradient modes and what else autograd shows to Python.
#include "core/python/autograd_module.h"

#include "core/autograd/engine.h"
#include "core/autograd/grad_mode.h"
#include "core/autograd/variable.h"
#include "core/python/node_object.h"
#include "core/python/tensor_object.h"
#include "core/python/types.h"

namespace rl::python {
namespace {

// A tensor's gradient edge, or the one that a (node, slot) tuple stands for.
Edge edge_of(PyObject* o) {
  if (is_tensor(o)) return gradient_edge(unwrap(o));
  PyObject* node;
  unsigned slot;
  if (!PyArg_ParseTuple(o, "OI", &node, &slot)) throw PythonError();
  const Ptr<Node> found = unwrap_node(node);
  RL_CHECK_TYPE(found, "expected a node of the graph, not ", Py_TYPE(node)->tp_name);
  RL_CHECK_INDEX(slot < found->slots.size(), "output ", static_cast<int64_t>(slot), " of ",
                 found->name(), " does not exist");
  return {found, slot};
}

// run_backward(tensors, grad_tensors, keep_graph, create_graph, inputs, allow_unused, accumulate)
PyObject* run_backward_py(PyObject*, PyObject* args) {
  PyObject *tensors, *grads, *inputs;
  int keep, create, allow_unused, accumulate;
  if (!PyArg_ParseTuple(args, "O!O!ppO!pp", &PyTuple_Type, &tensors, &PyTuple_Type, &grads, &keep,
                        &create, &PyTuple_Type, &inputs, &allow_unused, &accumulate))
    return nullptr;
  return guarded([&]() -> PyObject* {
    BackwardRequest request;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tensors); ++i) {
      request.roots.push_back(edge_of(PyTuple_GET_ITEM(tensors, i)));
      RL_CHECK(request.roots.back(), "element ", static_cast<int64_t>(i),
               " of tensors does not require grad and does not have a grad_fn");
      request.gradients.push_back(unwrap(PyTuple_GET_ITEM(grads, i)));
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(inputs); ++i) {
      PyObject* item = PyTuple_GET_ITEM(inputs, i);
      if (is_tensor(item)) {
        if (accumulate) retain_grad(unwrap(item));
        RL_CHECK(requires_grad(unwrap(item)),
                 "One of the differentiated Tensors does not require grad");
      }
      request.inputs.push_back(edge_of(item));
    }
    request.keep_graph = keep;
    request.create_graph = create;
    request.accumulate = accumulate;
    const bool returns = !request.inputs.empty() && !accumulate;
    TensorVec out;
    {
      const GilRelease gil;
      out = run_backward(std::move(request));
    }
    if (!returns) Py_RETURN_NONE;
    for (size_t i = 0; i < out.size(); ++i)
      RL_CHECK(out[i].defined() || allow_unused, "The differentiated Tensor at index ", i,
               " appears to not have been used in the graph. Set allow_unused=True if this is the "
               "desired behavior.");
    return wrap_tuple(out);
  });
}

// slot_metadata(node, slot) -> (sizes, dtype) of that output
PyObject* slot_metadata(PyObject*, PyObject* edge) {
  return guarded([&] {
    const Edge e = edge_of(edge);
    const SlotMeta& slot = e.node->slots[e.slot];
    return checked(Py_BuildValue("NN", wrap_size(slot.sizes), wrap(slot.dtype)));
  });
}

PyObject* increment_version(PyObject*, PyObject* tensor) {
  return guarded([&]() -> PyObject* {
    RL_CHECK_TYPE(is_tensor(tensor), "increment_version expects a Tensor, not ",
                  Py_TYPE(tensor)->tp_name);
    RL_CHECK(!unwrap(tensor).impl()->inference, "Inference tensors do not track version counter.");
    note_write(unwrap(tensor), "increment_version");
    Py_RETURN_NONE;
  });
}

PyObject* pass_id(PyObject*, PyObject*) { return PyLong_FromUnsignedLongLong(current_pass()); }
PyObject* goes_everywhere(PyObject*, PyObject*) { return PyBool_FromLong(pass_goes_everywhere()); }
PyObject* will_run(PyObject*, PyObject* node) {
  return guarded([&] { return PyBool_FromLong(pass_will_run(unwrap_node(node).get())); });
}

PyObject* is_grad_enabled(PyObject*, PyObject*) {
  return PyBool_FromLong(thread_state().grad_enabled);
}
PyObject* set_grad_enabled(PyObject*, PyObject* on) {
  thread_state().grad_enabled = PyObject_IsTrue(on) == 1;
  Py_RETURN_NONE;
}
PyObject* is_inference(PyObject*, PyObject*) { return PyBool_FromLong(thread_state().inference); }
PyObject* set_inference(PyObject*, PyObject* on) {
  thread_state().inference = PyObject_IsTrue(on) == 1;
  Py_RETURN_NONE;
}

PyObject* gradient_edge_py(PyObject*, PyObject* o) {
  return guarded([&] {
    RL_CHECK_TYPE(is_tensor(o), "expected a Tensor, not ", Py_TYPE(o)->tp_name);
    const Edge edge = gradient_edge(unwrap(o));
    RL_CHECK(edge, "Can't get a gradient edge of a tensor that does not require grad");
    return checked(Py_BuildValue("NI", wrap_node(edge.node), edge.slot));
  });
}

PyObject* queue_callback_py(PyObject*, PyObject* f) {
  return guarded([&]() -> PyObject* {
    const std::shared_ptr<PyObject> held(Py_NewRef(f), [](PyObject* p) {
      const GilAcquire gil;
      Py_DECREF(p);
    });
    queue_callback([held] {
      const GilAcquire gil;
      const Object out(PyObject_CallNoArgs(held.get()));
      if (!out) throw PythonError();
    });
    Py_RETURN_NONE;
  });
}

PyObject* current_node_py(PyObject*, PyObject*) {
  return guarded([&] { return wrap_node(Ptr<Node>::share(current_node())); });
}

// --- anomaly mode
PyObject* set_anomaly(PyObject*, PyObject* args) {
  int on, check_nan;
  if (!PyArg_ParseTuple(args, "pp", &on, &check_nan)) return nullptr;
  thread_state().anomaly = on;
  thread_state().anomaly_check_nan = check_nan;
  Py_RETURN_NONE;
}
PyObject* is_anomaly(PyObject*, PyObject*) { return PyBool_FromLong(thread_state().anomaly); }
PyObject* is_anomaly_check_nan(PyObject*, PyObject*) {
  return PyBool_FromLong(thread_state().anomaly_check_nan);
}

// The line of the program that runs, library code left out; see rushlight/autograd/anomaly_mode.py.
std::string program_line() {
  const GilAcquire gil;
  const Object module(PyImport_ImportModule("rushlight.autograd.anomaly_mode"));
  const Object text(module ? PyObject_CallMethod(module.get(), "program_line", nullptr) : nullptr);
  const char* chars = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
  if (!chars) throw PythonError();
  return chars;
}

// The Python stack, as text.
std::shared_ptr<Trace> python_stack() {
  const GilAcquire gil;
  const Object traceback(PyImport_ImportModule("traceback"));
  const Object lines(traceback ? PyObject_CallMethod(traceback.get(), "format_stack", nullptr)
                               : nullptr);
  const Object empty(PyUnicode_FromString(""));
  const Object text(lines ? PyUnicode_Join(empty.get(), lines.get()) : nullptr);
  if (!text) throw PythonError();
  return std::make_shared<Trace>(Trace{PyUnicode_AsUTF8(text.get()), program_line()});
}

// Shows where the failing node was made, and the nodes whose backward made it.
void explain_failure(const Node& node) {
  if (!thread_state().anomaly) return;
  const GilAcquire gil;
  const auto warn = [](const std::string& text) {
    if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 1) < 0) throw PythonError();
  };
  if (!node.trace) {
    return warn(str("Error detected in ", node.name(),
                    ". No forward pass information available. Enable detect "
                    "anomaly during forward pass for more information."));
  }
  warn(str("Error detected in ", node.name(),
           ". Traceback of forward call that caused the error:\n", node.trace->stack));
  for (const Node* at = node.trace_parent.get(); at; at = at->trace_parent.get()) {
    if (!at->trace) {
      return warn(str("\nPrevious calculation was induced by ", at->name(),
                      ". No forward pass information available. Enable detect anomaly during "
                      "forward pass for more "
                      "information."));
    }
    warn(str("\n\nPrevious calculation was induced by ", at->name(),
             ". Traceback of forward call that induced the previous calculation:\n",
             at->trace->stack));
  }
}

PyMethodDef methods[] = {
    {"run_backward", run_backward_py, METH_VARARGS, "The engine; see rushlight.autograd."},
    {"is_grad_enabled", is_grad_enabled, METH_NOARGS, "Whether operations are recorded."},
    {"_set_grad_enabled", set_grad_enabled, METH_O, "Sets the thread's gradient mode."},
    {"is_inference_mode_enabled", is_inference, METH_NOARGS, "Whether inference mode is on."},
    {"_set_inference_mode", set_inference, METH_O, "Sets the thread's inference mode."},
    {"get_gradient_edge", gradient_edge_py, METH_O, "(node, slot) a tensor's gradient goes to."},
    {"slot_metadata", slot_metadata, METH_VARARGS,
     "slot_metadata(node, slot) -> (sizes, dtype) of that output."},
    {"increment_version", increment_version, METH_O, "Counts an in-place write."},
    {"backward_pass_id", pass_id, METH_NOARGS,
     "A number for the running backward pass, 0 outside."},
    {"backward_goes_everywhere", goes_everywhere, METH_NOARGS,
     "False where only chosen inputs get gradients."},
    {"node_will_run", will_run, METH_O, "Whether the running backward pass reaches the node."},
    {"queue_callback", queue_callback_py, METH_O, "Calls f() when the running backward pass ends."},
    {"current_graph_node", current_node_py, METH_NOARGS, "The node whose backward runs."},
    {"set_anomaly_enabled", set_anomaly, METH_VARARGS, "set_anomaly_enabled(on, check_nan)"},
    {"is_anomaly_enabled", is_anomaly, METH_NOARGS, "Whether nodes record where they were made."},
    {"is_anomaly_check_nan_enabled", is_anomaly_check_nan, METH_NOARGS,
     "Whether backward checks for NaN."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_autograd(PyObject* module) {
  engine_callbacks.on_error = explain_failure;
  engine_callbacks.make_trace = python_stack;
  engine_callbacks.program_line = program_line;
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

}  // namespace rl::python
