// Hooks: each holds its callable until its handle removes it.
#include "core/python/hooks.h"

#include "core/autograd/saved_tensor.h"
#include "core/python/node_object.h"
#include "core/python/tensor_object.h"

namespace rl::python {
namespace {

enum class HookKind : uint8_t { Tensor, Accumulated, Pre, Post };

struct PyHook final : NodeHook {
  PyHook(PyObject* f, HookKind k) : callable(Py_NewRef(f)), kind(k) {}
  ~PyHook() override {
    if (!callable || !Py_IsInitialized()) return;
    const GilAcquire gil;
    Py_DECREF(callable);
  }

  void run(TensorVec& grads, const TensorVec* inputs) override {
    const GilAcquire gil;
    if (!callable) return;  // removed
    const Object f = Object::share(callable);
    if (kind == HookKind::Tensor || kind == HookKind::Accumulated) {
      const Object arg(wrap(grads[0]));
      const Object out(PyObject_CallOneArg(f.get(), arg.get()));
      if (!out) throw PythonError();
      if (kind == HookKind::Tensor) replace(grads[0], out.get());
      return;
    }
    const Object first(wrap_tuple(grads));
    Object out;
    if (kind == HookKind::Pre) {
      out = Object(PyObject_CallOneArg(f.get(), first.get()));
    } else {
      const Object second(wrap_tuple(*inputs));
      out = Object(PyObject_CallFunctionObjArgs(f.get(), first.get(), second.get(), nullptr));
    }
    if (!out) throw PythonError();
    if (out.get() == Py_None) return;
    const bool sequence = PyTuple_Check(out.get()) || PyList_Check(out.get());
    RL_CHECK_TYPE(sequence || grads.size() == 1, "expected hook to return a tuple");
    if (!sequence) return replace(grads[0], out.get());
    RL_CHECK(PySequence_Fast_GET_SIZE(out.get()) == static_cast<Py_ssize_t>(grads.size()),
             "hook has returned an incorrect number of values (got ",
             static_cast<int64_t>(PySequence_Fast_GET_SIZE(out.get())), ", but expected ", grads.size(), ")");
    for (size_t i = 0; i < grads.size(); ++i)
      replace(grads[i], PySequence_Fast_GET_ITEM(out.get(), static_cast<Py_ssize_t>(i)));
  }

  static void replace(Tensor& grad, PyObject* with) {
    if (with == Py_None) return;
    RL_CHECK_TYPE(is_tensor(with), "expected hook to return a Tensor or None, but got ", Py_TYPE(with)->tp_name);
    RL_CHECK(!grad.defined() || unwrap(with).sizes() == grad.sizes(), "hook has changed the size of value");
    grad = unwrap(with);
  }

