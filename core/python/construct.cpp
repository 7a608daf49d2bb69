// tensor(data): nested sequences, numbers, arrays and tensors to a new tensor.
#include "core/python/construct.h"

#include "core/ops/ops.h"
#include "core/python/arguments.h"
#include "core/python/buffer.h"
#include "core/python/tensor_object.h"
#include "core/python/types.h"

namespace rl::python {
namespace {

constexpr int kMaxDepth = 128;

bool is_sequence(PyObject* o) {
  return PyList_Check(o) || PyTuple_Check(o) ||
         (PySequence_Check(o) && !PyUnicode_Check(o) && !PyBytes_Check(o) && !is_tensor(o));
}

// The sizes that the first elements have. A tensor among them counts as a number.
Dims infer_sizes(PyObject* data) {
  Dims sizes;
  Object at = Object::share(data);
  while (is_sequence(at.get())) {
    const Py_ssize_t n = PySequence_Size(at.get());
    if (n < 0) throw PythonError();
    sizes.push_back(n);
    RL_CHECK_VALUE(sizes.size() <= kMaxDepth, "too many dimensions '", Py_TYPE(data)->tp_name, "'");
    if (n == 0) return sizes;
    at = Object(checked(PySequence_GetItem(at.get(), 0)));
  }
  RL_CHECK_VALUE(!PyUnicode_Check(at.get()), "too many dimensions 'str'");
  return sizes;
}

// bool < int < float < complex; dtypes of tensors join in.
void infer_dtype(PyObject* data, std::optional<Dtype>& dtype) {
  const auto join = [&](Dtype d) { dtype = dtype ? promote(*dtype, d) : d; };
  if (PyFloat_CheckExact(data)) return join(default_dtype());
  if (PyBool_Check(data)) return join(Dtype::Bool);
  if (PyLong_Check(data)) return join(Dtype::Int64);
  if (PyComplex_Check(data)) return join(to_complex(default_dtype()));
  if (is_tensor(data)) return join(unwrap(data).dtype());
  if (const auto d = array_dtype(data)) return join(*d);  // NumPy's scalars too
  if (PyFloat_Check(data)) return join(default_dtype());
  if (is_sequence(data)) {
    const Object fast(checked(PySequence_Fast(data, "not a sequence")));
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i)
      infer_dtype(PySequence_Fast_GET_ITEM(fast.get(), i), dtype);
    return;
  }
  Arena arena;
  Value v;
  if (convert_number(data, v, arena)) return join(v.scalar().dtype());
  if (PyUnicode_Check(data) || PyBytes_Check(data))
    fail(ErrorType::Type, "new(): invalid data type '", Py_TYPE(data)->tp_name, "'");
  fail(ErrorType::Runtime, "Could not infer dtype of ", Py_TYPE(data)->tp_name);
}

// What stands where a number of T must; the texts are Python's own.
template <class T>
[[noreturn]] void fail_number(PyObject* o) {
  if (std::is_integral_v<T>)
    fail(ErrorType::Type, "'", Py_TYPE(o)->tp_name, "' object cannot be interpreted as an integer");
  fail(ErrorType::Type, "must be real number, not ", Py_TYPE(o)->tp_name);
}

template <class T>
Scalar number_of(PyObject* o) {
  if (is_tensor(o)) {
    RL_CHECK_TYPE(unwrap(o).numel() == 1,
                  std::is_integral_v<T>
                      ? "only integer tensors of a single element can be "
                        "converted to an index"
                      : "only one element tensors can be converted to Python scalars");
    return item(unwrap(o));
  }
  if (PyLong_Check(o)) {
    int overflow = 0;
    const long long n = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (!overflow) return Scalar(int64_t{n});
    RL_CHECK_VALUE(!std::is_integral_v<T>, "Overflow when unpacking long long");
    const double d = PyLong_AsDouble(o);
    if (d == -1.0 && PyErr_Occurred()) throw PythonError();
    return Scalar(d);
  }
  Arena arena;
  Value v;
  if (is_sequence(o) || !convert_number(o, v, arena)) fail_number<T>(o);
  return v.scalar();
}

template <class T>
bool in_range(const Scalar& s) {
  if (s.is_integral()) {
    const int64_t v = s.to_int();
    // Unsigned types take negative numbers modulo their range.
    const int64_t low = std::is_signed_v<T>
                            ? static_cast<int64_t>(std::numeric_limits<T>::min())
                            : -static_cast<int64_t>(std::numeric_limits<T>::max()) - 1;
    return sizeof(T) == 8 || (v <= static_cast<int64_t>(std::numeric_limits<T>::max()) && v >= low);
  }
  const double v = s.to_double();
  return v >= static_cast<double>(std::numeric_limits<T>::min()) &&
         v < -2.0 * static_cast<double>(std::numeric_limits<std::make_signed_t<T>>::min()) *
                 (std::is_signed_v<T> ? 0.5 : 1.0);
}

template <class T>
void store(PyObject* data, T*& out, const Dims& sizes, size_t d) {
  if (d == sizes.size()) {
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
      if (PyFloat_CheckExact(data)) {
        *out++ = static_cast<T>(PyFloat_AS_DOUBLE(data));
        return;
      }
    }
    const Scalar s = number_of<T>(data);
    if (s.is_complex() && !is_complex_type<T> && !std::is_same_v<T, bool>) fail_number<T>(data);
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
      RL_CHECK(in_range<T>(s), "value cannot be converted to type ", name_of(dtype_of<T>),
               " without overflow");
    *out++ = s.to<T>();
    return;
  }
  RL_CHECK_TYPE(is_sequence(data), "not a sequence");
  const Object fast(checked(PySequence_Fast(data, "not a sequence")));
  const Py_ssize_t n = PySequence_Fast_GET_SIZE(fast.get());
  RL_CHECK_VALUE(n == sizes[d], "expected sequence of length ", sizes[d], " at dim ", d, " (got ",
                 static_cast<int64_t>(n), ")");
  for (Py_ssize_t i = 0; i < n; ++i)
    store(PySequence_Fast_GET_ITEM(fast.get(), i), out, sizes, d + 1);
}

