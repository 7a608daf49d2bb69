// Zero-copy exchange with NumPy and everything else that speaks the buffer protocol.
#include "core/python/buffer.h"

#include <cstring>

#include "core/autograd/grad_mode.h"
#include "core/autograd/variable.h"
#include "core/python/arguments.h"
#include "core/python/tensor_object.h"
#include "core/python/types.h"

namespace rl::python {
namespace {

struct Format {
  const char* text;
  Dtype dtype;
};
// struct-module codes; the first of a dtype is what tensors show.
constexpr Format kFormats[] = {
    {"?", Dtype::Bool},    {"B", Dtype::UInt8},      {"b", Dtype::Int8},
    {"h", Dtype::Int16},   {"i", Dtype::Int32},      {"l", Dtype::Int64},
    {"q", Dtype::Int64},   {"e", Dtype::Float16},    {"f", Dtype::Float32},
    {"d", Dtype::Float64}, {"Zf", Dtype::Complex64}, {"Zd", Dtype::Complex128},
    {"c", Dtype::UInt8},
};

const char* format_of(Dtype d) {
  for (const Format& f : kFormats)
    if (f.dtype == d) return f.text;
  return nullptr;
}

std::optional<Dtype> dtype_of_format(const char* text) {
  if (!text) return Dtype::UInt8;
  if (*text == '@' || *text == '=' || *text == '<') ++text;
  for (const Format& f : kFormats)
    if (!std::strcmp(f.text, text)) return f.dtype;
  return std::nullopt;
}

// Keeps the exporter's memory while any tensor uses it.
struct HeldBuffer {
  Py_buffer view{};
  ~HeldBuffer() {
    if (!view.obj || !Py_IsInitialized()) return;
    const GilAcquire gil;
    PyBuffer_Release(&view);
  }
};

bool is_array(PyObject* o) {
  // A class attribute: instances' __getattr__ is not asked.
  return !is_tensor(o) && PyObject_CheckBuffer(o) &&
         PyObject_HasAttrString(reinterpret_cast<PyObject*>(Py_TYPE(o)), "__array_interface__");
}

std::shared_ptr<HeldBuffer> hold(PyObject* o, bool writable) {
  auto held = std::make_shared<HeldBuffer>();
  const int flags = PyBUF_FORMAT | PyBUF_STRIDES | (writable ? PyBUF_WRITABLE : 0);
  if (PyObject_GetBuffer(o, &held->view, flags) < 0) {
    held->view.obj = nullptr;
    return nullptr;
  }
  // NumPy's scalars for dates show plain bytes, without strides.
  if (held->view.ndim > 0 && !held->view.strides) return nullptr;
  return held;
}

// An element type that tensors do not have, named as NumPy names it.
[[noreturn]] void fail_element_type(PyObject* array) {
  const Object dtype(checked(PyObject_GetAttrString(array, "dtype")));
  const Object order(checked(PyObject_GetAttrString(dtype.get(), "byteorder")));
  if (!std::strcmp(PyUnicode_AsUTF8(order.get()), ">"))
    fail(ErrorType::Value,
         "given numpy array has byte order different from the native byte order. Conversion "
         "between byte orders is currently not supported.");
  const Object type(checked(PyObject_GetAttrString(dtype.get(), "type")));
  fail(ErrorType::Type, "can't convert np.ndarray of type ",
       reinterpret_cast<PyTypeObject*>(type.get())->tp_name,
       ". The only supported types are: float64, float32, float16, complex64, complex128, int64, "
       "int32, int16, "
       "int8, uint8, and bool.");
}

Tensor tensor_over(PyObject* array, const std::shared_ptr<HeldBuffer>& held) {
  const Py_buffer& b = held->view;
  const auto dtype = dtype_of_format(b.format);
  if (!dtype) fail_element_type(array);
  Dims sizes, strides;
  for (int i = 0; i < b.ndim; ++i) {
    sizes.push_back(b.shape[i]);
    RL_CHECK_VALUE(
        b.strides[i] >= 0 || b.shape[i] == 0,
        "At least one stride in the given numpy array is negative, and tensors with negative "
        "strides "
        "are not currently supported. (You can probably work around this by making a copy of your "
        "array  with array.copy().) ");
    RL_CHECK_VALUE(b.strides[i] % b.itemsize == 0,
                   "given numpy array strides not a multiple of the element byte size. Copy the "
                   "numpy array to "
                   "reallocate the memory.");
    strides.push_back(b.shape[i] == 0 ? 0 : b.strides[i] / b.itemsize);
  }
  if (product(sizes) == 0) strides = contiguous_strides(sizes);
  const size_t bytes = storage_bytes(sizes, strides, 0, static_cast<size_t>(b.itemsize));
  return Tensor::make(Storage::borrow(b.buf, bytes, [keep = held] { (void)keep; }), *dtype, sizes,
                      strides);
}

PyObject* from_numpy(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    RL_CHECK_TYPE(is_array(o) && PyObject_HasAttrString(reinterpret_cast<PyObject*>(Py_TYPE(o)),
                                                        "__array_finalize__"),
                  "expected np.ndarray (got ", Py_TYPE(o)->tp_name, ")");
    auto held = hold(o, true);
    if (!held) {
      PyErr_Clear();
      held = hold(o, false);
      if (!held) {
        PyErr_Clear();
        fail_element_type(o);
      }
      static bool warned = false;
      if (!std::exchange(warned, true) &&
          PyErr_WarnEx(PyExc_UserWarning,
                       "The given NumPy array is not writable, and PyTorch does not support "
                       "non-writable tensors. "
                       "This means writing to this tensor will result in undefined behavior. You "
                       "may want to copy "
                       "the array to protect its data or make it writable before converting it to "
                       "a tensor. This "
                       "type of warning will be suppressed for the rest of this program.",
                       1) < 0)
        throw PythonError();
    }
    return wrap(tensor_over(o, held));
  });
}

