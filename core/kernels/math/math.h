// Scalar functions for the inner loops of kernels, float and double, in namespace rl::math
// (umbrella header). All vectorise inside `#pragma omp simd`, except sin, cos and tan: see trig.h.
// Each is within the error bound that tests/cpp/math_accuracy.cpp states for it.
#pragma once
#include "core/kernels/math/activations.h"
#include "core/kernels/math/error_function.h"
#include "core/kernels/math/exp.h"
#include "core/kernels/math/hyperbolic.h"
#include "core/kernels/math/inverse_trig.h"
#include "core/kernels/math/log.h"
#include "core/kernels/math/power.h"
#include "core/kernels/math/trig.h"
