// Python's number, comparison, conversion and length slots of Tensor.
#include <cstring>

#include "core/autograd/grad_mode.h"
#include "core/autograd/variable.h"
#include "core/python/arguments.h"
#include "core/python/op_object.h"
#include "core/python/overrides.h"
#include "core/python/tensor_object.h"

namespace rl::python {

PyObject* tensor_getitem(PyObject* self, PyObject* index);
int tensor_setitem(PyObject* self, PyObject* index, PyObject* value);

namespace {

const OpRecord* find(const char* name, const char* overload = "") {
  for (const OpRecord* op : registry())
    if (!std::strcmp(op->name, name) && !std::strcmp(op->overload, overload)) return op;
  return nullptr;
}

struct SlotOps {
  const OpRecord *add, *sub, *mul, *div, *floor_divide, *remainder, *pow, *matmul, *neg, *abs,
      *bitwise_not, *bitwise_and, *bitwise_or, *bitwise_xor, *lshift, *rshift, *eq, *ne, *lt, *le,
      *gt, *ge;
} slot_ops;

bool convert_operand(PyObject* o, const Param& p, Value& out, Arena& arena) {
  if (is_tensor(o)) {
    out = Value(unwrap(o));
    return true;
  }
  return p.type == ParamType::Operand && convert_number(o, out, arena);
}

PyObject* call_method_override(const OpRecord& op, Mode mode, PyObject* const* args,
                               Py_ssize_t count) {
  const std::string name = mode == Mode::InPlace ? str(op.name, "_") : std::string(op.name);
  if (!is_tensor(args[0])) {  // a number or a stranger on the left: the function takes it
    const Object ops(checked(PyImport_ImportModule("rushlight._C")));
    const Object functions(checked(PyObject_GetAttrString(ops.get(), "ops")));
    const Object function(checked(PyObject_GetAttrString(functions.get(), name.c_str())));
    return call_override(function.get(), args, count, nullptr);
  }
  PyObject* method = PyDict_GetItemString(tensor_type->tp_dict, name.c_str());
  RL_CHECK(method, "Tensor has no method ", name);
  return call_override(method, args, count, nullptr);
}

// `a op b` for tensors and numbers; other operands get their chance through NotImplemented.
template <const OpRecord* SlotOps::*Which, Mode M = Mode::Functional>
PyObject* binary(PyObject* a, PyObject* b) {
  return guarded([&]() -> PyObject* {
    const OpRecord* op = slot_ops.*Which;
    if (!op) Py_RETURN_NOTIMPLEMENTED;
    if (!overrides_disabled && (may_override(a) || may_override(b))) [[unlikely]] {
      PyObject* const both[] = {a, b};
      return call_method_override(*op, M, both, 2);
    }
    Arena arena;
    Parsed parsed;
    if (!convert_operand(a, op->params[0], parsed.values[0], arena) ||
        !convert_operand(b, op->params[1], parsed.values[1], arena)) {
      PyObject* const both[] = {a, b};
      if (any_foreign_override(both, 2)) return call_method_override(*op, M, both, 2);
      Py_RETURN_NOTIMPLEMENTED;
    }
    for (int i = 2; i < op->param_count; ++i) parsed.values[i] = op->params[i].default_value;
    if (M == Mode::InPlace && !is_tensor(a)) Py_RETURN_NOTIMPLEMENTED;
    return run_operator(*op, M, parsed);
  });
}

template <const OpRecord* SlotOps::*Which>
PyObject* unary(PyObject* a) {
  return guarded([&] {
    const OpRecord* op = slot_ops.*Which;
    if (any_override(&a, 1)) [[unlikely]]
      return call_method_override(*op, Mode::Functional, &a, 1);
    Parsed parsed;
    parsed.values[0] = Value(unwrap(a));
    for (int i = 1; i < op->param_count; ++i) parsed.values[i] = op->params[i].default_value;
    return run_operator(*op, Mode::Functional, parsed);
  });
}

PyObject* invert(PyObject* a) {
  return guarded([&] {
    RL_CHECK_TYPE(is_integral(unwrap(a).dtype(), true),
                  "~ (operator.invert) is only implemented on integer and Boolean-type tensors");
    return checked(unary<&SlotOps::bitwise_not>(a));
  });
}

PyObject* power(PyObject* a, PyObject* b, PyObject*) { return binary<&SlotOps::pow>(a, b); }
PyObject* inplace_power(PyObject* a, PyObject* b, PyObject*) {
  return binary<&SlotOps::pow, Mode::InPlace>(a, b);
}
PyObject* positive(PyObject* a) {
  return guarded([&] {
    RL_CHECK(unwrap(a).dtype() != Dtype::Bool,
             "The `+` operator, on a bool tensor is not supported.");
    return Py_NewRef(a);
  });
}

// An ndarray's elements as a tensor; null with Python's error set.
PyObject* copied_from_array(PyObject* array) {
  PyObject* module = PyImport_ImportModule("rushlight._C");
  if (!module) return nullptr;
  PyObject* out = PyObject_CallMethod(module, "tensor_from_data", "OO", array, Py_None);
  Py_DECREF(module);
  return out;
}

// Takes NumPy arrays where Python's own ways would not: == and != would compare identity, and
// NumPy leaves array / tensor to the tensor.
template <const OpRecord* SlotOps::*Which>
PyObject* binary_with_array(PyObject* a, PyObject* b) {
  PyObject* out = binary<Which>(a, b);
  if (out != Py_NotImplemented) return out;
  PyObject*& stranger = is_tensor(a) ? b : a;
  constexpr bool divides = Which == &SlotOps::div;
  if (is_tensor(stranger) || (divides && stranger == b) ||
      !PyObject_HasAttrString(stranger, "__array_interface__"))
    return out;
  const Object array(copied_from_array(stranger));
  if (!array.get()) {  // of another kind: strings, objects
    PyErr_Clear();
    return out;
  }
  Py_DECREF(out);
  stranger = array.get();
  return binary<Which>(a, b);
}

PyObject* compare(PyObject* a, PyObject* b, int op) {
  switch (op) {
    case Py_EQ:
      return binary_with_array<&SlotOps::eq>(a, b);
    case Py_NE:
      return binary_with_array<&SlotOps::ne>(a, b);
    case Py_LT:
      return binary<&SlotOps::lt>(a, b);
    case Py_LE:
      return binary<&SlotOps::le>(a, b);
    case Py_GT:
      return binary<&SlotOps::gt>(a, b);
    default:
      return binary<&SlotOps::ge>(a, b);
  }
}

int truth(PyObject* o) {
  try {
    const Tensor& t = unwrap(o);
    RL_CHECK(t.numel() != 0, "Boolean value of Tensor with no values is ambiguous");
    RL_CHECK(t.numel() == 1, "Boolean value of Tensor with more than one value is ambiguous");
    return item(t).to_bool();
  } catch (...) {
    set_python_error();
    return -1;
  }
}

Scalar single_item(PyObject* o) {
  const Tensor& t = unwrap(o);
  RL_CHECK_VALUE(t.numel() == 1, "only one element tensors can be converted to Python scalars");
  return item(t);
}

PyObject* as_int(PyObject* o) {
  return guarded([&]() -> PyObject* {
    const Scalar s = single_item(o);
    if (s.is_integral()) return PyLong_FromLongLong(s.to_int());
    RL_CHECK(!s.is_complex(), "value cannot be converted to type int64_t without overflow");
    return PyLong_FromDouble(s.to_double());
  });
}
PyObject* as_float(PyObject* o) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = unwrap(o);
    static bool warned = false;
    if (requires_grad(t) && thread_state().grad_enabled && !std::exchange(warned, true) &&
        PyErr_WarnEx(PyExc_UserWarning,
                     "Converting a tensor with requires_grad=True to a scalar may lead to "
                     "unexpected behavior.\n"
                     "Consider using tensor.detach() first.",
                     1) < 0)
      throw PythonError();
    const Scalar s = single_item(o);
    RL_CHECK(!s.is_complex() || s.to_complex().imag() == 0,
             "value cannot be converted to type double without overflow");
    return PyFloat_FromDouble(s.to_double());
  });
}
PyObject* as_index(PyObject* o) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = unwrap(o);
    RL_CHECK_TYPE(t.numel() == 1 && is_integral(t.dtype(), true),
                  "only integer tensors of a single element can be converted to an index");
    return PyLong_FromLongLong(item(t).to_int());
  });
}