PyObject* frombuffer(PyObject*, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"buffer", "dtype", "count", "offset", "requires_grad", nullptr};
  PyObject *buffer, *dtype = nullptr;
  Py_ssize_t count = -1, offset = 0;
  int grad = 0;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$Onnp", const_cast<char**>(names), &buffer,
                                   &dtype, &count, &offset, &grad))
    return nullptr;
  return guarded([&]() -> PyObject* {
    RL_CHECK_TYPE(dtype, "frombuffer() missing 1 required positional arguments: \"dtype\"");
    RL_CHECK_TYPE(is_dtype(dtype), "frombuffer(): argument 'dtype' must be torch.dtype, not ",
                  Py_TYPE(dtype)->tp_name);
    RL_CHECK_VALUE(PyObject_CheckBuffer(buffer),
                   "object does not implement Python buffer protocol.");
    auto held = std::make_shared<HeldBuffer>();
    if (PyObject_GetBuffer(buffer, &held->view, PyBUF_WRITABLE) < 0) {
      PyErr_Clear();
      if (PyErr_WarnEx(
              PyExc_UserWarning,
              "The given buffer is not writable, and PyTorch does not support "
              "non-writable tensors. This means you can write to the underlying (supposedly "
              "non-writable) buffer using the tensor. You may want to copy the buffer to protect "
              "its data "
              "or make it writable before converting it to a tensor.",
              1) < 0)
        throw PythonError();
      if (PyObject_GetBuffer(buffer, &held->view, PyBUF_SIMPLE) < 0) {
        held->view.obj = nullptr;
        throw PythonError();
      }
    }
    const Dtype d = unwrap_dtype(dtype);
    const auto item = static_cast<Py_ssize_t>(size_of(d));
    const Py_ssize_t length = held->view.len;
    RL_CHECK_VALUE(length > 0 && count != 0, "both buffer length (", static_cast<int64_t>(length),
                   ") and count (", static_cast<int64_t>(count), ") must not be 0");
    RL_CHECK_VALUE(offset >= 0 && offset < length, "offset (", static_cast<int64_t>(offset),
                   " bytes) must be non-negative and no greater than buffer length (",
                   static_cast<int64_t>(length), " bytes) minus 1");
    RL_CHECK_VALUE(count > 0 || (length - offset) % item == 0, "buffer length (",
                   static_cast<int64_t>(length - offset), " bytes) after offset (",
                   static_cast<int64_t>(offset), " bytes) must be a multiple of element size (",
                   static_cast<int64_t>(item), ")");
    const int64_t n = count > 0 ? count : (length - offset) / item;
    RL_CHECK_VALUE(offset + n * item <= length, "requested buffer length (", n, " * ",
                   static_cast<int64_t>(item), " bytes) after offset (",
                   static_cast<int64_t>(offset),
                   " bytes) must not be greater than actual buffer length (",
                   static_cast<int64_t>(length), " bytes)");
    auto* data = static_cast<std::byte*>(held->view.buf) + offset;
    const Tensor t = Tensor::make(
        Storage::borrow(data, static_cast<size_t>(n * item), [keep = held] { (void)keep; }), d,
        Dims{n}, Dims{1});
    RL_CHECK(!grad || is_differentiable(d),
             "Only Tensors of floating point and complex dtype can require gradients");
    set_requires_grad(t, grad != 0);
    return wrap(t);
  });
}

