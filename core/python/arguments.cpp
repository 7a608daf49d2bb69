// Conversion of single arguments.
#include "core/python/arguments.h"

#include "core/python/generator_object.h"
#include "core/python/types.h"

namespace rl::python {

int64_t* Arena::ints(size_t n) {
  if (used_ + n <= kInline) {
    int64_t* at = ints_ + used_;
    used_ += n;
    return at;
  }
  return more_ints_.emplace_back(std::make_unique<int64_t[]>(n)).get();
}
double* Arena::floats(size_t n) {
  return floats_.emplace_back(std::make_unique<double[]>(n)).get();
}
Scalar* Arena::scalars(size_t n) {
  return scalars_.emplace_back(std::make_unique<Scalar[]>(n)).get();
}
TensorVec& Arena::tensors() { return *tensors_.emplace_back(std::make_unique<TensorVec>()); }

namespace {

int64_t long_value(PyObject* o) {
  const long long n = PyLong_AsLongLong(o);
  if (n == -1 && PyErr_Occurred()) throw PythonError();
  return n;
}

bool is_scalar_tensor(PyObject* o) { return is_tensor(o) && unwrap(o).numel() == 1; }

// Objects that are numbers without being Python's own: NumPy scalars and the like.
bool is_foreign_number(PyObject* o) {
  const PyNumberMethods* m = Py_TYPE(o)->tp_as_number;
  return m && (m->nb_index || m->nb_float) && !is_tensor(o) && !PySequence_Check(o);
}

bool is_numpy_bool(PyObject* o) {
  const char* name = Py_TYPE(o)->tp_name;
  return std::string_view(name) == "numpy.bool" || std::string_view(name) == "numpy.bool_";
}

bool convert_double(PyObject* o, double& out) {
  if (PyFloat_Check(o)) {
    out = PyFloat_AS_DOUBLE(o);
    return true;
  }
  if (PyBool_Check(o)) return false;
  if (PyLong_Check(o) || is_foreign_number(o)) {
    out = PyFloat_AsDouble(o);
    if (out == -1.0 && PyErr_Occurred()) throw PythonError();
    return true;
  }
  if (is_scalar_tensor(o) && !unwrap(o).is_complex()) {
    out = item(unwrap(o)).to_double();
    return true;
  }
  return false;
}

// A list or tuple (a Size too), as a fast view.
bool is_sequence(PyObject* o) { return PyTuple_Check(o) || PyList_Check(o); }

bool convert_tensors(PyObject* o, bool with_none, Value& out, Arena& arena) {
  if (!is_sequence(o)) return false;
  TensorVec& list = arena.tensors();
  const Py_ssize_t n = PySequence_Fast_GET_SIZE(o);
  list.reserve(static_cast<size_t>(n));
  for (Py_ssize_t i = 0; i < n; ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(o, i);
    if (item == Py_None && with_none)
      list.emplace_back();
    else if (is_tensor(item))
      list.push_back(unwrap(item));
    else
      return false;
  }
  out = Value(list);
  return true;
}

bool convert_floats(PyObject* o, size_t repeat, Value& out, Arena& arena) {
  double one = 0;
  if (repeat && convert_double(o, one)) {
    double* at = arena.floats(repeat);
    std::fill(at, at + repeat, one);
    out = Value(std::span<const double>(at, repeat));
    return true;
  }
  if (!is_sequence(o)) return false;
  const auto n = static_cast<size_t>(PySequence_Fast_GET_SIZE(o));
  double* at = arena.floats(n);
  for (size_t i = 0; i < n; ++i)
    if (!convert_double(PySequence_Fast_GET_ITEM(o, static_cast<Py_ssize_t>(i)), at[i]))
      return false;
  out = Value(std::span<const double>(at, n));
  return true;
}

bool convert_scalars(PyObject* o, Value& out, Arena& arena) {
  if (!is_sequence(o)) return false;
  const auto n = static_cast<size_t>(PySequence_Fast_GET_SIZE(o));
  Scalar* at = arena.scalars(n);
  for (size_t i = 0; i < n; ++i) {
    Value v;
    if (!convert_number(PySequence_Fast_GET_ITEM(o, static_cast<Py_ssize_t>(i)), v, arena))
      return false;
    at[i] = v.scalar();
  }
  out = Value(std::span<const Scalar>(at, n));
  return true;
}

bool convert_dtype(PyObject* o, Value& out) {
  if (is_dtype(o))
    out = Value(unwrap_dtype(o));
  else if (o == reinterpret_cast<PyObject*>(&PyFloat_Type))
    out = Value(Dtype::Float64);
  else if (o == reinterpret_cast<PyObject*>(&PyLong_Type))
    out = Value(Dtype::Int64);
  else if (o == reinterpret_cast<PyObject*>(&PyBool_Type))
    out = Value(Dtype::Bool);
  else if (o == reinterpret_cast<PyObject*>(&PyComplex_Type))
    out = Value(Dtype::Complex128);
  else
    return false;
  return true;
}

}  // namespace

bool convert_int(PyObject* o, int64_t& out) {
  if (PyLong_Check(o)) {
    if (PyBool_Check(o)) return false;
    out = long_value(o);
    return true;
  }
  if (is_tensor(o)) {
    if (!is_scalar_tensor(o) || !is_integral(unwrap(o).dtype(), false)) return false;
    out = item(unwrap(o)).to_int();
    return true;
  }
  if (!PyIndex_Check(o) || is_numpy_bool(o)) return false;
  const Object index(PyNumber_Index(o));
  if (!index) {
    PyErr_Clear();
    return false;
  }
  out = long_value(index.get());
  return true;
}

bool convert_ints(PyObject* o, Value& out, Arena& arena) {
  if (!is_sequence(o)) return false;
  const auto n = static_cast<size_t>(PySequence_Fast_GET_SIZE(o));
  int64_t* at = arena.ints(n);
  for (size_t i = 0; i < n; ++i)
    if (!convert_int(PySequence_Fast_GET_ITEM(o, static_cast<Py_ssize_t>(i)), at[i])) return false;
  out = Value(IntList(at, n));
  return true;
}

bool convert_number(PyObject* o, Value& out, Arena& arena) {
  if (PyFloat_Check(o))
    out = Value(PyFloat_AS_DOUBLE(o));
  else if (PyBool_Check(o))
    out = Value(o == Py_True);
  else if (PyLong_Check(o)) {
    int overflow = 0;
    const long long n = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (overflow) {
      PyErr_SetString(PyExc_OverflowError, "int too big to convert");
      throw PythonError();
    }
    out = Value(int64_t{n});
  } else if (PyComplex_Check(o)) {
    Scalar* s = arena.scalars(1);
    const Py_complex z = PyComplex_AsCComplex(o);
    *s = Scalar(std::complex<double>(z.real, z.imag));
    out = Value(*s);
  } else if (is_tensor(o)) {
    return false;
  } else if (is_numpy_bool(o)) {
    out = Value(PyObject_IsTrue(o) == 1);
  } else if (is_foreign_number(o)) {
    int64_t n = 0;
    if (convert_int(o, n)) {
      out = Value(n);
      return true;
    }
    const double d = PyFloat_AsDouble(o);
    if (d == -1.0 && PyErr_Occurred()) {
      PyErr_Clear();
      return false;
    }
    out = Value(d);
  } else {
    return false;
  }
  return true;
}

bool convert(PyObject* o, const Param& param, Value& out, Arena& arena) {
  if (o == Py_None) {
    out = Value();
    if (param.optional) return true;
    // A list that defaults to the empty one (the stride of a pool) may be left out as None.
    if (param.type != ParamType::IntList || !param.has_default) return false;
    if (!param.default_value.ints().empty()) return false;
    out = param.default_value;
    return true;
  }
  switch (param.type) {
    case ParamType::Tensor:
      if (!is_tensor(o)) return false;
      out = Value(unwrap(o));
      return true;
    case ParamType::Operand:
      if (is_tensor(o)) {
        out = Value(unwrap(o));
        return true;
      }
      return convert_number(o, out, arena);
    case ParamType::TensorList:
      return convert_tensors(o, true, out, arena);
    case ParamType::Scalar:
      if (is_tensor(o)) {
        if (unwrap(o).dim() != 0 || unwrap(o).is_meta()) return false;
        Scalar* s = arena.scalars(1);
        *s = item(unwrap(o));
        out = Value(*s);
        return true;
      }
      return convert_number(o, out, arena);
    case ParamType::Int: {
      int64_t n = 0;
      if (!convert_int(o, n)) return false;
      out = Value(n);
      return true;
    }
    case ParamType::IntList: {
      if (convert_ints(o, out, arena)) return true;
      int64_t n = 0;
      if (!param.list_size || !convert_int(o, n)) return false;
      int64_t* at = arena.ints(param.list_size);
      std::fill(at, at + param.list_size, n);
      out = Value(IntList(at, param.list_size));
      return true;
    }
    case ParamType::Float: {
      double d = 0;
      if (!convert_double(o, d)) return false;
      out = Value(d);
      return true;
    }
    case ParamType::FloatList:
      return convert_floats(o, param.list_size, out, arena);
    case ParamType::ScalarList:
      return convert_scalars(o, out, arena);
    case ParamType::Bool:
      if (PyBool_Check(o))
        out = Value(o == Py_True);
      else if (is_numpy_bool(o))
        out = Value(PyObject_IsTrue(o) == 1);
      else
        return false;
      return true;
    case ParamType::String: {
      if (!PyUnicode_Check(o)) return false;
      Py_ssize_t n = 0;
      const char* text = PyUnicode_AsUTF8AndSize(o, &n);
      if (!text) throw PythonError();
      out = Value(std::string_view(text, static_cast<size_t>(n)));
      return true;
    }
    case ParamType::Dtype:
      return convert_dtype(o, out);
    case ParamType::Device: {
      Device d;
      if (!unwrap_device(o, d)) return false;
      out = Value(d);
      return true;
    }
    case ParamType::Layout:
      if (!is_layout(o)) return false;
      out = Value(Layout::Strided);
      return true;
    case ParamType::MemoryFormat:
      if (!is_memory_format(o)) return false;
      out = Value(unwrap_memory_format(o));
      return true;
    case ParamType::Generator:
      if (!is_generator(o)) return false;
      out = Value(unwrap_generator(o));
      return true;
  }
  return false;
}

const char* type_text(const Param& param) {
  switch (param.type) {
    case ParamType::Tensor:
      return "Tensor";
    case ParamType::Operand:
      return "Tensor";
    case ParamType::TensorList:
      return "tuple of Tensors";
    case ParamType::Scalar:
      return "Number";
    case ParamType::Int:
      return "int";
    case ParamType::IntList:
      return "tuple of ints";
    case ParamType::Float:
      return "float";
    case ParamType::FloatList:
      return "tuple of floats";
    case ParamType::ScalarList:
      return "tuple of Scalars";
    case ParamType::Bool:
      return "bool";
    case ParamType::String:
      return "str";
    case ParamType::Dtype:
      return "torch.dtype";
    case ParamType::Device:
      return "torch.device";
    case ParamType::Layout:
      return "torch.layout";
    case ParamType::MemoryFormat:
      return "torch.memory_format";
    case ParamType::Generator:
      return "torch.Generator";
  }
  return "";
}

}  // namespace rl::python