Py_ssize_t length(PyObject* o) {
  const Tensor& t = unwrap(o);
  if (t.dim() == 0) {
    PyErr_SetString(PyExc_TypeError, "len() of a 0-d tensor");
    return -1;
  }
  return t.sizes()[0];
}

template <class F>
void* slot(F f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

void add_operator_slots(std::vector<PyType_Slot>& slots) {
  slot_ops = {find("add"),          find("sub"),         find("mul"),         find("div"),
              find("floor_divide"), find("remainder"),   find("pow"),         find("matmul"),
              find("neg"),          find("abs"),         find("bitwise_not"), find("bitwise_and"),
              find("bitwise_or"),   find("bitwise_xor"), find("__lshift__"),  find("__rshift__"),
              find("eq"),           find("ne"),          find("lt"),          find("le"),
              find("gt"),           find("ge")};
  using S = SlotOps;
  constexpr Mode kIn = Mode::InPlace;
  const PyType_Slot all[] = {
      {Py_nb_add, slot(binary<&S::add>)},
      {Py_nb_inplace_add, slot(binary<&S::add, kIn>)},
      {Py_nb_subtract, slot(binary<&S::sub>)},
      {Py_nb_inplace_subtract, slot(binary<&S::sub, kIn>)},
      {Py_nb_multiply, slot(binary<&S::mul>)},
      {Py_nb_inplace_multiply, slot(binary<&S::mul, kIn>)},
      {Py_nb_true_divide, slot(binary_with_array<&S::div>)},
      {Py_nb_inplace_true_divide, slot(binary<&S::div, kIn>)},
      {Py_nb_floor_divide, slot(binary<&S::floor_divide>)},
      {Py_nb_inplace_floor_divide, slot(binary<&S::floor_divide, kIn>)},
      {Py_nb_remainder, slot(binary<&S::remainder>)},
      {Py_nb_inplace_remainder, slot(binary<&S::remainder, kIn>)},
      {Py_nb_power, slot(power)},
      {Py_nb_inplace_power, slot(inplace_power)},
      {Py_nb_matrix_multiply, slot(binary<&S::matmul>)},
      {Py_nb_negative, slot(unary<&S::neg>)},
      {Py_nb_positive, slot(positive)},
      {Py_nb_absolute, slot(unary<&S::abs>)},
      {Py_nb_invert, slot(invert)},
      {Py_nb_and, slot(binary<&S::bitwise_and>)},
      {Py_nb_inplace_and, slot(binary<&S::bitwise_and, kIn>)},
      {Py_nb_or, slot(binary<&S::bitwise_or>)},
      {Py_nb_inplace_or, slot(binary<&S::bitwise_or, kIn>)},
      {Py_nb_xor, slot(binary<&S::bitwise_xor>)},
      {Py_nb_inplace_xor, slot(binary<&S::bitwise_xor, kIn>)},
      {Py_nb_lshift, slot(binary<&S::lshift>)},
      {Py_nb_inplace_lshift, slot(binary<&S::lshift, kIn>)},
      {Py_nb_rshift, slot(binary<&S::rshift>)},
      {Py_nb_inplace_rshift, slot(binary<&S::rshift, kIn>)},
      {Py_nb_bool, slot(truth)},
      {Py_nb_int, slot(as_int)},
      {Py_nb_float, slot(as_float)},
      {Py_nb_index, slot(as_index)},
      {Py_tp_richcompare, slot(compare)},
      {Py_mp_length, slot(length)},
      {Py_mp_subscript, slot(tensor_getitem)},
      {Py_mp_ass_subscript, slot(tensor_setitem)},
  };
  slots.insert(slots.end(), std::begin(all), std::end(all));
}

}  // namespace rl::python
