// Note [Who owns whom]
// A tensor has at most one Python object. Usually the object holds a reference to the TensorImpl.
// When Python drops its last reference while C++ still holds the tensor (say, in a graph), and the
// object carries attributes or is of a subclass, the object survives and the TensorImpl owns it
// instead, until Python asks for the tensor again. A plain object is simply remade.
#include "core/python/tensor_object.h"

#include <structmember.h>

#include "core/autograd/variable.h"
#include "core/ops/ops.h"
#include "core/python/arguments.h"
#include "core/python/buffer.h"
#include "core/python/hooks.h"
#include "core/python/node_object.h"
#include "core/python/op_object.h"
#include "core/python/overrides.h"
#include "core/python/storage_object.h"
#include "core/python/types.h"

namespace rl::python {

PyTypeObject* tensor_type = nullptr;
PyObject* legacy_constructor = nullptr;

namespace {

// Freed plain objects, ready for reuse.
constexpr int kFreeLimit = 256;
TensorObject* free_objects[kFreeLimit];
int free_count = 0;

TensorObject* self_of(PyObject* o) { return reinterpret_cast<TensorObject*>(o); }

bool must_survive(TensorObject* self) {
  return (self->dict && PyDict_GET_SIZE(self->dict) > 0) || Py_TYPE(self) != tensor_type ||
         self->weakrefs;
}

void tensor_finalize(PyObject* o) {
  TensorObject* self = self_of(o);
  TensorImpl* impl = self->impl;
  if (!impl || impl->owns_python_object || impl->use_count() <= 1 || !must_survive(self)) return;
  impl->owns_python_object = true;
  Py_INCREF(o);  // the impl's reference
  // The object may be finalised again in its next life.
  auto* head = reinterpret_cast<uintptr_t*>(o) - 1;
  *head &= ~uintptr_t{1};
  impl->release();
}

void tensor_dealloc(PyObject* o) {
  TensorObject* self = self_of(o);
  PyTypeObject* type = Py_TYPE(o);
  if (type == tensor_type) {
    if (self->impl && self->impl->use_count() > 1 && must_survive(self)) {
      if (PyObject_CallFinalizerFromDealloc(o) < 0) return;
    }
    if (PyObject_GC_IsTracked(o)) PyObject_GC_UnTrack(o);
    if (self->weakrefs) PyObject_ClearWeakRefs(o);
    Py_CLEAR(self->dict);
  }
  if (TensorImpl* impl = self->impl) {
    self->impl = nullptr;
    impl->python_object = nullptr;
    impl->release();
  }
  if (type == tensor_type && free_count < kFreeLimit) {
    free_objects[free_count++] = self;
    return;  // keeps its reference to the type
  }
  type->tp_free(o);
  if (type == tensor_type) Py_DECREF(type);
}

int tensor_traverse(PyObject* o, visitproc visit, void* arg) {
  TensorObject* self = self_of(o);
  Py_VISIT(self->dict);
  if (Py_TYPE(o) == tensor_type) Py_VISIT(Py_TYPE(o));
  // What only this object keeps alive belongs to it.
  if (self->impl && self->impl->use_count() == 1)
    if (const AutogradMeta* meta = autograd_meta(unwrap(o)))
      return traverse_tensor_hooks(*meta, visit, arg);
  return 0;
}

int tensor_clear(PyObject* o) {
  TensorObject* self = self_of(o);
  Py_CLEAR(self->dict);
  if (self->impl && self->impl->use_count() == 1)
    if (AutogradMeta* meta = autograd_meta(unwrap(o))) clear_tensor_hooks(*meta);
  return 0;
}

PyObject* new_object() {
  TensorObject* self;
  if (free_count > 0) {
    self = free_objects[--free_count];
    // A recycled object still has its type; only the count starts anew.
    Py_SET_REFCNT(reinterpret_cast<PyObject*>(self), 1);
  } else {
    // Not tracked by the collector: a plain tensor without attributes is in no cycle.
    self = PyObject_GC_New(TensorObject, tensor_type);
    if (!self) throw PythonError();
  }
  self->impl = nullptr;
  self->dict = nullptr;
  self->weakrefs = nullptr;
  return reinterpret_cast<PyObject*>(self);
}

void bind(PyObject* o, const Tensor& t) {
  t.impl()->retain();
  t.impl()->python_object = o;
  self_of(o)->impl = t.impl();
}

// A dying impl takes its Python object along.
void release_python_object(TensorImpl* impl) {
  if (!Py_IsInitialized()) return;
  const GilAcquire gil;
  auto* o = static_cast<PyObject*>(impl->python_object);
  self_of(o)->impl = nullptr;
  impl->python_object = nullptr;
  Py_DECREF(o);
}

int tensor_setattro(PyObject* o, PyObject* name, PyObject* value) {
  const int status = PyObject_GenericSetAttr(o, name, value);
  if (self_of(o)->dict && !PyObject_GC_IsTracked(o)) PyObject_GC_Track(o);
  return status;
}

PyObject* tensor_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  if (!legacy_constructor) {
    PyErr_SetString(PyExc_RuntimeError, "rushlight is not imported");
    return nullptr;
  }
  return PyObject_CallFunctionObjArgs(legacy_constructor, type, args, kwargs ? kwargs : Py_None,
                                      nullptr);
}

// --- attributes
PyObject* get_shape(PyObject* o, void*) { return wrap_size(unwrap(o).sizes()); }
PyObject* get_dtype(PyObject* o, void*) { return wrap(unwrap(o).dtype()); }
PyObject* get_device(PyObject* o, void*) { return wrap(unwrap(o).device()); }
PyObject* get_layout(PyObject*, void*) { return wrap(Layout::Strided); }
PyObject* get_ndim(PyObject* o, void*) { return PyLong_FromLongLong(unwrap(o).dim()); }
PyObject* get_itemsize(PyObject* o, void*) { return PyLong_FromSize_t(unwrap(o).item_size()); }
PyObject* get_nbytes(PyObject* o, void*) {
  return PyLong_FromSize_t(unwrap(o).item_size() * static_cast<size_t>(unwrap(o).numel()));
}
PyObject* get_is_leaf(PyObject* o, void*) { return PyBool_FromLong(is_leaf(unwrap(o))); }
PyObject* get_requires_grad(PyObject* o, void*) {
  return PyBool_FromLong(requires_grad(unwrap(o)));
}
PyObject* get_version(PyObject* o, void*) {
  return guarded([&] {
    RL_CHECK(!unwrap(o).impl()->inference, "Inference tensors do not track version counter.");
    return PyLong_FromUnsignedLong(unwrap(o).version());
  });
}
PyObject* get_retains_grad(PyObject* o, void*) {
  const AutogradMeta* m = autograd_meta(unwrap(o));
  return PyBool_FromLong(m && m->retains_grad);
}
PyObject* get_output_nr(PyObject* o, void*) {
  const AutogradMeta* m = autograd_meta(unwrap(o));
  return PyLong_FromUnsignedLong(m ? m->output_nr : 0);
}
PyObject* get_grad_fn(PyObject* o, void*) {
  return guarded([&] { return wrap_node(grad_fn(unwrap(o))); });
}
PyObject* get_base(PyObject* o, void*) {
  return guarded([&]() -> PyObject* {
    if (!is_view(unwrap(o))) Py_RETURN_NONE;
    return wrap(autograd_meta(unwrap(o))->base);
  });
}
PyObject* get_false(PyObject*, void*) { Py_RETURN_FALSE; }
PyObject* get_is_cpu(PyObject* o, void*) { return PyBool_FromLong(unwrap(o).device().is_cpu()); }
PyObject* get_is_meta(PyObject* o, void*) { return PyBool_FromLong(unwrap(o).is_meta()); }

PyObject* get_raw_grad(PyObject* o, void*) {
  return guarded([&] {
    const AutogradMeta* m = autograd_meta(unwrap(o));
    return wrap(m ? m->grad : Tensor());
  });
}

// `.grad`, with PyTorch's warning on tensors that never get one.
PyObject* get_grad(PyObject* o, void*) {
  return guarded([&] {
    const Tensor& t = unwrap(o);
    const AutogradMeta* m = autograd_meta(t);
    if (m && m->grad_fn && !m->retains_grad && !m->grad.defined()) {
      if (PyErr_WarnEx(
              PyExc_UserWarning,
              "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. "
              "Its .grad attribute won't be populated during autograd.backward(). If you "
              "indeed want the .grad field to be populated for a non-leaf Tensor, use "
              ".retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by "
              "mistake, make sure you access the leaf Tensor instead.",
              1) < 0)
        throw PythonError();
    }
    return wrap(m ? m->grad : Tensor());
  });
}

int set_grad(PyObject* o, PyObject* value, void*) {
  return guarded_int([&] {
    const Tensor& t = unwrap(o);
    if (!value || value == Py_None) {
      if (AutogradMeta* m = autograd_meta(t)) m->grad = {};
      return;
    }
    RL_CHECK_TYPE(is_tensor(value),
                  "assigned grad expected to be a Tensor or None but got grad of type ",
                  Py_TYPE(value)->tp_name);
    const Tensor& grad = unwrap(value);
    RL_CHECK(!grad.is_same(t), "can't assign Variable as its own grad");
    RL_CHECK(grad.dtype() == t.dtype(), "attempting to assign a gradient with dtype '",
             type_name(grad.dtype()), "' to a tensor with grad_dtype '", t.dtype(),
             "'. The gradient must match the tensor's grad_dtype, which is the tensor's dtype");
    RL_CHECK(grad.device() == t.device(), "attempting to assign a gradient with device type '",
             grad.device().type_name(), "' to a tensor with device type '", t.device().type_name(),
             "'. Please ensure that the gradient and the tensor are on the same device");
    RL_CHECK(grad.sizes() == t.sizes(), "attempting to assign a gradient of size '",
             IntList(grad.sizes()), "' to a tensor of size '", IntList(t.sizes()),
             "'. Please ensure that the gradient and the tensor are the same size");
    make_autograd_meta(t).grad = grad;
  });
}

int set_requires_grad_attr(PyObject* o, PyObject* value, void*) {
  return guarded_int([&] {
    RL_CHECK(value && PyBool_Check(value), "requires_grad must be a bool");
    const Tensor& t = unwrap(o);
    const bool on = value == Py_True;
    RL_CHECK(is_leaf(t) || on == requires_grad(t),
             "you can only change requires_grad flags of leaf variables.",
             on ? ""
                : " If you want to use a computed variable in a subgraph that doesn't require "
                  "differentiation use var_no_grad = var.detach().");
    RL_CHECK(!on || is_differentiable(t.dtype()),
             "only Tensors of floating point and complex dtype can require gradients");
    if (is_leaf(t)) set_requires_grad(t, on);
  });
}

PyObject* get_data(PyObject* o, void*) {
  return guarded([&] {
    const Tensor data = variable_data(unwrap(o));
    return any_override(&o, 1) ? wrap_as(Py_TYPE(o), data) : wrap(data);
  });
}

int set_data(PyObject* o, PyObject* value, void*) {
  return guarded_int([&] {
    RL_CHECK_TYPE(value && is_tensor(value), "Variable data has to be a tensor, but got ",
                  value ? Py_TYPE(value)->tp_name : "nothing");
    const Tensor from = unwrap(value);
    TensorImpl* impl = unwrap(o).impl();
    RL_CHECK(
        !requires_grad(unwrap(o)) || is_differentiable(from.dtype()),
        "data set to a tensor that requires gradients must be floating point or complex dtype");
    impl->storage = from.storage();
    impl->dtype = from.dtype();
    impl->set_geometry(from.sizes(), from.strides(), from.offset());
    if (AutogradMeta* m = autograd_meta(unwrap(o))) {
      m->accumulator = nullptr;  // a new one with the new metadata
    }
  });
}

// Attributes may hold the tensor again: the collector has to see it.
PyObject* get_dict(PyObject* o, void* closure) {
  PyObject* dict = PyObject_GenericGetDict(o, closure);
  if (dict && !PyObject_GC_IsTracked(o)) PyObject_GC_Track(o);
  return dict;
}

PyGetSetDef getset[] = {
    {"__dict__", get_dict, PyObject_GenericSetDict, "Attributes.", nullptr},
    {"shape", get_shape, nullptr, "Sizes of all dimensions.", nullptr},
    {"dtype", get_dtype, nullptr, "Element type.", nullptr},
    {"device", get_device, nullptr, "Where the tensor is.", nullptr},
    {"layout", get_layout, nullptr, "Memory layout.", nullptr},
    {"ndim", get_ndim, nullptr, "Number of dimensions.", nullptr},
    {"itemsize", get_itemsize, nullptr, "Bytes of one element.", nullptr},
    {"nbytes", get_nbytes, nullptr, "Bytes of all elements.", nullptr},
    {"is_leaf", get_is_leaf, nullptr, "Whether no operation made this tensor.", nullptr},
    {"requires_grad", get_requires_grad, set_requires_grad_attr, "Whether gradients are wanted.",
     nullptr},
    {"grad", get_grad, set_grad, "The accumulated gradient, or None.", nullptr},
    {"_grad", get_raw_grad, set_grad, "`grad` without its warning.", nullptr},
    {"grad_fn", get_grad_fn, nullptr, "The node that made this tensor, or None for a leaf.",
     nullptr},
    {"retains_grad", get_retains_grad, nullptr, "Whether a non-leaf keeps its gradient.", nullptr},
    {"output_nr", get_output_nr, nullptr, "Which output of grad_fn this is.", nullptr},
    {"data", get_data, set_data, "The same data, untracked.", nullptr},
    {"_version", get_version, nullptr, "In-place writes so far.", nullptr},
    {"_base", get_base, nullptr, "The tensor this is a view of, or None.", nullptr},
    {"is_cuda", get_false, nullptr, "Whether the tensor is on a CUDA device.", nullptr},
    {"is_sparse", get_false, nullptr, "Whether the layout is sparse.", nullptr},
    {"is_quantized", get_false, nullptr, "Whether the tensor is quantized.", nullptr},
    {"is_mkldnn", get_false, nullptr, "Whether the layout is blocked.", nullptr},
    {"is_nested", get_false, nullptr, "Whether the tensor is nested.", nullptr},
    {"is_mps", get_false, nullptr, "Whether the tensor is on an MPS device.", nullptr},
    {"is_xpu", get_false, nullptr, "Whether the tensor is on an XPU device.", nullptr},
    {"is_cpu", get_is_cpu, nullptr, "Whether the tensor is on the CPU.", nullptr},
    {"is_meta", get_is_meta, nullptr, "Whether the tensor has no data.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

// --- methods that are no operators
PyObject* size(PyObject* o, PyObject* const* args, Py_ssize_t n, PyObject* names) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = unwrap(o);
    const Py_ssize_t given = n + (names ? PyTuple_GET_SIZE(names) : 0);
    if (given == 0 || args[0] == Py_None) return wrap_size(t.sizes());
    int64_t d = 0;
    RL_CHECK_TYPE(given == 1 && convert_int(args[0], d),
                  "size(): argument 'dim' (position 1) must be int, not ",
                  Py_TYPE(args[0])->tp_name);
    return PyLong_FromLongLong(t.sizes()[static_cast<size_t>(wrap_dim(d, t.dim(), false))]);
  });
}

