// dtype, device, layout and memory_format as Python objects; Size as a tuple.
#include "core/python/types.h"

#include <structmember.h>

#include <cstring>

namespace rl::python {
namespace {

// An immutable object with a name and a number: dtype, layout, memory_format.
struct Named {
  PyObject_HEAD int value;
  const char* name;  // "float32"
};

struct DeviceObject {
  PyObject_HEAD Device device;
};

PyTypeObject *dtype_type, *layout_type, *memory_format_type, *device_type, *size_type;
PyObject* dtypes[kDtypeCount];
PyObject* strided;
PyObject* memory_formats[4];

PyObject* named_repr(PyObject* self) {
  auto* n = reinterpret_cast<Named*>(self);
  return PyUnicode_FromFormat("torch.%s", n->name);
}

PyObject* core_module;  // borrowed; it outlives everything here

// _restored(name, *args): the core's global of this name, called if there are arguments. What
// pickles refer to, since the classes say that they are torch's.
PyObject* restored(PyObject*, PyObject* args) {
  return guarded([&] {
    RL_CHECK_TYPE(PyTuple_GET_SIZE(args) > 0, "_restored() expects a name");
    const Object global(checked(PyObject_GetAttr(core_module, PyTuple_GET_ITEM(args, 0))));
    if (PyTuple_GET_SIZE(args) == 1) return Py_NewRef(global.get());
    const Object rest(checked(PyTuple_GetSlice(args, 1, PyTuple_GET_SIZE(args))));
    return checked(PyObject_CallObject(global.get(), rest.get()));
  });
}
PyMethodDef module_methods[] = {
    {"_restored", restored, METH_VARARGS, "What pickles of dtypes and the like call."},
    {nullptr, nullptr, 0, nullptr}};

PyObject* restored_function() { return checked(PyObject_GetAttrString(core_module, "_restored")); }

PyObject* named_reduce(PyObject* self, PyObject*) {
  return guarded([&] {
    return checked(
        Py_BuildValue("N(s)", restored_function(), reinterpret_cast<Named*>(self)->name));
  });
}
// One object a value: copies are the object itself.
PyObject* named_copy(PyObject* self, PyObject*) { return Py_NewRef(self); }

PyObject* make_named(PyTypeObject* type, const char* name, int value) {
  auto* n = PyObject_New(Named, type);
  if (!n) throw PythonError();
  n->value = value;
  n->name = name;
  return reinterpret_cast<PyObject*>(n);
}

Dtype dtype_of_self(PyObject* self) {
  return static_cast<Dtype>(reinterpret_cast<Named*>(self)->value);
}

PyObject* dtype_is_floating(PyObject* self, void*) {
  return PyBool_FromLong(is_floating(dtype_of_self(self)));
}
PyObject* dtype_is_complex(PyObject* self, void*) {
  return PyBool_FromLong(is_complex(dtype_of_self(self)));
}
PyObject* dtype_is_signed(PyObject* self, void*) {
  const Dtype d = dtype_of_self(self);
  return PyBool_FromLong(d != Dtype::Bool && d != Dtype::UInt8);
}
PyObject* dtype_itemsize(PyObject* self, void*) {
  return PyLong_FromSize_t(size_of(dtype_of_self(self)));
}
PyObject* dtype_to_real(PyObject* self, PyObject*) { return wrap(to_real(dtype_of_self(self))); }
PyObject* dtype_to_complex(PyObject* self, PyObject*) {
  return guarded([&] {
    const Dtype d = dtype_of_self(self);
    RL_CHECK(is_floating(d) || is_complex(d), "Unknown Complex ScalarType for ", d);
    return wrap(to_complex(d));
  });
}
PyObject* dtype_legacy(PyObject* self, void*) {
  return PyUnicode_FromString(legacy_name(dtype_of_self(self)));
}

PyGetSetDef dtype_getset[] = {
    {"is_floating_point", dtype_is_floating, nullptr, "Whether this is a real floating type.",
     nullptr},
    {"is_complex", dtype_is_complex, nullptr, "Whether this is a complex type.", nullptr},
    {"is_signed", dtype_is_signed, nullptr, "Whether negative values exist.", nullptr},
    {"itemsize", dtype_itemsize, nullptr, "Bytes of one element.", nullptr},
    {"_legacy_name", dtype_legacy, nullptr, "Name in typed constructors: Float, Long, ...",
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMethodDef dtype_methods[] = {
    {"__reduce__", named_reduce, METH_NOARGS, nullptr},
    {"__copy__", named_copy, METH_NOARGS, nullptr},
    {"__deepcopy__", named_copy, METH_O, nullptr},
    {"to_real", dtype_to_real, METH_NOARGS, "The real type of the same precision."},
    {"to_complex", dtype_to_complex, METH_NOARGS, "The complex type of the same precision."},
    {nullptr, nullptr, 0, nullptr}};
PyMethodDef named_methods[] = {{"__reduce__", named_reduce, METH_NOARGS, nullptr},
                               {"__copy__", named_copy, METH_NOARGS, nullptr},
                               {"__deepcopy__", named_copy, METH_O, nullptr},
                               {nullptr, nullptr, 0, nullptr}};

PyType_Slot dtype_slots[] = {{Py_tp_repr, reinterpret_cast<void*>(named_repr)},
                             {Py_tp_getset, dtype_getset},
                             {Py_tp_methods, dtype_methods},
                             {Py_tp_doc, const_cast<char*>("The element type of a tensor.")},
                             {0, nullptr}};
PyType_Spec dtype_spec = {"rushlight.dtype", sizeof(Named), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, dtype_slots};
PyType_Slot named_slots[] = {{Py_tp_repr, reinterpret_cast<void*>(named_repr)},
                             {Py_tp_methods, named_methods},
                             {0, nullptr}};
PyType_Spec layout_spec = {"rushlight.layout", sizeof(Named), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, named_slots};
PyType_Spec memory_format_spec = {"rushlight.memory_format", sizeof(Named), 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                  named_slots};

// --- device
Device device_of(PyObject* o) { return reinterpret_cast<DeviceObject*>(o)->device; }

[[noreturn]] void fail_device_arguments(const char* given) {
  fail(ErrorType::Type, "device() received an invalid combination of arguments - got (", given,
       "), but expected one of:\n * (torch.device device)\n * (str type, int index = -1)\n");
}

PyObject* device_new(PyTypeObject*, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"type", "index", nullptr};
  PyObject* type = nullptr;
  PyObject* index = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO", const_cast<char**>(names), &type, &index))
    return nullptr;
  return guarded([&]() -> PyObject* {
    Device d;
    if (!type) fail_device_arguments("");
    if (!unwrap_device(type, d)) fail_device_arguments(Py_TYPE(type)->tp_name);
    if (index && index != Py_None) {
      RL_CHECK(d.index < 0,
               "type (string) must not include an index because index was passed "
               "explicitly: ",
               d.to_string());
      RL_CHECK_TYPE(PyIndex_Check(index), "device(): argument 'index' must be int, not ",
                    Py_TYPE(index)->tp_name);
      const long n = PyLong_AsLong(index);
      if (n == -1 && PyErr_Occurred()) throw PythonError();
      RL_CHECK(n >= 0 && n < 128, "Device index must not be negative");
      d.index = static_cast<int8_t>(n);
    }
    return wrap(d);
  });
}

PyObject* device_repr(PyObject* self) {
  const Device d = device_of(self);
  if (d.index < 0) return PyUnicode_FromFormat("device(type='%s')", d.type_name());
  return PyUnicode_FromFormat("device(type='%s', index=%d)", d.type_name(), d.index);
}
PyObject* device_str(PyObject* self) {
  return PyUnicode_FromString(device_of(self).to_string().c_str());
}
Py_hash_t device_hash(PyObject* self) {
  const Device d = device_of(self);
  return static_cast<int>(d.type) * 256 + d.index + 2;
}
PyObject* device_compare(PyObject* a, PyObject* b, int op) {
  if (Py_TYPE(b) != device_type || (op != Py_EQ && op != Py_NE)) Py_RETURN_NOTIMPLEMENTED;
  return PyBool_FromLong((device_of(a) == device_of(b)) == (op == Py_EQ));
}
PyObject* device_get_type(PyObject* self, void*) {
  return PyUnicode_FromString(device_of(self).type_name());
}
PyObject* device_get_index(PyObject* self, void*) {
  const int8_t index = device_of(self).index;
  if (index < 0) Py_RETURN_NONE;
  return PyLong_FromLong(index);
}
PyObject* device_reduce(PyObject* self, PyObject*) {
  const Device d = device_of(self);
  return guarded([&] {
    if (d.index < 0)
      return checked(Py_BuildValue("N(ss)", restored_function(), "device", d.type_name()));
    return checked(Py_BuildValue("N(ssi)", restored_function(), "device", d.type_name(), d.index));
  });
}
PyGetSetDef device_getset[] = {
    {"type", device_get_type, nullptr, "'cpu', 'cuda' or 'meta'.", nullptr},
    {"index", device_get_index, nullptr, "Ordinal, or None.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMethodDef device_methods[] = {{"__reduce__", device_reduce, METH_NOARGS, nullptr},
                                {nullptr, nullptr, 0, nullptr}};
PyType_Slot device_slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(device_new)},
    {Py_tp_repr, reinterpret_cast<void*>(device_repr)},
    {Py_tp_str, reinterpret_cast<void*>(device_str)},
    {Py_tp_hash, reinterpret_cast<void*>(device_hash)},
    {Py_tp_richcompare, reinterpret_cast<void*>(device_compare)},
    {Py_tp_getset, device_getset},
    {Py_tp_methods, device_methods},
    {Py_tp_doc, const_cast<char*>("device(type, index=None): where a tensor lives.")},
    {0, nullptr}};
PyType_Spec device_spec = {"rushlight.device", sizeof(DeviceObject), 0, Py_TPFLAGS_DEFAULT,
                           device_slots};

// --- Size
PyObject* size_from_tuple(PyObject* tuple) {  // steals
  if (!tuple) return nullptr;
  PyObject* args = PyTuple_Pack(1, tuple);
  Py_DECREF(tuple);
  if (!args) return nullptr;
  PyObject* out = PyTuple_Type.tp_new(size_type, args, nullptr);
  Py_DECREF(args);
  return out;
}

PyObject* size_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  PyObject* self = PyTuple_Type.tp_new(type, args, kwargs);
  if (!self) return nullptr;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(self); ++i) {
    PyObject* item = PyTuple_GET_ITEM(self, i);
    if (PyLong_Check(item)) continue;
    PyObject* number = PyNumber_Index(item);
    if (!number) {
      PyErr_Format(PyExc_TypeError, "torch.Size() takes an iterable of 'int' (item %zd is '%s')", i,
                   Py_TYPE(item)->tp_name);
      Py_DECREF(self);
      return nullptr;
    }
    PyTuple_SET_ITEM(self, i, number);
    Py_DECREF(item);
  }
  return self;
}