PyObject* tensor_from_data_py(PyObject*, PyObject* args) {
  PyObject *data, *dtype;
  if (!PyArg_ParseTuple(args, "OO", &data, &dtype)) return nullptr;
  return guarded([&] {
    std::optional<Dtype> d;
    if (dtype != Py_None) {
      Value v;
      Arena arena;
      RL_CHECK_TYPE(convert(dtype, Param{"dtype", ParamType::Dtype}, v, arena),
                    "tensor(): argument 'dtype' must be torch.dtype, not ",
                    Py_TYPE(dtype)->tp_name);
      d = v.dtype();
    }
    return wrap(tensor_from_data(data, d));
  });
}

PyMethodDef methods[] = {
    {"tensor_from_data", tensor_from_data_py, METH_VARARGS,
     "tensor_from_data(data, dtype): copies data into a new tensor; dtype None infers it."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

Tensor tensor_from_data(PyObject* data, std::optional<Dtype> dtype) {
  if (is_tensor(data)) {
    const Tensor& t = unwrap(data);
    Tensor out = empty_like(t, dtype.value_or(t.dtype()));
    copy_into(out, t);
    return out;
  }
  if (const auto array = array_tensor(data, false))
    return contiguous_copy(*array, dtype.value_or(array->dtype()));
  if (PyUnicode_Check(data) || PyBytes_Check(data))
    fail(ErrorType::Type, "new(): invalid data type '", Py_TYPE(data)->tp_name, "'");
  const Dims sizes = infer_sizes(data);
  if (!dtype) infer_dtype(data, dtype);
  Tensor out = empty(sizes, dtype.value_or(default_dtype()));
  if (product(sizes) == 0 && !sizes.empty()) return out;
  dispatch(AllTypes{}, out.dtype(), "tensor", [&]<class T>() {
    T* at = out.data<T>();
    store(data, at, sizes, 0);
  });
  return out;
}

void init_construct(PyObject* module) {
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

}  // namespace rl::python
