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

// The bytes of a sequence of integers, each taken modulo 256.
Ptr<Storage> storage_of(PyObject* given) {
  RL_CHECK(PySequence_Check(given), "torch.UntypedStorage(): Expected a sequence type, but got ",
           Py_TYPE(given)->tp_name);
  const Object items(checked(PySequence_Fast(given, "torch.UntypedStorage(): no sequence")));
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(items.get());
  Ptr<Storage> made = Storage::make(static_cast<size_t>(count));
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(items.get(), i);
    RL_CHECK(PyLong_Check(item),
             "torch.UntypedStorage(): tried to construct a storage from a sequence (",
             Py_TYPE(given)->tp_name, "), but one of the items was of type ",
             Py_TYPE(item)->tp_name, " instead of int");
    const unsigned long value = PyLong_AsUnsignedLongMask(item);
    made->data()[i] = static_cast<std::byte>(value & 0xff);
  }
  return made;
}

PyObject* storage_new(PyTypeObject*, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"size", "device", nullptr};
  PyObject* given = nullptr;
  PyObject* where = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O$O", const_cast<char**>(names), &given, &where))
    return nullptr;
  return guarded([&] {
    Device device;
    if (where && where != Py_None) {
      RL_CHECK_TYPE(unwrap_device(where, device),
                    "torch.UntypedStorage(): argument 'device' must be a device, not ",
                    Py_TYPE(where)->tp_name);
    }
    if (given && !PyIndex_Check(given)) {
      RL_CHECK(!device.is_meta(), "torch.UntypedStorage(): a sequence has no place on ",
               "the meta device");
      return wrap_storage(storage_of(given));
    }
    const Py_ssize_t size = given ? PyNumber_AsSsize_t(given, PyExc_OverflowError) : 0;
    if (size == -1 && PyErr_Occurred()) throw PythonError();
    RL_CHECK(size >= 0, "Storage size must not be negative, got ", static_cast<int64_t>(size));
    return wrap_storage(Storage::make(static_cast<size_t>(size), device));
  });
}

int get_buffer(PyObject* o, Py_buffer* view, int flags) {
  Storage& s = self_of(o);
  if (s.device().is_meta()) {
    PyErr_SetString(PyExc_NotImplementedError, "Cannot copy out of meta tensor; no data!");
    view->obj = nullptr;
    return -1;
  }
  s.note_exported();
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
PyObject* is_shared(PyObject* o, PyObject*) {
  return PyBool_FromLong(self_of(o).segment() != nullptr);
}
PyObject* share_memory(PyObject* o, PyObject*) {
  return guarded([&] {
    self_of(o).share();
    return Py_NewRef(o);
  });
}
PyObject* new_shared(PyObject*, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"size", "device", nullptr};
  Py_ssize_t size = 0;
  PyObject* device = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "n|$O", const_cast<char**>(names), &size, &device))
    return nullptr;
  return guarded([&] {
    RL_CHECK(size >= 0, "Storage size must not be negative, got ", static_cast<int64_t>(size));
    if (device) {
      const Object text(checked(PyObject_Str(device)));
      RL_CHECK(!std::strcmp(PyUnicode_AsUTF8(text.get()), "cpu"),
               "_new_shared: only available on CPU, not on ", PyUnicode_AsUTF8(text.get()));
    }
    return wrap_storage(Storage::make_shared(static_cast<size_t>(size)));
  });
}
PyObject* clone(PyObject* o, PyObject*) {
  return guarded([&] {
    const Ptr<Storage> copy = Storage::make(self_of(o).nbytes(), self_of(o).device());
    if (copy->data()) std::memcpy(copy->data(), self_of(o).data(), copy->nbytes());
    return wrap_storage(copy);
  });
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

// shared_place(storage): (descriptor, key, offset) of bytes in shared memory.
PyObject* shared_place(PyObject*, PyObject* o) {
  return guarded([&] {
    RL_CHECK_TYPE(PyObject_TypeCheck(o, storage_type), "shared_place: expected a storage");
    const auto& segment = self_of(o).segment();
    RL_CHECK(segment, "shared_place: the storage is not in shared memory");
    return checked(Py_BuildValue("i(KK)n", segment->descriptor(), segment->key().first,
                                 segment->key().second, self_of(o).data() - segment->data()));
  });
}

// storage_from_shared(descriptor, offset, nbytes); the descriptor stays the caller's.
PyObject* storage_from_shared(PyObject*, PyObject* args) {
  int descriptor;
  Py_ssize_t offset, nbytes;
  if (!PyArg_ParseTuple(args, "inn", &descriptor, &offset, &nbytes)) return nullptr;
  return guarded([&] {
    RL_CHECK(offset >= 0 && nbytes >= 0, "storage_from_shared: negative offset or size");
    return wrap_storage(Storage::in_segment(SharedSegment::attach(descriptor),
                                            static_cast<size_t>(offset),
                                            static_cast<size_t>(nbytes)));
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
PyMethodDef methods[] = {
    {"nbytes", nbytes, METH_NOARGS, "Length in bytes."},
    {"size", nbytes, METH_NOARGS, "Length in bytes."},
    {"data_ptr", data_ptr, METH_NOARGS, "Address of the first byte."},
    {"resizable", resizable, METH_NOARGS, "Whether resize_ works."},
    {"resize_", resize, METH_O, "resize_(nbytes)"},
    {"is_shared", is_shared, METH_NOARGS, "Whether other processes can map the bytes."},
    {"share_memory_", share_memory, METH_NOARGS,
     "Moves the bytes to memory that processes share; returns self."},
    {"_new_shared", as_c(new_shared), METH_VARARGS | METH_KEYWORDS | METH_CLASS,
     "_new_shared(size, *, device='cpu'): bytes in shared memory."},
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
    {Py_tp_doc,
     const_cast<char*>("UntypedStorage(size or bytes, *, device='cpu'): bytes shared by tensors.")},
    {0, nullptr}};
PyType_Spec spec = {"rushlight.UntypedStorage", sizeof(StorageObject), 0, Py_TPFLAGS_DEFAULT,
                    slots};
PyMethodDef module_methods[] = {
    {"storage_from_buffer", from_buffer, METH_O,
     "A storage over writable memory, or a copy of read-only memory."},
    {"shared_place", shared_place, METH_O,
     "(descriptor, key, offset) of a storage in shared memory."},
    {"storage_from_shared", storage_from_shared, METH_VARARGS,
     "storage_from_shared(descriptor, offset, nbytes): a storage over shared memory."},
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