PyObject* size_repr(PyObject* self) {
  std::string out = "torch.Size([";
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(self); ++i) {
    if (i) out += ", ";
    PyObject* item = PyObject_Repr(PyTuple_GET_ITEM(self, i));
    if (!item) return nullptr;
    out += PyUnicode_AsUTF8(item);
    Py_DECREF(item);
  }
  out += "])";
  return PyUnicode_FromString(out.c_str());
}

PyObject* size_numel(PyObject* self, PyObject*) {
  PyObject* n = PyLong_FromLong(1);
  for (Py_ssize_t i = 0; n && i < PyTuple_GET_SIZE(self); ++i) {
    PyObject* next = PyNumber_Multiply(n, PyTuple_GET_ITEM(self, i));
    Py_DECREF(n);
    n = next;
  }
  return n;
}

PyObject* size_concat(PyObject* a, PyObject* b) {
  if (!PyTuple_Check(a) || !PyTuple_Check(b)) {
    PyErr_Format(PyExc_TypeError, "can only concatenate tuple (not %s) to torch.Size",
                 Py_TYPE(PyTuple_Check(a) ? b : a)->tp_name);
    return nullptr;
  }
  const Object left(PySequence_Tuple(a)), right(PySequence_Tuple(b));
  return size_from_tuple(PyTuple_Type.tp_as_sequence->sq_concat(left.get(), right.get()));
}

