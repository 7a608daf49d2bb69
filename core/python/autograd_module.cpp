// backward(), gradient modes and what else autograd shows to Python.
#include "core/python/autograd_module.h"

#include "core/autograd/engine.h"
#include "core/autograd/grad_mode.h"
#include "core/autograd/variable.h"
#include "core/python/node_object.h"
#include "core/python/tensor_object.h"

namespace rl::python {
namespace {

Edge edge_of_root(const Tensor& t, Py_ssize_t i) {
  Edge edge = gradient_edge(t);
  RL_CHECK(edge, "element ", static_cast<int64_t>(i),
           " of tensors does not require grad and does not have a grad_fn");
  return edge;
}

// run_backward(tensors, grad_tensors, keep_graph, create_graph, inputs, allow_unused, accumulate)
PyObject* run_backward_py(PyObject*, PyObject* args) {
  PyObject *tensors, *grads, *inputs;
  int keep, create, allow_unused, accumulate;
  if (!PyArg_ParseTuple(args, "O!O!ppO!pp", &PyTuple_Type, &tensors, &PyTuple_Type, &grads, &keep, &create,
                        &PyTuple_Type, &inputs, &allow_unused, &accumulate))
    return nullptr;
  return guarded([&]() -> PyObject* {
    BackwardRequest request;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tensors); ++i) {
      const Tensor& t = unwrap(PyTuple_GET_ITEM(tensors, i));
      request.roots.push_back(edge_of_root(t, i));
      request.gradients.push_back(unwrap(PyTuple_GET_ITEM(grads, i)));
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(inputs); ++i) {
      const Tensor& t = unwrap(PyTuple_GET_ITEM(inputs, i));
      RL_CHECK(requires_grad(t), "One of the differentiated Tensors does not require grad");
      request.inputs.push_back(gradient_edge(t));
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
    for (const Tensor& t : out)
      RL_CHECK(t.defined() || allow_unused,
               "One of the differentiated Tensors appears to not have been used in the graph. Set "
               "allow_unused=True if this is the desired behavior.");
    return wrap_tuple(out);
  });
}

PyObject* is_grad_enabled(PyObject*, PyObject*) { return PyBool_FromLong(thread_state().grad_enabled); }
PyObject* set_grad_enabled(PyObject*, PyObject* on) {
  thread_state().grad_enabled = PyObject_IsTrue(on) == 1;
  Py_RETURN_NONE;
}
PyObject* is_inference(PyObject*, PyObject*) { return PyBool_FromLong(thread_state().inference); }
PyObject* set_inference(PyObject*, PyObject* on) {
  thread_state().inference = PyObject_IsTrue(on) == 1;
  Py_RETURN_NONE;
}

PyObject* detach_method(PyObject* o) { return wrap(detach(unwrap(o))); }
PyObject* detach_py(PyObject*, PyObject* o) {
  return guarded([&] { return detach_method(o); });
}

PyMethodDef methods[] = {
    {"run_backward", run_backward_py, METH_VARARGS, "The engine; see rushlight.autograd."},
    {"is_grad_enabled", is_grad_enabled, METH_NOARGS, "Whether operations are recorded."},
    {"_set_grad_enabled", set_grad_enabled, METH_O, "Sets the thread's gradient mode."},
    {"is_inference_mode_enabled", is_inference, METH_NOARGS, "Whether inference mode is on."},
    {"_set_inference_mode", set_inference, METH_O, "Sets the thread's inference mode."},
    {"_detach", detach_py, METH_O, "Shares data and version, drops history."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_autograd(PyObject* module) {
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

}  // namespace rl::python
