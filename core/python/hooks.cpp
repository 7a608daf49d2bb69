// Hooks: each holds its callable until its handle removes it.
#include "core/python/hooks.h"

#include "core/autograd/engine.h"
#include "core/autograd/saved_tensor.h"
#include "core/python/node_object.h"
#include "core/python/tensor_object.h"

namespace rl::python {
namespace {

enum class HookKind : uint8_t { Tensor, Accumulated, Pre, Post };

struct PyHook final : NodeHook {
  PyHook(PyObject* f, HookKind k) : callable(Py_NewRef(f)), kind(k) {
    static uint64_t next = 0;
    id = next++;
  }
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
      if (kind == HookKind::Tensor) replace(grads[0], out.get(), f.get());
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
    RL_CHECK_TYPE(sequence || grads.size() == 1,
                  "expected hook to return a tuple of gradients, but got ",
                  Py_TYPE(out.get())->tp_name);
    if (!sequence) return replace(grads[0], out.get(), f.get());
    RL_CHECK(PySequence_Fast_GET_SIZE(out.get()) == static_cast<Py_ssize_t>(grads.size()),
             hook_name(f.get()), " has returned an incorrect number of values (got ",
             static_cast<int64_t>(PySequence_Fast_GET_SIZE(out.get())), ", but expected ",
             grads.size(), ")");
    for (size_t i = 0; i < grads.size(); ++i)
      replace(grads[i], PySequence_Fast_GET_ITEM(out.get(), static_cast<Py_ssize_t>(i)), f.get());
  }

  // "hook 'scale'", as error texts begin.
  static std::string hook_name(PyObject* f) {
    const Object name(PyObject_GetAttrString(f, "__name__"));
    const char* text = name ? PyUnicode_AsUTF8(name.get()) : nullptr;
    if (!text) PyErr_Clear();
    return str("hook '", text ? text : "<unknown>", "'");
  }

  static void replace(Tensor& grad, PyObject* with, PyObject* f) {
    if (with == Py_None) return;
    RL_CHECK_TYPE(is_tensor(with), "expected Variable, but hook returned '", Py_TYPE(with)->tp_name,
                  "'");
    if (grad.defined()) {
      RL_CHECK(unwrap(with).dtype() == grad.dtype(), hook_name(f),
               " has changed the type of value (was torch.", legacy_name(grad.dtype()),
               "Tensor got torch.", legacy_name(unwrap(with).dtype()), "Tensor)");
      RL_CHECK(unwrap(with).sizes() == grad.sizes(), hook_name(f),
               " has changed the size of value");
    }
    grad = unwrap(with);
  }

  bool alive() const override { return callable != nullptr; }

