// Attention without its whole matrix of weights in memory: a block of queries at a time.
#pragma once

#include "core/tensor/tensor.h"

namespace rl::cpu {

struct Attention {
  double scale;
  bool causal;  // query i sees keys 0..i
};

// Tensors are (batch, heads, length, width), float or double of one dtype, the last stride 1.
// `bias` (batch, heads, queries, keys) is added to the scores, or undefined. logsumexp: (batch,
// heads, queries).
void attention(const Attention& options, const Tensor& query, const Tensor& key,
               const Tensor& value, const Tensor& bias, const Tensor& out, const Tensor& logsumexp);
void attention_backward(const Attention& options, const Tensor& grad, const Tensor& query,
                        const Tensor& key, const Tensor& value, const Tensor& bias,
                        const Tensor& out, const Tensor& logsumexp, const Tensor& grad_query,
                        const Tensor& grad_key, const Tensor& grad_value);

// A block of scores, `rows` by `cols`, whose row r is query first + r.
template <class T>
struct Scores {
  T* data;
  int64_t rows, cols;
  T scale;
  const T* bias;  // null, or rows bias_step apart
  int64_t bias_step;
  int64_t first;
  bool causal;
};

// Inner loops, compiled once an instruction set.
template <class T>
struct AttentionLoops {
  // Scores become exp(score - largest); `inverse` gets 1 / sum of each row, `logsumexp` its
  // logarithm. A row that sees nothing gets zeros.
  void (*weigh)(const Scores<T>& scores, T* inverse, T* logsumexp);
  // Scores become weights, given logsumexp.
  void (*weigh_again)(const Scores<T>& scores, const T* logsumexp);
  // dw = w (dw - shift of the row) * scale
  void (*weights_gradient)(const Scores<T>& weights, T* dw, const T* shift);
  // sum of a[i] b[i]
  T (*dot)(const T* a, const T* b, int64_t n);
};
struct AttentionTable {
  AttentionLoops<float> of_float;
  AttentionLoops<double> of_double;
};
const AttentionTable& attention_table();

}  // namespace rl::cpu
