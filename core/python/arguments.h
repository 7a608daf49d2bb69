// Python arguments to Values, by the parameters of a record.
#pragma once

#include "core/op/record.h"
#include "core/python/tensor_object.h"

namespace rl::python {

// Keeps what converted lists need for the time of one call.
class Arena {
 public:
  int64_t* ints(size_t n);
  double* floats(size_t n);
  Scalar* scalars(size_t n);
  TensorVec& tensors();

 private:
  static constexpr size_t kInline = 32;
  int64_t ints_[kInline];
  size_t used_ = 0;
  std::vector<std::unique_ptr<int64_t[]>> more_ints_;
  std::vector<std::unique_ptr<double[]>> floats_;
  std::vector<std::unique_ptr<Scalar[]>> scalars_;
  std::vector<std::unique_ptr<TensorVec>> tensors_;
};

// False where the object is not of the parameter's type.
bool convert(PyObject* o, const Param& param, Value& out, Arena& arena);
// A Python number (NumPy's scalars included).
bool convert_number(PyObject* o, Value& out, Arena& arena);
bool convert_int(PyObject* o, int64_t& out);
// A sequence of ints; false where it is not one.
bool convert_ints(PyObject* o, Value& out, Arena& arena);
const char* type_text(const Param& param);  // as error messages name it

}  // namespace rl::python