template <class F>
PyCFunction as_c(F f) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f));
}
PyMethodDef methods[] = {
    {"from_numpy", from_numpy, METH_O, "from_numpy(ndarray): a tensor over the array's memory."},
    {"frombuffer", as_c(frombuffer), METH_VARARGS | METH_KEYWORDS,
     "frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False): a 1-d tensor over a "
     "buffer."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

std::optional<Dtype> array_dtype(PyObject* o) {
  if (!is_array(o)) return std::nullopt;
  const auto t = array_tensor(o, true);
  return t ? std::optional(t->dtype()) : std::nullopt;
}

std::optional<Tensor> array_tensor(PyObject* o, bool any_strides) {
  if (!is_array(o)) return std::nullopt;
  const auto held = hold(o, false);
  if (!held) {
    PyErr_Clear();
    fail_element_type(o);
  }
  if (any_strides) {
    for (int i = 0; i < held->view.ndim; ++i) {
      if (held->view.strides[i] >= 0 && held->view.strides[i] % held->view.itemsize == 0) continue;
      const Object copy(checked(PyObject_CallMethod(o, "copy", nullptr)));
      return tensor_over(o, hold(copy.get(), false));
    }
  }
  return tensor_over(o, held);
}

int tensor_get_buffer(PyObject* self, Py_buffer* view, int flags) {
  return guarded_int([&] {
    const Tensor& t = unwrap(self);
    const char* format = format_of(t.dtype());
    RL_CHECK_AS(Buffer, format, "Got unsupported ScalarType ", t.dtype());
    RL_CHECK_AS(Buffer, !t.is_meta(), "meta tensors have no memory");
    RL_CHECK_AS(Buffer, !requires_grad(t) || !thread_state().grad_enabled,
                "Can't export tensors that require gradient, use tensor.detach()");
    RL_CHECK_AS(Buffer, t.is_contiguous() || (flags & PyBUF_STRIDES) == PyBUF_STRIDES,
                "the tensor is not contiguous");
    const size_t n = t.sizes().size();
    auto* numbers = static_cast<Py_ssize_t*>(PyMem_Malloc((2 * n + 1) * sizeof(Py_ssize_t)));
    if (!numbers) throw std::bad_alloc();
    const auto item = static_cast<Py_ssize_t>(t.item_size());
    for (size_t i = 0; i < n; ++i) {
      numbers[i] = t.sizes()[i];
      numbers[n + i] = t.strides()[i] * item;
    }
    t.storage()->note_exported();
    view->obj = Py_NewRef(self);
    view->buf = t.raw();
    view->len = t.numel() * item;
    view->readonly = 0;
    view->itemsize = item;
    view->format = flags & PyBUF_FORMAT ? const_cast<char*>(format) : nullptr;
    view->ndim = static_cast<int>(n);
    view->shape = flags & PyBUF_ND ? numbers : nullptr;
    view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? numbers + n : nullptr;
    view->suboffsets = nullptr;
    view->internal = numbers;
  });
}

void tensor_release_buffer(PyObject*, Py_buffer* view) { PyMem_Free(view->internal); }

void init_buffer(PyObject* module) {
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

}  // namespace rl::python
