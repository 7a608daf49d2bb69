// UntypedStorage: the bytes behind tensors, and tensors over given bytes.
#include "core/python/storage_object.h"

#include <cstring>
#include <memory>

#include "core/autograd/variable.h"
#include "core/python/arguments.h"
#include "core/python/tensor_object.h"
#include "core/python/types.h"

namespace rl::python {
namespace {

struct StorageObject {
  PyObject_HEAD Storage* storage;
};

PyTypeObject* storage_type;

Storage& self_of(PyObject* o) { return *reinterpret_cast<StorageObject*>(o)->storage; }

void dealloc(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  self_of(o).python_slot = nullptr;
  self_of(o).release();
  type->tp_free(o);
  Py_DECREF(type);
}

PyObject* storage_new(PyTypeObject*, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"size", "device", nullptr};
  Py_ssize_t size = 0;
  PyObject* device = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|nO", const_cast<char**>(names), &size, &device))
    return nullptr;
  return guarded([&] {
    RL_CHECK(size >= 0, "Storage size must not be negative, got ", static_cast<int64_t>(size));
    return wrap_storage(Storage::make(static_cast<size_t>(size)));
  });
}

int get_buffer(PyObject* o, Py_buffer* view, int flags) {
  Storage& s = self_of(o);
  return PyBuffer_FillInfo(view, o, s.data(), static_cast<Py_ssize_t>(s.nbytes()), 0, flags);
}

PyObject* nbytes(PyObject* o, PyObject*) { return PyLong_FromSize_t(self_of(o).nbytes()); }
Py_ssize_t length(PyObject* o) { return static_cast<Py_ssize_t>(self_of(o).nbytes()); }
PyObject* data_ptr(PyObject* o, PyObject*) { return PyLong_FromVoidPtr(self_of(o).data()); }
PyObject* resizable(PyObject* o, PyObject*) { return PyBool_FromLong(self_of(o).resizable()); }
PyObject* get_device(PyObject* o, void*) { return wrap(self_of(o).device()); }
PyObject* resize(PyObject* o, PyObject* n) {
  return guarded([&] {
    const Py_ssize_t size = PyLong_AsSsize_t(n);
    if (size == -1 && PyErr_Occurred()) throw PythonError();
    RL_CHECK(size >= 0, "Storage size must not be negative, got ", static_cast<int64_t>(size));
    self_of(o).resize(static_cast<size_t>(size));
    return Py_NewRef(o);
  });
}
PyObject* clone(PyObject* o, PyObject*) {
  return guarded([&] {
    const Ptr<Storage> copy = Storage::make(self_of(o).nbytes());
    std::memcpy(copy->data(), self_of(o).data(), copy->nbytes());
    return wrap_storage(copy);
  });
}
PyObject* get_item(PyObject* o, Py_ssize_t i) {
  if (i < 0 || i >= length(o)) {
    PyErr_SetString(PyExc_IndexError, "index out of range");
    return nullptr;
  }
  return PyLong_FromLong(static_cast<unsigned char>(self_of(o).data()[i]));
}

// storage_from_buffer(obj): shares writable memory, copies read-only memory.
PyObject* from_buffer(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    auto view = std::make_shared<Py_buffer>();
    if (PyObject_GetBuffer(o, view.get(), PyBUF_WRITABLE) == 0) {
      return wrap_storage(Storage::borrow(view->buf, static_cast<size_t>(view->len), [view] {
        if (!Py_IsInitialized()) return;
        const GilAcquire gil;
        PyBuffer_Release(view.get());
      }));
    }
    PyErr_Clear();
    if (PyObject_GetBuffer(o, view.get(), PyBUF_SIMPLE) < 0) throw PythonError();
    const Ptr<Storage> copy = Storage::make(static_cast<size_t>(view->len));
    std::memcpy(copy->data(), view->buf, copy->nbytes());
    PyBuffer_Release(view.get());
    return wrap_storage(copy);
  });
}

// tensor_from_storage(storage, dtype, storage_offset, size, stride, requires_grad=False)
PyObject* tensor_from_storage(PyObject*, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"storage", "dtype",         "storage_offset", "size",
                                "stride",  "requires_grad", nullptr};
  PyObject *storage, *dtype, *size, *stride;
  long long offset = 0;
  int grad = 0;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!OLOO|p", const_cast<char**>(names),
                                   storage_type, &storage, &dtype, &offset, &size, &stride, &grad))
    return nullptr;
  return guarded([&] {
    Arena arena;
    Value sizes, strides;
    RL_CHECK_TYPE(is_dtype(dtype), "tensor_from_storage: dtype must be a dtype");
    RL_CHECK_TYPE(convert_ints(size, sizes, arena) && convert_ints(stride, strides, arena) &&
                      sizes.list_size() == strides.list_size(),
                  "tensor_from_storage: size and stride must be equally long sequences of ints");
    const Dtype d = unwrap_dtype(dtype);
    check_sizes_nonnegative(sizes.ints());
    bool valid = offset >= 0;
    for (const int64_t s : strides.ints()) valid = valid && s >= 0;
    RL_CHECK(valid && storage_bytes(sizes.ints(), strides.ints(), offset, size_of(d)) <=
                          self_of(storage).nbytes(),
             "setStorage: sizes ", sizes.ints(), ", strides ", strides.ints(), ", storage offset ",
             static_cast<int64_t>(offset), " are out of bounds for storage of size ",
             self_of(storage).nbytes());
    const Tensor t = Tensor::make(Ptr<Storage>::share(&self_of(storage)), d, sizes.ints(),
                                  strides.ints(), offset);
    set_requires_grad(t, grad != 0);
    return wrap(t);
  });
}