PyObject* stride(PyObject* o, PyObject* const* args, Py_ssize_t n, PyObject* names) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = unwrap(o);
    const Py_ssize_t given = n + (names ? PyTuple_GET_SIZE(names) : 0);
    if (given == 0 || args[0] == Py_None) return wrap_ints(t.strides());
    int64_t d = 0;
    RL_CHECK_TYPE(given == 1 && convert_int(args[0], d),
                  "stride(): argument 'dim' (position 1) must be int, not ",
                  Py_TYPE(args[0])->tp_name);
    return PyLong_FromLongLong(t.strides()[static_cast<size_t>(wrap_dim(d, t.dim(), false))]);
  });
}

PyObject* dim(PyObject* o, PyObject*) { return PyLong_FromLongLong(unwrap(o).dim()); }
PyObject* numel(PyObject* o, PyObject*) { return PyLong_FromLongLong(unwrap(o).numel()); }
PyObject* element_size(PyObject* o, PyObject*) { return PyLong_FromSize_t(unwrap(o).item_size()); }
PyObject* storage_offset(PyObject* o, PyObject*) { return PyLong_FromLongLong(unwrap(o).offset()); }
PyObject* data_ptr(PyObject* o, PyObject*) {
  const Tensor& t = unwrap(o);
  return PyLong_FromVoidPtr(t.is_meta() || t.numel() == 0 ? nullptr : t.raw());
}
PyObject* is_floating_point(PyObject* o, PyObject*) {
  return PyBool_FromLong(unwrap(o).is_floating());
}
PyObject* is_complex_method(PyObject* o, PyObject*) {
  return PyBool_FromLong(unwrap(o).is_complex());
}
PyObject* is_signed(PyObject* o, PyObject*) {
  const Dtype d = unwrap(o).dtype();
  return PyBool_FromLong(d != Dtype::Bool && d != Dtype::UInt8);
}
PyObject* is_inference(PyObject* o, PyObject*) {
  return PyBool_FromLong(unwrap(o).impl()->inference);
}
PyObject* is_view_method(PyObject* o, PyObject*) { return PyBool_FromLong(is_view(unwrap(o))); }
PyObject* is_same_size(PyObject* o, PyObject* other) {
  return guarded([&]() -> PyObject* {
    RL_CHECK_TYPE(is_tensor(other), "is_same_size(): argument 'other' must be Tensor");
    return PyBool_FromLong(unwrap(o).sizes() == unwrap(other).sizes());
  });
}

