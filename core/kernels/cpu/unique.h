// Distinct elements and slices.
#pragma once

#include "core/tensor/tensor.h"

namespace rl::cpu {

struct Distinct {
  Tensor values;
  Tensor inverse;  // int64, one an element (or slice); undefined unless wanted
  Tensor counts;   // int64; undefined unless wanted
};

// Of a contiguous tensor read as one vector. Every NaN stands for itself.
Distinct unique_sorted(const Tensor& flat, bool inverse, bool counts);
Distinct unique_runs(const Tensor& flat, bool inverse, bool counts);
// Of the rows of a contiguous matrix, in lexicographic order or in runs; `values` holds the places
// of the first row of each group.
Distinct unique_rows(const Tensor& rows, bool runs);

}  // namespace rl::cpu