PyObject* size_repeat(PyObject* self, Py_ssize_t n) {
  return size_from_tuple(PyTuple_Type.tp_as_sequence->sq_repeat(self, n));
}

PyObject* size_subscript(PyObject* self, PyObject* key) {
  PyObject* out = PyTuple_Type.tp_as_mapping->mp_subscript(self, key);
  return out && PySlice_Check(key) ? size_from_tuple(out) : out;
}

PyObject* size_reduce(PyObject* self, PyObject*) {
  return guarded([&] {
    return checked(Py_BuildValue("N(sN)", restored_function(), "Size", PySequence_Tuple(self)));
  });
}

PyMethodDef size_methods[] = {{"numel", size_numel, METH_NOARGS, "Product of the sizes."},
                              {"__reduce__", size_reduce, METH_NOARGS, nullptr},
                              {nullptr, nullptr, 0, nullptr}};
PyType_Slot size_slots[] = {{Py_tp_new, reinterpret_cast<void*>(size_new)},
                            {Py_tp_repr, reinterpret_cast<void*>(size_repr)},
                            {Py_nb_add, reinterpret_cast<void*>(size_concat)},
                            {Py_sq_concat, reinterpret_cast<void*>(size_concat)},
                            {Py_sq_repeat, reinterpret_cast<void*>(size_repeat)},
                            {Py_mp_subscript, reinterpret_cast<void*>(size_subscript)},
                            {Py_tp_methods, size_methods},
                            {Py_tp_doc, const_cast<char*>("Sizes of a tensor: a tuple of ints.")},
                            {0, nullptr}};