PyObject* is_contiguous_method(PyObject* o, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"memory_format", nullptr};
  PyObject* format = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O", const_cast<char**>(names), &format))
    return nullptr;
  return guarded([&]() -> PyObject* {
    RL_CHECK_TYPE(!format || is_memory_format(format),
                  "is_contiguous(): argument 'memory_format' must be torch.memory_format");
    const auto f = format ? unwrap_memory_format(format) : MemoryFormat::Contiguous;
    return PyBool_FromLong(unwrap(o).is_contiguous(f));
  });
}

PyObject* item_method(PyObject* o, PyObject*) {
  return guarded([&] { return wrap_scalar(item(unwrap(o))); });
}

PyObject* list_of(const Tensor& t, int64_t at, int64_t d) {
  if (d == t.dim()) {
    const Tensor one = alias(t, {}, {}, at);
    return wrap_scalar(item(one));
  }
  const auto i = static_cast<size_t>(d);
  Object list(checked(PyList_New(t.sizes()[i])));
  for (int64_t k = 0; k < t.sizes()[i]; ++k)
    PyList_SET_ITEM(list.get(), k, checked(list_of(t, at + k * t.strides()[i], d + 1)));
  return list.release();
}

PyObject* tolist(PyObject* o, PyObject*) {
  return guarded([&] {
    if (unwrap(o).is_meta())
      fail(ErrorType::NotImplemented, "Cannot copy out of meta tensor; no data!");
    return list_of(unwrap(o), unwrap(o).offset(), 0);
  });
}

