// Search in sorted rows, and counts by value.
#pragma once

#include "core/tensor/tensor.h"

namespace rl::cpu {

// Contiguous tensors of one dtype: rows of `sorted` for as many rows of `values`, or a single one
// for all of them. `sorter` (int64, may be undefined) gives the order of a row. `out` is int64 or
// int32.
void search_rows(const Tensor& sorted, const Tensor& values, const Tensor& sorter, bool right,
                 const Tensor& out);

// Counts (or sums of weights, in the dtype of `out`) of the numbers 0 .. out.numel() - 1.
void count_numbers(const Tensor& numbers, const Tensor& weights, const Tensor& out);

// Counts in equal bins from low to high, both included; what lies outside, or is NaN, is left out.
void count_in_bins(const Tensor& values, double low, double high, const Tensor& out);

}  // namespace rl::cpu