  PyObject* callable;
  HookKind kind;
  uint64_t id;
};

// --- handles
struct HandleObject {
  PyObject_HEAD std::shared_ptr<PyHook> hook;
};

PyTypeObject* handle_type;

PyHook& hook_of(PyObject* handle) { return *reinterpret_cast<HandleObject*>(handle)->hook; }

void handle_dealloc(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  std::destroy_at(&reinterpret_cast<HandleObject*>(o)->hook);
  type->tp_free(o);
  Py_DECREF(type);
}
PyObject* handle_remove(PyObject* o, PyObject*) {
  Py_CLEAR(hook_of(o).callable);
  Py_RETURN_NONE;
}
PyObject* handle_enter(PyObject* o, PyObject*) { return Py_NewRef(o); }
PyObject* handle_exit(PyObject* o, PyObject*) { return handle_remove(o, nullptr); }
PyObject* handle_id(PyObject* o, void*) { return PyLong_FromUnsignedLongLong(hook_of(o).id); }

PyMethodDef handle_methods[] = {
    {"remove", handle_remove, METH_NOARGS, "The hook is not called again."},
    {"__enter__", handle_enter, METH_NOARGS, "The handle."},
    {"__exit__", handle_exit, METH_VARARGS, "Removes the hook."},
    {nullptr, nullptr, 0, nullptr}};
PyGetSetDef handle_getset[] = {
    {"id", handle_id, nullptr, "Numbers hooks in order of registration.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyType_Slot handle_slots[] = {
    {Py_tp_dealloc, reinterpret_cast<void*>(handle_dealloc)},
    {Py_tp_methods, handle_methods},
    {Py_tp_getset, handle_getset},
    {Py_tp_doc, const_cast<char*>("remove() takes a hook away; also a context manager.")},
    {0, nullptr}};
PyType_Spec handle_spec = {"rushlight._C.HookHandle", sizeof(HandleObject), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, handle_slots};

PyObject* make_handle(const std::shared_ptr<PyHook>& hook) {
  auto* o = PyObject_New(HandleObject, handle_type);
  if (!o) throw PythonError();
  std::construct_at(&o->hook, hook);
  return reinterpret_cast<PyObject*>(o);
}

// Hooks of a tensor may close over it: the collector has to see it.
void track(PyObject* tensor) {
  if (!PyObject_GC_IsTracked(tensor)) PyObject_GC_Track(tensor);
}

PyObject* tensor_hook(PyObject*, PyObject* args) {
  PyObject *tensor, *f;
  if (!PyArg_ParseTuple(args, "O!O", tensor_type, &tensor, &f)) return nullptr;
  return guarded([&] {
    auto hook = std::make_shared<PyHook>(f, HookKind::Tensor);
    rl::add_tensor_hook(unwrap(tensor), hook);
    track(tensor);
    return make_handle(hook);
  });
}

PyObject* accumulate_hook(PyObject*, PyObject* args) {
  PyObject *tensor, *f;
  if (!PyArg_ParseTuple(args, "O!O", tensor_type, &tensor, &f)) return nullptr;
  return guarded([&] {
    auto hook = std::make_shared<PyHook>(f, HookKind::Accumulated);
    add_hook(make_autograd_meta(unwrap(tensor)).post_accumulate_hooks, hook);
    track(tensor);
    return make_handle(hook);
  });
}

// --- saved tensor hooks
struct PySavedHooks final : SavedTensorHooks {
  PySavedHooks(PyObject* p, PyObject* u) : pack_(Object::share(p)), unpack_(Object::share(u)) {}
  std::shared_ptr<void> pack(const Tensor& t, bool is_output) override {
    const GilAcquire gil;
    const Object arg(wrap(t));
    PyObject* packed = PyObject_CallOneArg(pack_.get(), arg.get());
    if (!packed) throw PythonError();
    // An output whose history is the node that keeps it would keep itself alive.
    if (is_output && packed == arg.get()) Py_SETREF(packed, wrap(detach(t)));
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
    RL_CHECK_TYPE(is_tensor(out.get()),
                  "Output of saved tensor unpack_hook expected to be a Tensor but got result "
                  "of type ",
                  Py_TYPE(out.get())->tp_name);
    return unwrap(out.get());
  }
  ~PySavedHooks() override {
    if (!Py_IsInitialized()) {
      pack_.release();
      unpack_.release();
      return;
    }
    const GilAcquire gil;
    pack_ = Object();
    unpack_ = Object();
  }
  Object pack_, unpack_;
};

const char* checked_text(PyObject* o) {
  const char* text = PyUnicode_AsUTF8(o);
  if (!text) throw PythonError();
  return text;
}

std::vector<std::shared_ptr<SavedTensorHooks>>& saved_hook_stack() {
  static thread_local std::vector<std::shared_ptr<SavedTensorHooks>> stack;
  return stack;
}

PyObject* push_saved_hooks(PyObject*, PyObject* args) {
  PyObject *pack, *unpack;
  if (!PyArg_ParseTuple(args, "OO", &pack, &unpack)) return nullptr;
  return guarded([&]() -> PyObject* {
    if (const auto& refusal = saved_tensor_hooks_refusal()) fail(ErrorType::Runtime, *refusal);
    saved_hook_stack().push_back(saved_tensor_hooks());
    saved_tensor_hooks() = make_saved_hooks(pack, unpack);
    Py_RETURN_NONE;
  });
}
PyObject* pop_saved_hooks(PyObject*, PyObject*) {
  saved_tensor_hooks() = std::move(saved_hook_stack().back());
  saved_hook_stack().pop_back();
  Py_RETURN_NONE;
}
// refuse_saved_tensor_hooks(text or None) -> the text before
PyObject* refuse_saved_hooks(PyObject*, PyObject* text) {
  return guarded([&]() -> PyObject* {
    auto& refusal = saved_tensor_hooks_refusal();
    const auto before = refusal;
    if (text == Py_None)
      refusal.reset();
    else
      refusal = std::make_shared<const std::string>(checked_text(text));
    if (refusal && saved_tensor_hooks()) {
      const std::string reason = *refusal;
      refusal = before;
      fail(ErrorType::Runtime, reason);
    }
    return before ? PyUnicode_FromString(before->c_str()) : Py_NewRef(Py_None);
  });
}

PyMethodDef methods[] = {
    {"add_tensor_hook", tensor_hook, METH_VARARGS, "add_tensor_hook(tensor, fn) -> handle"},
    {"add_post_accumulate_hook", accumulate_hook, METH_VARARGS,
     "add_post_accumulate_hook(leaf, fn) -> handle"},
    {"push_saved_tensor_hooks", push_saved_hooks, METH_VARARGS,
     "push_saved_tensor_hooks(pack, unpack)"},
    {"pop_saved_tensor_hooks", pop_saved_hooks, METH_NOARGS, "pop_saved_tensor_hooks()"},
    {"refuse_saved_tensor_hooks", refuse_saved_hooks, METH_O,
     "refuse_saved_tensor_hooks(text or None) -> the text before: why saving through hooks fails."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

PyObject* add_node_hook(Node& node, PyObject* callable, bool before) {
  auto hook = std::make_shared<PyHook>(callable, before ? HookKind::Pre : HookKind::Post);
  add_hook(before ? node.hooks().pre : node.hooks().post, hook);
  return make_handle(hook);
}

std::shared_ptr<SavedTensorHooks> make_saved_hooks(PyObject* pack, PyObject* unpack) {
  return std::make_shared<PySavedHooks>(pack, unpack);
}

int traverse_tensor_hooks(const AutogradMeta& meta, visitproc visit, void* arg) {
  for (const auto* list : {&meta.hooks, &meta.post_accumulate_hooks})
    for (const auto& hook : *list) Py_VISIT(static_cast<PyHook&>(*hook).callable);
  return 0;
}

void clear_tensor_hooks(AutogradMeta& meta) {
  for (auto* list : {&meta.hooks, &meta.post_accumulate_hooks}) {
    const auto held = std::move(*list);
    list->clear();
    for (const auto& hook : held) Py_CLEAR(static_cast<PyHook&>(*hook).callable);
  }
}

void init_hooks(PyObject* module) {
  handle_type = add_type(module, handle_spec, "HookHandle");
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

}  // namespace rl::python
