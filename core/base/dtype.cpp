// The dtype table and PyTorch's promotion rules.
#include "core/base/dtype.h"

#include <atomic>

#include "core/base/error.h"

namespace rl {

const DtypeInfo kDtypeInfo[kDtypeCount] = {
    {"bool", nullptr, "Bool", 1},
    {"uint8", nullptr, "Byte", 1},
    {"int8", nullptr, "Char", 1},
    {"int16", "short", "Short", 2},
    {"int32", "int", "Int", 4},
    {"int64", "long", "Long", 8},
    {"float16", "half", "Half", 2},
    {"bfloat16", nullptr, "BFloat16", 2},
    {"float32", "float", "Float", 4},
    {"float64", "double", "Double", 8},
    {"complex64", "cfloat", "ComplexFloat", 8},
    {"complex128", "cdouble", "ComplexDouble", 16},
};

Dtype to_real(Dtype d) {
  if (d == Dtype::Complex64) return Dtype::Float32;
  if (d == Dtype::Complex128) return Dtype::Float64;
  return d;
}

Dtype to_complex(Dtype d) {
  if (is_complex(d)) return d;
  return d == Dtype::Float64 ? Dtype::Complex128 : Dtype::Complex64;
}

Dtype promote(Dtype a, Dtype b) {
  if (a == b) return a;
  if (a > b) std::swap(a, b);  // the enum runs from narrow to wide within and across categories
  if (is_complex(b)) {
    const bool wide = b == Dtype::Complex128 || a == Dtype::Float64;
    return wide ? Dtype::Complex128 : Dtype::Complex64;
  }
  if (is_floating(b)) {
    if (a == Dtype::Float16 && b == Dtype::BFloat16) return Dtype::Float32;
    return b;
  }
  // uint8 with int8 needs a type that holds both; wider signed types hold it already.
  if (a == Dtype::UInt8 && b == Dtype::Int8) return Dtype::Int16;
  return b;
}

bool can_cast(Dtype from, Dtype to) {
  if (is_complex(from) && !is_complex(to)) return false;
  if (is_floating(from) && is_integral(to, true)) return false;
  return to != Dtype::Bool || from == Dtype::Bool;
}

namespace {
std::atomic<Dtype> current_default{Dtype::Float32};
}

Dtype default_dtype() { return current_default.load(std::memory_order_relaxed); }
void set_default_dtype(Dtype d) { current_default.store(d, std::memory_order_relaxed); }

void throw_not_implemented_for(const char* op, Dtype d) {
  fail(ErrorType::NotImplemented, '"', op, "\" not implemented for '", d, "'");
}

const char* type_name(Dtype d) {
  constexpr const char* kNames[kDtypeCount] = {
      "bool",  "unsigned char", "signed char",         "short int",
      "int",   "long int",      "c10::Half",           "c10::BFloat16",
      "float", "double",        "c10::complex<float>", "c10::complex<double>"};
  return kNames[static_cast<int>(d)];
}

}  // namespace rl
