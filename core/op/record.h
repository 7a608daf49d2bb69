// OpRecord: all that is known of an operator. ops/generate.py writes one constant record an entry.
#pragma once

#include "core/op/value.h"

namespace rl {

struct Call;
struct Vjp;
struct PointwiseRule;
class Plan;

enum class ParamType : uint8_t {
  Tensor,
  Operand,  // a tensor or a number
  TensorList,
  Scalar,
  Int,
  IntList,
  Float,
  FloatList,
  ScalarList,
  Bool,
  String,
  Dtype,
  Device,
  Layout,
  MemoryFormat,
  Generator,
};

struct Param {
  const char* name;
  ParamType type;
  bool optional = false;  // None is allowed
  bool keyword_only = false;
  bool has_default = false;
  uint8_t list_size = 0;  // int[2]: a single int stands for two
  Value default_value = {};
};

enum class OpKind : uint8_t {
  Pointwise,  // rule + loops through the iterator; in-place and out= write directly
  Kernel,     // plan gives the results' geometry, kernel fills them
  Dynamic,    // the kernel makes its results (geometry depends on data)
  View,       // the result shares memory with the first argument
  Composite,  // made of other operators; records no node of its own
  Mutate,     // writes into its first argument; exists only in place
  Choose,     // hands its arguments to another operator
};

enum class Mode : uint8_t { Functional, InPlace, Out };

enum OpFlags : uint32_t {
  kFunction = 1,          // rushlight.<name>
  kMethod = 2,            // Tensor.<name>
  kInplace = 4,           // Tensor.<name>_
  kOut = 8,               // out=
  kInplaceFunction = 16,  // rushlight.<name>_
  kNotDifferentiable = 32,
  kMultiView = 64,          // returns several views: they may not be written in place
  kList = 128,              // returns a list of tensors
  kFactory = 256,           // makes a tensor from sizes or numbers: takes requires_grad=
  kScalarResult = 512,      // Python gets the 0-d result's value
  kInplaceInternal = 1024,  // in place, for the package's own Python code only
  kBoolResult = 2048,       // pointwise with a bool result: recorded in place only
  kOutCasts = 4096,         // out= may be of another dtype, if results can be cast to it
  kOutExact = 8192,         // pointwise, but out= has the result's dtype
  kNumbersFit = 16384,      // pointwise: number operands are in the range of the compute dtype
  kOutDtype = 32768,        // without dtype= it computes in the dtype of out=
};

// Which arguments and results backward reads, as bit masks read off the formulas.
struct Saves {
  uint32_t tensors = 0;  // arguments whose data is needed
  uint32_t sizes = 0;    // arguments of which only sizes and dtype are needed
  uint32_t results = 0;
};

struct OpRecord {
  const char* name;
  const char* overload = "";
  const char* schema;
  const char* doc;
  const char* node_name = "";  // "AddBackward0"
  const Param* params;
  uint8_t param_count;
  uint8_t result_count = 1;
  const char* const* result_names = nullptr;  // of a named tuple
  OpKind kind;
  uint32_t flags = 0;
  uint32_t differentiable_results = ~0u;  // bit mask
  const PointwiseRule* rule = nullptr;
  void (*check)(const Value* args) = nullptr;
  void (*plan)(Plan& plan, const Value* args) = nullptr;
  void (*run)(Call& call) = nullptr;
  void (*vjp)(Vjp& v) = nullptr;
  const Saves* saves = nullptr;  // what each parameter's derivative reads, one row a parameter
  const char* family = "";       // the table's file
};

// All records, in table order.
std::span<const OpRecord* const> registry();

inline constexpr int kMaxParams = 20;
inline constexpr int kMaxResults = 7;

}  // namespace rl