  PyObject* callable;
  HookKind kind;
};

constexpr const char* kCapsule = "rushlight.hook";

PyObject* make_handle(const std::shared_ptr<PyHook>& hook) {
  auto* held = new std::shared_ptr<PyHook>(hook);
  return PyCapsule_New(held, kCapsule, [](PyObject* capsule) {
    delete static_cast<std::shared_ptr<PyHook>*>(PyCapsule_GetPointer(capsule, kCapsule));
  });
}

PyObject* remove_hook(PyObject*, PyObject* handle) {
  auto* held = static_cast<std::shared_ptr<PyHook>*>(PyCapsule_GetPointer(handle, kCapsule));
  if (!held) return nullptr;
  Py_CLEAR((*held)->callable);
  Py_RETURN_NONE;
}

PyObject* tensor_hook(PyObject*, PyObject* args) {
  PyObject *tensor, *f;
  if (!PyArg_ParseTuple(args, "O!O", tensor_type, &tensor, &f)) return nullptr;
  return guarded([&] {
    auto hook = std::make_shared<PyHook>(f, HookKind::Tensor);
    rl::add_tensor_hook(unwrap(tensor), hook);
    return make_handle(hook);
  });
}

PyObject* accumulate_hook(PyObject*, PyObject* args) {
  PyObject *tensor, *f;
  if (!PyArg_ParseTuple(args, "O!O", tensor_type, &tensor, &f)) return nullptr;
  return guarded([&] {
    auto hook = std::make_shared<PyHook>(f, HookKind::Accumulated);
    make_autograd_meta(unwrap(tensor)).post_accumulate_hooks.push_back(hook);
    return make_handle(hook);
  });
}

PyObject* node_hook(PyObject* args, HookKind kind) {
  PyObject *node, *f;
  if (!PyArg_ParseTuple(args, "OO", &node, &f)) return nullptr;
  return guarded([&] {
    const Ptr<Node> n = unwrap_node(node);
    RL_CHECK_TYPE(n, "expected a node of the graph, not ", Py_TYPE(node)->tp_name);
    return kind == HookKind::Pre ? add_pre_hook(*n, f) : add_post_hook(*n, f);
  });
}
PyObject* node_post_hook(PyObject*, PyObject* args) { return node_hook(args, HookKind::Post); }
PyObject* node_pre_hook(PyObject*, PyObject* args) { return node_hook(args, HookKind::Pre); }

// --- saved tensor hooks
struct PySavedHooks final : SavedTensorHooks {
  PySavedHooks(PyObject* p, PyObject* u) : pack_(Object::share(p)), unpack_(Object::share(u)) {}
  std::shared_ptr<void> pack(const Tensor& t) override {
    const GilAcquire gil;
    const Object arg(wrap(t));
    PyObject* packed = PyObject_CallOneArg(pack_.get(), arg.get());
    if (!packed) throw PythonError();
    return {packed, [](void* p) {
              if (!Py_IsInitialized()) return;
              const GilAcquire gil;
              Py_DECREF(static_cast<PyObject*>(p));
            }};
  }
  Tensor unpack(const std::shared_ptr<void>& packed) override {
    const GilAcquire gil;
    const Object out(PyObject_CallOneArg(unpack_.get(), static_cast<PyObject*>(packed.get())));
    if (!out) throw PythonError();
    RL_CHECK_TYPE(is_tensor(out.get()), "Output of saved tensor unpack_hook expected to be a Tensor but got result "
                  "of type ", Py_TYPE(out.get())->tp_name);
    return unwrap(out.get());
  }
  Object pack_, unpack_;
};

std::vector<std::shared_ptr<SavedTensorHooks>>& saved_hook_stack() {
  static thread_local std::vector<std::shared_ptr<SavedTensorHooks>> stack;
  return stack;
}

PyObject* push_saved_hooks(PyObject*, PyObject* args) {
  PyObject *pack, *unpack;
  if (!PyArg_ParseTuple(args, "OO", &pack, &unpack)) return nullptr;
  saved_hook_stack().push_back(saved_tensor_hooks());
  saved_tensor_hooks() = std::make_shared<PySavedHooks>(pack, unpack);
  Py_RETURN_NONE;
}
PyObject* pop_saved_hooks(PyObject*, PyObject*) {
  saved_tensor_hooks() = std::move(saved_hook_stack().back());
  saved_hook_stack().pop_back();
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"add_tensor_hook", tensor_hook, METH_VARARGS, "add_tensor_hook(tensor, fn) -> handle"},
    {"add_post_accumulate_hook", accumulate_hook, METH_VARARGS, "add_post_accumulate_hook(leaf, fn) -> handle"},
    {"add_node_hook", node_post_hook, METH_VARARGS, "add_node_hook(node, fn) -> handle"},
    {"add_node_prehook", node_pre_hook, METH_VARARGS, "add_node_prehook(node, fn) -> handle"},
    {"remove_hook", remove_hook, METH_O, "remove_hook(handle)"},
    {"push_saved_tensor_hooks", push_saved_hooks, METH_VARARGS, "push_saved_tensor_hooks(pack, unpack)"},
    {"pop_saved_tensor_hooks", pop_saved_hooks, METH_NOARGS, "pop_saved_tensor_hooks()"},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

PyObject* add_pre_hook(Node& node, PyObject* callable) {
  auto hook = std::make_shared<PyHook>(callable, HookKind::Pre);
  node.hooks().pre.push_back(hook);
  return make_handle(hook);
}

PyObject* add_post_hook(Node& node, PyObject* callable) {
  auto hook = std::make_shared<PyHook>(callable, HookKind::Post);
  node.hooks().post.push_back(hook);
  return make_handle(hook);
}

void init_hooks(PyObject* module) {
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

}  // namespace rl::python
