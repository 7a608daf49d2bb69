// DLPack capsules, version 1.0's legacy struct (which NumPy, CuPy, JAX and PyTorch all accept).
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

constexpr DLDataType kTypes[kDtypeCount] = {{6, 8, 1},  {1, 8, 1},  {0, 8, 1},  {0, 16, 1},
                                            {0, 32, 1}, {0, 64, 1}, {2, 16, 1}, {4, 16, 1},
                                            {2, 32, 1}, {2, 64, 1}, {5, 64, 1}, {5, 128, 1}};

struct Exported {
  DLManagedTensor managed;
  Tensor tensor;
};

void release_capsule(PyObject* capsule) {
  if (!PyCapsule_IsValid(capsule, "dltensor")) return;  // consumed
  auto* m = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
  m->deleter(m);
}

PyObject* to_dlpack(PyObject*, PyObject* o) {
  return guarded([&] {
    RL_CHECK_TYPE(is_tensor(o), "to_dlpack() expects a Tensor, not ", Py_TYPE(o)->tp_name);
    auto* e = new Exported{{}, unwrap(o)};
    const Tensor& t = e->tensor;
    t.storage()->note_exported();
    e->managed.tensor = {t.raw(),
                         {1, 0},
                         static_cast<int32_t>(t.dim()),
                         kTypes[static_cast<int>(t.dtype())],
                         const_cast<int64_t*>(t.sizes().data()),
                         const_cast<int64_t*>(t.strides().data()),
                         0};
    e->managed.context = e;
    e->managed.deleter = [](DLManagedTensor* m) {
      const GilAcquire gil;
      delete static_cast<Exported*>(m->context);
    };
    return PyCapsule_New(&e->managed, "dltensor", release_capsule);
  });
}

PyObject* from_capsule(PyObject*, PyObject* capsule) {
  return guarded([&] {
    RL_CHECK(PyCapsule_IsValid(capsule, "dltensor"),
             "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed "
             "only once, so "
             "you might have already constructed a tensor from it once.");
    auto* m = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
    const DLTensor& d = m->tensor;
    RL_CHECK_AS(Buffer, d.device.type == 1,
                "from_dlpack: only CPU memory is supported, got device type ",
                static_cast<int>(d.device.type));
    int found = -1;
    for (int i = 0; i < kDtypeCount; ++i)
      if (kTypes[i].code == d.dtype.code && kTypes[i].bits == d.dtype.bits && d.dtype.lanes == 1)
        found = i;
    RL_CHECK_AS(Buffer, found >= 0, "Unsupported kBits ", static_cast<int>(d.dtype.bits),
                " of code ", static_cast<int>(d.dtype.code));
    const auto dtype = static_cast<Dtype>(found);
    const IntList sizes(d.shape, static_cast<size_t>(d.ndim));
    const Dims strides = d.strides ? Dims(IntList(d.strides, static_cast<size_t>(d.ndim)))
                                   : contiguous_strides(sizes);
    for (const int64_t s : strides)
      RL_CHECK_AS(Buffer, s >= 0, "from_dlpack: negative strides are not supported");
    const size_t bytes = storage_bytes(sizes, strides, 0, size_of(dtype));
    const Ptr<Storage> storage =
        Storage::borrow(static_cast<std::byte*>(d.data) + d.byte_offset, bytes, [m] {
          if (m->deleter) m->deleter(m);
        });
    PyCapsule_SetName(capsule, "used_dltensor");
    PyCapsule_SetDestructor(capsule, nullptr);
    return wrap(Tensor::make(storage, dtype, sizes, strides));
  });
}

PyMethodDef methods[] = {
    {"to_dlpack", to_dlpack, METH_O, "A DLPack capsule over a tensor's memory."},
    {"from_dlpack_capsule", from_capsule, METH_O, "A tensor over a capsule's memory."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void init_dlpack(PyObject* module) {
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

}  // namespace rl::python