PyObject* requires_grad_method(PyObject* o, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"requires_grad", nullptr};
  PyObject* value = Py_True;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:requires_grad_", const_cast<char**>(names),
                                   &value))
    return nullptr;
  return guarded([&] {
    RL_CHECK_TYPE(PyBool_Check(value), "requires_grad_(): argument 'requires_grad'",
                  PyTuple_GET_SIZE(args) ? " (position 1)" : "", " must be bool, not ",
                  Py_TYPE(value)->tp_name);
    RL_CHECK(value != Py_True || is_differentiable(unwrap(o).dtype()),
             "only Tensors of floating point dtype can require gradients");
    if (set_requires_grad_attr(o, value, nullptr) < 0) throw PythonError();
    return Py_NewRef(o);
  });
}

PyObject* untyped_storage(PyObject* o, PyObject*) {
  return guarded([&] { return wrap_storage(unwrap(o).storage()); });
}

PyObject* retain_grad_method(PyObject* o, PyObject*) {
  return guarded([&]() -> PyObject* {
    retain_grad(unwrap(o));
    Py_RETURN_NONE;
  });
}

PyObject* make_subclass(PyObject* cls, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"cls", "data", "require_grad", nullptr};
  PyObject* type = nullptr;
  PyObject* data = nullptr;
  int wanted = 0;
  (void)cls;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|p", const_cast<char**>(names), &type, &data,
                                   &wanted))
    return nullptr;
  return guarded([&] {
    RL_CHECK_TYPE(
        PyType_Check(type) && PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(type), tensor_type),
        "_make_subclass: cls must be a subclass of Tensor");
    RL_CHECK_TYPE(is_tensor(data), "_make_subclass: data must be a Tensor, not ",
                  Py_TYPE(data)->tp_name);
    const Tensor t = alias(unwrap(data));  // untracked, its own version
    t.impl()->version_counter = unwrap(data).impl()->shared_version();
    set_requires_grad(t, wanted != 0);
    return wrap_as(reinterpret_cast<PyTypeObject*>(type), t);
  });
}

