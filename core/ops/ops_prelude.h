// What the generated records see: operators, arithmetic on tensors, and helpers of formulas.
#pragma once

#include "core/op/op_node.h"
#include "core/op/pointwise.h"
#include "core/ops/conv.h"
#include "core/ops/creation.h"
#include "core/ops/formulas.h"
#include "core/ops/index.h"
#include "core/ops/interpolate.h"
#include "core/ops/loss.h"
#include "core/ops/operators.h"
#include "core/ops/ops.h"
#include "core/ops/pointwise_formulas.h"
#include "core/ops/pool.h"
#include "core/ops/random.h"

namespace rl {

// A constant list for schema defaults.
template <int64_t... N>
inline constexpr int64_t ints[] = {N...};

}  // namespace rl
