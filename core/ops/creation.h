// Factories with a body of their own, named by the table.
#pragma once

#include "core/op/operand.h"
#include "core/ops/memory.h"

namespace rl {

Tensor zeros(IntList size, const TensorOptions& options);
Tensor empty_strided(IntList size, IntList stride, const TensorOptions& options);
Tensor empty_permuted(IntList size, IntList order, const TensorOptions& options);

Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step,
              const TensorOptions& options);
Tensor closed_range(const Scalar& start, const Scalar& end, const Scalar& step,
                    const TensorOptions& options);
Tensor linspace(const Operand& start, const Operand& end, int64_t steps,
                const TensorOptions& options);
Tensor logspace(const Operand& start, const Operand& end, int64_t steps, double base,
                const TensorOptions& options);

Tensor eye(int64_t n, int64_t m, const TensorOptions& options);
// `name` is tril_indices or triu_indices.
Tensor triangle_indices(const char* name, int64_t row, int64_t col, int64_t offset,
                        const TensorOptions& options);

Tensor cosine_window(const char* name, int64_t length, bool periodic, double alpha, double beta,
                     const TensorOptions& options);
Tensor hann_window(int64_t length, bool periodic, const TensorOptions& options);
Tensor blackman_window(int64_t length, bool periodic, const TensorOptions& options);
Tensor bartlett_window(int64_t length, bool periodic, const TensorOptions& options);
Tensor kaiser_window(int64_t length, bool periodic, double beta, const TensorOptions& options);

}  // namespace rl