PyType_Spec size_spec = {"rushlight.Size", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                         size_slots};

// Shown as PyTorch's class, in its repr and in Python's own messages.
void call_it_torchs(PyTypeObject* type, const char* name) {
  type->tp_name = name;
  const Object home(PyUnicode_FromString("torch"));
  PyDict_SetItemString(type->tp_dict, "__module__", home.get());
  PyType_Modified(type);
}

}  // namespace

void init_types(PyObject* module) {
  core_module = module;
  if (PyModule_AddFunctions(module, module_methods) < 0) throw PythonError();
  dtype_type = add_type(module, dtype_spec, "dtype");
  layout_type = add_type(module, layout_spec, "layout");
  memory_format_type = add_type(module, memory_format_spec, "memory_format");
  device_type = add_type(module, device_spec, "device");
  size_type = add_type(module, size_spec, "Size", reinterpret_cast<PyObject*>(&PyTuple_Type));
  call_it_torchs(dtype_type, "torch.dtype");
  call_it_torchs(layout_type, "torch.layout");
  call_it_torchs(memory_format_type, "torch.memory_format");
  call_it_torchs(device_type, "torch.device");
  call_it_torchs(size_type, "torch.Size");
  for (int i = 0; i < kDtypeCount; ++i) {
    const DtypeInfo& d = kDtypeInfo[i];
    dtypes[i] = make_named(dtype_type, d.name, i);
    PyModule_AddObjectRef(module, d.name, dtypes[i]);
    if (d.alias) PyModule_AddObjectRef(module, d.alias, dtypes[i]);
  }
  strided = make_named(layout_type, "strided", 0);
  PyModule_AddObjectRef(module, "strided", strided);
  const char* formats[] = {"contiguous_format", "preserve_format", "channels_last",
                           "channels_last_3d"};
  for (int i = 0; i < 4; ++i) {
    memory_formats[i] = make_named(memory_format_type, formats[i], i);
    PyModule_AddObjectRef(module, formats[i], memory_formats[i]);
  }
}

PyObject* wrap(Dtype d) { return Py_NewRef(dtypes[static_cast<int>(d)]); }
PyObject* wrap(Layout) { return Py_NewRef(strided); }
PyObject* wrap(MemoryFormat f) { return Py_NewRef(memory_formats[static_cast<int>(f)]); }

PyObject* wrap(Device d) {
  auto* o = PyObject_New(DeviceObject, device_type);
  if (o) o->device = d;
  return reinterpret_cast<PyObject*>(o);
}

namespace {
PyObject* fill_tuple(PyObject* tuple, IntList v) {
  for (size_t i = 0; tuple && i < v.size(); ++i)
    PyTuple_SET_ITEM(tuple, static_cast<Py_ssize_t>(i), PyLong_FromLongLong(v[i]));
  return tuple;
}
}  // namespace

PyObject* wrap_size(IntList sizes) {
  return fill_tuple(size_type->tp_alloc(size_type, static_cast<Py_ssize_t>(sizes.size())), sizes);
}
PyObject* wrap_ints(IntList v) {
  return fill_tuple(PyTuple_New(static_cast<Py_ssize_t>(v.size())), v);
}

bool is_dtype(PyObject* o) { return Py_TYPE(o) == dtype_type; }
Dtype unwrap_dtype(PyObject* o) { return dtype_of_self(o); }
bool is_layout(PyObject* o) { return Py_TYPE(o) == layout_type; }
bool is_memory_format(PyObject* o) { return Py_TYPE(o) == memory_format_type; }
MemoryFormat unwrap_memory_format(PyObject* o) {
  return static_cast<MemoryFormat>(reinterpret_cast<Named*>(o)->value);
}

bool unwrap_device(PyObject* o, Device& out) {
  if (Py_TYPE(o) == device_type) {
    out = device_of(o);
    return true;
  }
  if (PyUnicode_Check(o)) {
    out = Device::parse(PyUnicode_AsUTF8(o));
    return true;
  }
  if (PyLong_Check(o) && !PyBool_Check(o)) {
    fail(ErrorType::Runtime, "Cannot access accelerator device when none is available.");
  }
  return false;
}

}  // namespace rl::python