// The same tensor, history included, as an object of a subclass.
PyObject* as_subclass(PyObject* o, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"cls", nullptr};
  PyObject* type = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O", const_cast<char**>(names), &type))
    return nullptr;
  return guarded([&] {
    RL_CHECK_TYPE(PyType_Check(type), "cls must be a type (got ", Py_TYPE(type)->tp_name, ")");
    RL_CHECK_TYPE(PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(type), tensor_type),
                  "Creating a Tensor subclass from a class that does not inherit from Tensor is "
                  "not possible. Make "
                  "sure your class inherits from Tensor.");
    return wrap_as(reinterpret_cast<PyTypeObject*>(type), ops::alias(unwrap(o)));
  });
}

template <class F>
PyCFunction as_c(F f) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f));
}

PyMethodDef methods[] = {
    {"size", as_c(size), METH_FASTCALL | METH_KEYWORDS, "size(dim=None): sizes, or one of them."},
    {"stride", as_c(stride), METH_FASTCALL | METH_KEYWORDS, "stride(dim=None): steps in elements."},
    {"dim", dim, METH_NOARGS, "Number of dimensions."},
    {"ndimension", dim, METH_NOARGS, "Number of dimensions."},
    {"numel", numel, METH_NOARGS, "Number of elements."},
    {"nelement", numel, METH_NOARGS, "Number of elements."},
    {"element_size", element_size, METH_NOARGS, "Bytes of one element."},
    {"storage_offset", storage_offset, METH_NOARGS, "First element's place in the storage."},
    {"data_ptr", data_ptr, METH_NOARGS, "Address of the first element."},
    {"is_floating_point", is_floating_point, METH_NOARGS, "Whether the dtype is real floating."},
    {"is_complex", is_complex_method, METH_NOARGS, "Whether the dtype is complex."},
    {"is_signed", is_signed, METH_NOARGS, "Whether the dtype has negative values."},
    {"is_inference", is_inference, METH_NOARGS, "Whether made in inference mode."},
    {"_is_view", is_view_method, METH_NOARGS, "Whether this is a differentiable view."},
    {"is_same_size", is_same_size, METH_O, "Whether the sizes are equal."},
    {"is_contiguous", as_c(is_contiguous_method), METH_VARARGS | METH_KEYWORDS,
     "Whether elements lie in row-major order (or in that of memory_format)."},
    {"item", item_method, METH_NOARGS, "The one element as a Python number."},
    {"tolist", tolist, METH_NOARGS, "Nested lists of Python numbers."},
    {"requires_grad_", as_c(requires_grad_method), METH_VARARGS | METH_KEYWORDS,
     "requires_grad_(requires_grad=True): sets the flag, returns self."},
    {"untyped_storage", untyped_storage, METH_NOARGS, "The bytes this tensor looks at."},
    {"retain_grad", retain_grad_method, METH_NOARGS, "Keeps .grad of a non-leaf."},
    {"as_subclass", as_c(as_subclass), METH_VARARGS | METH_KEYWORDS,
     "as_subclass(cls): the same tensor and history as an object of a subclass of Tensor."},
    {"_make_subclass", as_c(make_subclass), METH_VARARGS | METH_KEYWORDS | METH_STATIC,
     "_make_subclass(cls, data, require_grad=False)"},
    {nullptr, nullptr, 0, nullptr}};

