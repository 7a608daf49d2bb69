// Tensor.__getitem__ and __setitem__: ints, slices, None and ... make views; tensors, lists and
// masks collect into the advanced index that the operators `index` and `index_put_` take.
#include "core/autograd/variable.h"
#include "core/ops/memory.h"
#include "core/ops/ops.h"
#include "core/python/arguments.h"
#include "core/python/construct.h"
#include "core/python/overrides.h"
#include "core/python/tensor_object.h"

namespace rl::python {
namespace {

constexpr int64_t kReleaseNumel = 16384;

bool is_sequence(PyObject* o) {
  return PyList_Check(o) || PyTuple_Check(o) || (PySequence_Check(o) && !is_tensor(o));
}

bool is_mask(const Tensor& t) { return t.dtype() == Dtype::Bool || t.dtype() == Dtype::UInt8; }

// A list stands for a tuple when it holds more than numbers (PyTorch's rule, after NumPy's old
// one).
bool list_is_tuple(PyObject* o) {
  if (PyTuple_Check(o)) return true;
  if (!PyList_Check(o)) return false;
  const Py_ssize_t n = PyList_GET_SIZE(o);
  if (n >= 32) return false;
  for (Py_ssize_t i = 0; i < n; ++i) {
    PyObject* item = PyList_GET_ITEM(o, i);
    if (is_tensor(item) || PySlice_Check(item) || item == Py_Ellipsis || item == Py_None)
      return true;
    if (is_sequence(item) && !PyUnicode_Check(item)) return true;
  }
  return false;
}

Tensor tensor_index(PyObject* o) {
  if (is_tensor(o)) return unwrap(o);
  if (PyUnicode_Check(o)) fail(ErrorType::Type, "new(): invalid data type 'str'");
  const Tensor t = tensor_from_data(o, std::nullopt);
  // Floats are cut off; an empty list, which infers as floats, becomes an empty index.
  return is_mask(t) || t.dtype() == Dtype::Int64 ? t : as_contiguous(t, Dtype::Int64);
}

int64_t slice_bound(PyObject* o, int64_t otherwise) {
  if (o == Py_None) return otherwise;
  int64_t n = 0;
  if (convert_int(o, n)) return n;
  Py_ssize_t value = 0;
  if (!_PyEval_SliceIndex(o, &value)) throw PythonError();
  return value;
}

struct Bounds {
  int64_t start, stop, step;
};

Bounds unpack_slice(PyObject* o) {
  auto* s = reinterpret_cast<PySliceObject*>(o);
  const int64_t step = slice_bound(s->step, 1);
  RL_CHECK_VALUE(step != 0, "slice step cannot be zero");
  RL_CHECK_VALUE(step > 0, "step must be greater than zero");
  return {slice_bound(s->start, 0), slice_bound(s->stop, std::numeric_limits<int64_t>::max()),
          step};
}

// A view of `self` and what is left to index it with.
struct Index {
  Tensor view;
  TensorVec tensors;  // by dimension of view; undefined where all is taken
};

int64_t dims_taken(PyObject* item) {
  if (item == Py_None || item == Py_Ellipsis || PyBool_Check(item)) return 0;
  if (is_tensor(item)) return is_mask(unwrap(item)) ? unwrap(item).dim() : 1;
  if (is_sequence(item) && !PyUnicode_Check(item)) {
    // Nested lists of bools are masks of several dimensions.
    const Tensor t = tensor_index(item);
    return t.dtype() == Dtype::Bool ? t.dim() : 1;
  }
  return 1;
}

// `shown` is the dimension as the reader of the index counts.
Tensor select(const Tensor& t, int64_t dim, int64_t at, int64_t shown) {
  const int64_t n = t.sizes()[static_cast<size_t>(dim)];
  RL_CHECK_INDEX(at >= -n && at < n, "index ", at, " is out of bounds for dimension ", shown,
                 " with size ", n);
  return ops::select(t, dim, at);
}

void add_tensor(Index& out, int64_t& dim, const Tensor& t) {
  if (out.tensors.size() < static_cast<size_t>(dim) + 1)
    out.tensors.resize(static_cast<size_t>(dim) + 1);
  out.tensors[static_cast<size_t>(dim)] = t;
  dim += is_mask(t) ? t.dim() : 1;
  if (out.tensors.size() < static_cast<size_t>(dim)) out.tensors.resize(static_cast<size_t>(dim));
}

Index apply(const Tensor& self, PyObject* const* items, Py_ssize_t count) {
  int64_t taken = 0;
  for (Py_ssize_t i = 0; i < count; ++i) taken += dims_taken(items[i]);
  RL_CHECK_INDEX(taken <= self.dim() || (self.dim() == 0 && PySlice_Check(items[0])),
                 "too many indices for tensor of dimension ", self.dim());
  Index out{self, {}};
  int64_t dim = 0;
  int64_t selected = 0;
  bool seen_ellipsis = false;
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* item = items[i];
    int64_t n = 0;
    if (PyBool_Check(item)) {
      out.view = ops::unsqueeze(out.view, dim);
      Tensor flag = empty(Dims{1}, Dtype::Bool);
      *flag.data<bool>() = item == Py_True;
      add_tensor(out, dim, flag);
    } else if (PyLong_Check(item) ||
               (!is_tensor(item) && !is_sequence(item) && convert_int(item, n))) {
      if (PyLong_Check(item)) convert_int(item, n);
      out.view = select(out.view, dim, n, dim + selected++);
    } else if (PySlice_Check(item)) {
      const Bounds b = unpack_slice(item);
      RL_CHECK_INDEX(out.view.dim() > 0, "slice() cannot be applied to a 0-dim tensor.");
      const bool whole =
          b.start == 0 && b.step == 1 && b.stop == std::numeric_limits<int64_t>::max();
      if (!whole) out.view = ops::slice(out.view, dim, b.start, b.stop, b.step);
      ++dim;
    } else if (item == Py_Ellipsis) {
      if (!seen_ellipsis) dim += self.dim() - taken;
      seen_ellipsis = true;
    } else if (item == Py_None) {
      out.view = ops::unsqueeze(out.view, dim);
      ++dim;
    } else if (is_tensor(item) || is_sequence(item)) {
      const Tensor t = tensor_index(item);
      if (t.dim() == 0 && is_integral(t.dtype(), false) && !is_mask(t) && is_tensor(item)) {
        out.view = select(out.view, dim, rl::item(t).to_int(), dim + selected++);
      } else if (t.dim() == 0 && t.dtype() == Dtype::Bool) {
        out.view = ops::unsqueeze(out.view, dim);
        add_tensor(out, dim, alias(t, Dims{1}, Dims{1}, t.offset()));
      } else {
        add_tensor(out, dim, t);
      }
    } else {
      fail(ErrorType::Index,
           "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are "
           "valid indices (got ",
           Py_TYPE(item)->tp_name, ")");
    }
  }
  return out;
}

Index apply(const Tensor& self, PyObject* index) {
  if (PyTuple_Check(index))
    return apply(self, &PyTuple_GET_ITEM(index, 0), PyTuple_GET_SIZE(index));
  if (PyList_Check(index) && list_is_tuple(index)) {
    if (PyErr_WarnEx(PyExc_UserWarning,
                     "Using a non-tuple sequence for multidimensional indexing is deprecated; use "
                     "x[tuple(seq)] "
                     "instead of x[seq].",
                     1) < 0)
      throw PythonError();
    return apply(self, &PyList_GET_ITEM(index, 0), PyList_GET_SIZE(index));
  }
  return apply(self, &index, 1);
}

bool is_plain_int(PyObject* o) { return PyLong_CheckExact(o); }

Tensor getitem(const Tensor& self, PyObject* index) {
  if (is_plain_int(index)) {
    RL_CHECK_INDEX(self.dim() > 0,
                   "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
                   "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number");
    int64_t n = 0;
    convert_int(index, n);
    return select(self, 0, n, 0);
  }
  Index found = apply(self, index);
  if (found.tensors.empty()) return found.view.is_same(self) ? ops::alias(self) : found.view;
  const GilRelease gil(self.numel() >= kReleaseNumel || found.tensors[0].defined());
  return ops::index(found.view, found.tensors);
}

// The value to assign: a tensor as it is, a number in self's dtype.
Tensor value_of(PyObject* value, const Tensor& self) {
  if (is_tensor(value)) return unwrap(value);
  Arena arena;
  Value number;
  RL_CHECK_TYPE(convert_number(value, number, arena), "can't assign a ", Py_TYPE(value)->tp_name,
                " to a torch.", legacy_name(self.dtype()), "Tensor");
  check_number_fits(number.scalar(), self.dtype());
  return scalar_tensor(number.scalar(), self.dtype());
}

// Leading dimensions of size 1 that the target does not have fall away.
Tensor without_leading_ones(const Tensor& value, int64_t dims) {
  Tensor out = value;
  while (out.dim() > dims && out.sizes()[0] == 1) out = ops::select(out, 0, int64_t{0});
  return out;
}

void setitem(const Tensor& self, PyObject* index, PyObject* value) {
  const Tensor source = value_of(value, self);
  if (is_plain_int(index))
    RL_CHECK_INDEX(self.dim() > 0,
                   "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
                   "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number");
  Index found = apply(self, index);
  const GilRelease gil(self.numel() >= kReleaseNumel);
  if (found.tensors.empty()) {
    const Tensor from = without_leading_ones(source, found.view.dim());
    const Tensor expanded =
        from.sizes() == found.view.sizes() ? from : ops::expand(from, found.view.sizes());
    ops::copy_(found.view, expanded);
    return;
  }
  ops::index_put_(found.view, found.tensors, source, false);
}

}  // namespace

namespace {
PyObject* slot_method(const char* name) { return PyDict_GetItemString(tensor_type->tp_dict, name); }
}  // namespace

PyObject* tensor_getitem(PyObject* self, PyObject* index) {
  return guarded([&] {
    if (any_override(&self, 1)) [[unlikely]] {
      PyObject* const args[] = {self, index};
      return call_override(slot_method("__getitem__"), args, 2, nullptr);
    }
    return wrap(getitem(unwrap(self), index));
  });
}

int tensor_setitem(PyObject* self, PyObject* index, PyObject* value) {
  return guarded_int([&] {
    RL_CHECK_TYPE(value, "Tensor does not support deleting items");
    PyObject* const args[] = {self, index, value};
    if (any_override(args, 3)) [[unlikely]] {
      const Object done(call_override(slot_method("__setitem__"), args, 3, nullptr));
      return;
    }
    setitem(unwrap(self), index, value);
  });
}

}  // namespace rl::python
