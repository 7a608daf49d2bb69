// DLPack capsules, of version 1 and of the struct before it.
// Layout after https://dmlc.github.io/dlpack/latest/c_api.html.
#include "core/python/dlpack.h"

#include "core/python/tensor_object.h"

namespace rl::python {
namespace {

struct DLDevice {
  int32_t type;  // 1: CPU
  int32_t id;
};
struct DLDataType {
  uint8_t code;  // 0 int, 1 uint, 2 float, 4 bfloat, 5 complex, 6 bool
  uint8_t bits;
  uint16_t lanes;
};
struct DLTensor {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
};
struct DLManagedTensor {
  DLTensor tensor;
  void* context;
  void (*deleter)(DLManagedTensor*);
};
struct DLManagedTensorVersioned {
  uint32_t major, minor;
  void* context;
  void (*deleter)(DLManagedTensorVersioned*);
  uint64_t flags;  // 1: read-only, 2: a copy
  DLTensor tensor;
};
constexpr uint32_t kMajor = 1;
constexpr uint64_t kIsCopied = 2;

constexpr DLDataType kTypes[kDtypeCount] = {{6, 8, 1},  {1, 8, 1},  {0, 8, 1},  {0, 16, 1},
                                            {0, 32, 1}, {0, 64, 1}, {2, 16, 1}, {4, 16, 1},
                                            {2, 32, 1}, {2, 64, 1}, {5, 64, 1}, {5, 128, 1}};

template <class Managed>
constexpr const char* kName = "dltensor";
template <>
constexpr const char* kName<DLManagedTensorVersioned> = "dltensor_versioned";
template <class Managed>
constexpr const char* kUsedName = "used_dltensor";
template <>
constexpr const char* kUsedName<DLManagedTensorVersioned> = "used_dltensor_versioned";

template <class Managed>
struct Exported {
  Managed managed;
  Tensor tensor;
};

template <class Managed>
void release_capsule(PyObject* capsule) {
  if (!PyCapsule_IsValid(capsule, kName<Managed>)) return;  // consumed
  auto* m = static_cast<Managed*>(PyCapsule_GetPointer(capsule, kName<Managed>));
  m->deleter(m);
}

template <class Managed>
Managed* exported(const Tensor& t) {
  auto* e = new Exported<Managed>{{}, t};
  t.storage()->note_exported();
  e->managed.tensor = {t.raw(),
                       {1, 0},
                       static_cast<int32_t>(t.dim()),
                       kTypes[static_cast<int>(t.dtype())],
                       const_cast<int64_t*>(e->tensor.sizes().data()),
                       const_cast<int64_t*>(e->tensor.strides().data()),
                       0};
  e->managed.context = e;
  e->managed.deleter = [](Managed* m) {
    const GilAcquire gil;
    delete static_cast<Exported<Managed>*>(m->context);
  };
  return &e->managed;
}

PyObject* to_dlpack(PyObject*, PyObject* o) {
  return guarded([&] {
    RL_CHECK_TYPE(is_tensor(o), "to_dlpack() expects a Tensor, not ", Py_TYPE(o)->tp_name);
    return PyCapsule_New(exported<DLManagedTensor>(unwrap(o)), kName<DLManagedTensor>,
                         release_capsule<DLManagedTensor>);
  });
}

PyObject* to_dlpack_versioned(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    PyObject* o = nullptr;
    int copied = 0;
    if (!PyArg_ParseTuple(args, "Op", &o, &copied)) return nullptr;
    RL_CHECK_TYPE(is_tensor(o), "to_dlpack() expects a Tensor, not ", Py_TYPE(o)->tp_name);
    auto* m = exported<DLManagedTensorVersioned>(unwrap(o));
    m->major = kMajor;
    m->minor = 0;
    m->flags = copied ? kIsCopied : 0;
    return PyCapsule_New(m, kName<DLManagedTensorVersioned>,
                         release_capsule<DLManagedTensorVersioned>);
  });
}

template <class Managed>
PyObject* import_capsule(PyObject* capsule) {
  auto* m = static_cast<Managed*>(PyCapsule_GetPointer(capsule, kName<Managed>));
  if constexpr (std::is_same_v<Managed, DLManagedTensorVersioned>)
    RL_CHECK_AS(Buffer, m->major <= kMajor, "from_dlpack: DLPack version ", int64_t{m->major},
                " is newer than ", int64_t{kMajor});
  const DLTensor& d = m->tensor;
  RL_CHECK_AS(Buffer, d.device.type == 1,
              "from_dlpack: only CPU memory is supported, got device type ",
              static_cast<int>(d.device.type));
  int found = -1;
  for (int i = 0; i < kDtypeCount; ++i)
    if (kTypes[i].code == d.dtype.code && kTypes[i].bits == d.dtype.bits && d.dtype.lanes == 1)
      found = i;
  RL_CHECK_AS(Buffer, found >= 0, "Unsupported kBits ", static_cast<int>(d.dtype.bits), " of code ",
              static_cast<int>(d.dtype.code));
  const auto dtype = static_cast<Dtype>(found);
  const IntList sizes(d.shape, static_cast<size_t>(d.ndim));
  const Dims strides =
      d.strides ? Dims(IntList(d.strides, static_cast<size_t>(d.ndim))) : contiguous_strides(sizes);
  for (const int64_t s : strides)
    RL_CHECK_AS(Buffer, s >= 0, "from_dlpack: negative strides are not supported");
  const size_t bytes = storage_bytes(sizes, strides, 0, size_of(dtype));
  const Ptr<Storage> storage =
      Storage::borrow(static_cast<std::byte*>(d.data) + d.byte_offset, bytes, [m] {
        if (m->deleter) m->deleter(m);
      });
  PyCapsule_SetName(capsule, kUsedName<Managed>);
  PyCapsule_SetDestructor(capsule, nullptr);
  return wrap(Tensor::make(storage, dtype, sizes, strides));
}

PyObject* from_capsule(PyObject*, PyObject* capsule) {
  return guarded([&] {
    if (PyCapsule_IsValid(capsule, kName<DLManagedTensorVersioned>))
      return import_capsule<DLManagedTensorVersioned>(capsule);
    RL_CHECK(PyCapsule_IsValid(capsule, kName<DLManagedTensor>),
             "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed "
             "only once, so "
             "you might have already constructed a tensor from it once.");
    return import_capsule<DLManagedTensor>(capsule);
  });
}

PyMethodDef methods[] = {
    {"to_dlpack", to_dlpack, METH_O, "A DLPack capsule over a tensor's memory."},
    {"to_dlpack_versioned", to_dlpack_versioned, METH_VARARGS,
     "A capsule of DLPack 1 over a tensor's memory, marked as a copy or not."},
    {"from_dlpack_capsule", from_capsule, METH_O, "A tensor over a capsule's memory."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_dlpack(PyObject* module) {
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

}  // namespace rl::python