PyMemberDef members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(TensorObject, dict), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(TensorObject, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr}};

Py_hash_t tensor_hash(PyObject* o) {
  return static_cast<Py_hash_t>(reinterpret_cast<uintptr_t>(o));
}

}  // namespace

void init_tensor_type(PyObject* module) {
  std::vector<PyType_Slot> slots = {
      {Py_tp_new, reinterpret_cast<void*>(tensor_new)},
      {Py_tp_dealloc, reinterpret_cast<void*>(tensor_dealloc)},
      {Py_tp_finalize, reinterpret_cast<void*>(tensor_finalize)},
      {Py_tp_traverse, reinterpret_cast<void*>(tensor_traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(tensor_clear)},
      {Py_tp_setattro, reinterpret_cast<void*>(tensor_setattro)},
      {Py_tp_hash, reinterpret_cast<void*>(tensor_hash)},
      {Py_bf_getbuffer, reinterpret_cast<void*>(tensor_get_buffer)},
      {Py_bf_releasebuffer, reinterpret_cast<void*>(tensor_release_buffer)},
      {Py_tp_getset, getset},
      {Py_tp_methods, methods},
      {Py_tp_members, members},
      {Py_tp_doc, const_cast<char*>("A multi-dimensional array of one dtype.")},
  };
  add_operator_slots(slots);
  slots.push_back({0, nullptr});
  static PyType_Spec spec = {"rushlight.Tensor", sizeof(TensorObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                             slots.data()};
  tensor_type = add_type(module, spec, "Tensor");
  tensor_type->tp_name = "Tensor";  // as Python's own messages call it
  TensorImpl::release_python_object = release_python_object;
}

PyObject* wrap(const Tensor& t) {
  if (!t.defined()) Py_RETURN_NONE;
  TensorImpl* impl = t.impl();
  if (impl->python_object) {
    auto* o = static_cast<PyObject*>(impl->python_object);
    if (!impl->owns_python_object) return Py_NewRef(o);
    impl->owns_python_object = false;  // the impl's reference becomes the caller's
    impl->retain();
    return o;
  }
  PyObject* o = new_object();
  bind(o, t);
  return o;
}

PyObject* wrap_as(PyTypeObject* type, const Tensor& t) {
  if (type == tensor_type) return wrap(t);
  PyObject* o = checked(type->tp_alloc(type, 0));
  bind(o, t);
  return o;
}

PyObject* wrap_list(TensorList list) {
  Object out(checked(PyList_New(static_cast<Py_ssize_t>(list.size()))));
  for (size_t i = 0; i < list.size(); ++i)
    PyList_SET_ITEM(out.get(), static_cast<Py_ssize_t>(i), wrap(list[i]));
  return out.release();
}

PyObject* wrap_tuple(TensorList list) {
  Object out(checked(PyTuple_New(static_cast<Py_ssize_t>(list.size()))));
  for (size_t i = 0; i < list.size(); ++i)
    PyTuple_SET_ITEM(out.get(), static_cast<Py_ssize_t>(i), wrap(list[i]));
  return out.release();
}

PyObject* wrap_scalar(const Scalar& s) {
  switch (s.kind()) {
    case Scalar::Kind::Bool:
      return PyBool_FromLong(s.to_bool());
    case Scalar::Kind::Int:
      return PyLong_FromLongLong(s.to_int());
    case Scalar::Kind::Float:
      return PyFloat_FromDouble(s.to_double());
    case Scalar::Kind::Complex:
      return PyComplex_FromDoubles(s.to_complex().real(), s.to_complex().imag());
    default:
      Py_RETURN_NONE;
  }
}

}  // namespace rl::python
