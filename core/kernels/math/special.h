// Rarely used functions, scalar and branchy (umbrella header). Floats are computed in double.
#pragma once
#include "core/kernels/math/polynomial.h"
#include "core/kernels/math/special_bessel.h"
#include "core/kernels/math/special_gamma.h"
#include "core/kernels/math/special_modified.h"
#include "core/kernels/math/special_normal.h"