PyObject* untyped_storage(PyObject*, PyObject* o) {
  return guarded([&] {
    RL_CHECK_TYPE(is_tensor(o), "expected a Tensor, not ", Py_TYPE(o)->tp_name);
    return wrap_storage(unwrap(o).storage());
  });
}

// set_data(tensor, storage, offset, size, stride): the tensor looks at other bytes from now on.
PyObject* set_storage(PyObject*, PyObject* args) {
  PyObject *tensor, *storage, *size, *stride;
  long long offset = 0;
  if (!PyArg_ParseTuple(args, "O!O!LOO", tensor_type, &tensor, storage_type, &storage, &offset,
                        &size, &stride))
    return nullptr;
  return guarded([&] {
    Arena arena;
    Value sizes, strides;
    RL_CHECK_TYPE(convert_ints(size, sizes, arena) && convert_ints(stride, strides, arena),
                  "set_(): size and stride must be sequences of ints");
    const Tensor& t = unwrap(tensor);
    check_inplace(t, requires_grad(t));
    const Ptr<Storage> bytes = Ptr<Storage>::share(&self_of(storage));
    const size_t needed = storage_bytes(sizes.ints(), strides.ints(), offset, t.item_size());
    if (needed > bytes->nbytes()) bytes->resize(needed);
    t.impl()->storage = bytes;
    t.impl()->set_geometry(sizes.ints(), strides.ints(), offset);
    note_write(t, "set_");
    return Py_NewRef(tensor);
  });
}

template <class F>
PyCFunction as_c(F f) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f));
}
PyMethodDef methods[] = {{"nbytes", nbytes, METH_NOARGS, "Length in bytes."},
                         {"size", nbytes, METH_NOARGS, "Length in bytes."},
                         {"data_ptr", data_ptr, METH_NOARGS, "Address of the first byte."},
                         {"resizable", resizable, METH_NOARGS, "Whether resize_ works."},
                         {"resize_", resize, METH_O, "resize_(nbytes)"},
                         {"clone", clone, METH_NOARGS, "A copy."},
                         {nullptr, nullptr, 0, nullptr}};
PyGetSetDef getset[] = {{"device", get_device, nullptr, "Where the bytes are.", nullptr},
                        {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(storage_new)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_methods, methods},
    {Py_tp_getset, getset},
    {Py_bf_getbuffer, reinterpret_cast<void*>(get_buffer)},
    {Py_sq_length, reinterpret_cast<void*>(length)},
    {Py_sq_item, reinterpret_cast<void*>(get_item)},
    {Py_tp_doc, const_cast<char*>("UntypedStorage(size): bytes shared by tensors.")},
    {0, nullptr}};
PyType_Spec spec = {"rushlight.UntypedStorage", sizeof(StorageObject), 0, Py_TPFLAGS_DEFAULT,
                    slots};
PyMethodDef module_methods[] = {
    {"storage_from_buffer", from_buffer, METH_O,
     "A storage over writable memory, or a copy of read-only memory."},
    {"tensor_from_storage", as_c(tensor_from_storage), METH_VARARGS | METH_KEYWORDS,
     "tensor_from_storage(storage, dtype, storage_offset, size, stride, requires_grad=False)"},
    {"untyped_storage", untyped_storage, METH_O, "The storage of a tensor."},
    {"_set_storage", set_storage, METH_VARARGS,
     "_set_storage(tensor, storage, offset, size, stride)"},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_storage(PyObject* module) {
  storage_type = add_type(module, spec, "UntypedStorage");
  if (PyModule_AddFunctions(module, module_methods) < 0) throw PythonError();
}

PyObject* wrap_storage(const Ptr<Storage>& storage) {
  if (storage->python_slot) return Py_NewRef(static_cast<PyObject*>(storage->python_slot));
  auto* o = PyObject_New(StorageObject, storage_type);
  if (!o) throw PythonError();
  storage->retain();
  o->storage = storage.get();
  storage->python_slot = o;
  return reinterpret_cast<PyObject*>(o);
}

}  // namespace rl::python
