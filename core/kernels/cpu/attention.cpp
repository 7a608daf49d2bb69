// Attention by blocks of queries: scores of a block against all keys it sees, softmax, weighted
// values. Blocks depend on shapes only, so results are the same bits for any number of threads.
#include "core/kernels/cpu/attention.h"

#include <algorithm>

#include "core/base/cpu_features.h"
#include "core/kernels/cpu/gemm_blocked.h"

namespace rl {
namespace loops_baseline {
extern const cpu::AttentionTable kAttentionTable;
}
namespace loops_avx2 {
extern const cpu::AttentionTable kAttentionTable;
}
namespace loops_avx512 {
extern const cpu::AttentionTable kAttentionTable;
}

namespace cpu {

const AttentionTable& attention_table() {
#if defined(__x86_64__)
  if (cpu_isa() == Isa::Avx512) return loops_avx512::kAttentionTable;
  if (cpu_isa() == Isa::Avx2) return loops_avx2::kAttentionTable;
#endif
  return loops_baseline::kAttentionTable;
}

namespace {

template <class T>
const AttentionLoops<T>& loops() {
  if constexpr (sizeof(T) == sizeof(float))
    return attention_table().of_float;
  else
    return attention_table().of_double;
}

// Scores of a block stay in the second-level cache.
int64_t block_rows(int64_t queries, int64_t keys) {
  return std::clamp<int64_t>(65536 / std::max<int64_t>(keys, 1) / 16 * 16, 16,
                             std::min<int64_t>(128, std::max<int64_t>(queries, 16)));
}

// One head's matrix.
template <class T>
struct Matrix {
  T* data;
  int64_t step;  // between rows
  T* row(int64_t i) const { return data + i * step; }
};
template <class T>
Matrix<T> matrix(const Tensor& t, int64_t task) {
  const int64_t heads = t.size(1);
  return {t.data<T>() + task / heads * t.stride(0) + task % heads * t.stride(1), t.stride(2)};
}

// C = alpha A B + beta C, op(A) being m x k.
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, const T* a, int64_t rsa, int64_t csa, const T* b,
              int64_t rsb, int64_t csb, T beta, T* c, int64_t ldc) {
  if (m > 0 && n > 0) product<T>({m, n, k, T(1), a, rsa, csa, b, rsb, csb, beta, c, ldc});
}

template <class T>
class Heads {
 public:
  Heads(const Attention& options, const Tensor& query, const Tensor& key, const Tensor& value,
        const Tensor& bias)
      : options_(options), query_(query), key_(key), value_(value), bias_(bias) {}

  int64_t count() const { return query_.size(0) * query_.size(1); }
  int64_t queries() const { return query_.size(2); }
  int64_t block() const { return block_rows(queries(), key_.size(2)); }
  int64_t width() const { return query_.size(3); }
  int64_t value_width() const { return value_.size(3); }

  // Scores of queries [first, last) before scaling; `data` is rows * keys.
  Scores<T> scores(int64_t head, int64_t first, int64_t last, T* data) const {
    const auto q = matrix<T>(query_, head), k = matrix<T>(key_, head);
    const int64_t keys = options_.causal ? std::min(key_.size(2), last) : key_.size(2);
    multiply<T>(last - first, keys, width(), q.row(first), q.step, 1, k.data, 1, k.step, 0, data,
                keys);
    Scores<T> s{data, last - first, keys,           static_cast<T>(options_.scale), nullptr,
                0,    first,        options_.causal};
    if (bias_.defined()) {
      const auto b = matrix<T>(bias_, head);
      s.bias = b.row(first);
      s.bias_step = b.step;
    }
    return s;
  }

 private:
  const Attention& options_;
  const Tensor &query_, &key_, &value_, &bias_;
};

template <class T>
void forward(const Attention& options, const Tensor& query, const Tensor& key, const Tensor& value,
             const Tensor& bias, const Tensor& out, const Tensor& logsumexp) {
  const Heads<T> heads(options, query, key, value, bias);
  const int64_t queries = heads.queries(), block = heads.block(), blocks = ceil_div(queries, block);
  const int64_t width = heads.value_width();
  parallel_tasks(heads.count() * blocks, true, [&](int64_t task) {
    const int64_t head = task / blocks, first = task % blocks * block,
                  last = std::min(queries, first + block);
    const Scratch<T> data((last - first) * std::max<int64_t>(key.size(2), 1));
    const Scores<T> s = heads.scores(head, first, last, data.get());
    T inverse[128];
    loops<T>().weigh(s, inverse, logsumexp.data<T>() + head * queries + first);
    const auto v = matrix<T>(value, head), o = matrix<T>(out, head);
    multiply<T>(s.rows, width, s.cols, s.data, s.cols, 1, v.data, v.step, 1, 0, o.row(first),
                o.step);
    for (int64_t r = 0; r < s.rows; ++r) {
      T* const row = o.row(first + r);
      for (int64_t i = 0; i < width; ++i) row[i] *= inverse[r];
    }
  });
}

template <class T>
void backward(const Attention& options, const Tensor& grad, const Tensor& query, const Tensor& key,
              const Tensor& value, const Tensor& bias, const Tensor& out, const Tensor& logsumexp,
              const Tensor& grad_query, const Tensor& grad_key, const Tensor& grad_value) {
  const Heads<T> heads(options, query, key, value, bias);
  const int64_t queries = heads.queries(), block = heads.block(), width = heads.width();
  const int64_t value_width = heads.value_width();
  parallel_tasks(heads.count(), true, [&](int64_t head) {
    const int64_t room = block * std::max<int64_t>(key.size(2), 1);
    const Scratch<T> data(room), gradient(room);
    const auto q = matrix<T>(query, head), k = matrix<T>(key, head), v = matrix<T>(value, head),
               o = matrix<T>(out, head), g = matrix<T>(grad, head),
               dq = matrix<T>(grad_query, head), dk = matrix<T>(grad_key, head),
               dv = matrix<T>(grad_value, head);
    // Keys that no query sees have no gradient.
    for (int64_t i = 0; i < key.size(2); ++i) {
      std::fill_n(dk.row(i), width, T(0));
      std::fill_n(dv.row(i), value_width, T(0));
    }
    for (int64_t first = 0; first < queries; first += block) {
      const int64_t last = std::min(queries, first + block);
      const Scores<T> w = heads.scores(head, first, last, data.get());
      loops<T>().weigh_again(w, logsumexp.data<T>() + head * queries + first);
      T* const dw = gradient.get();
      multiply<T>(w.rows, w.cols, value_width, g.row(first), g.step, 1, v.data, 1, v.step, 0, dw,
                  w.cols);
      multiply<T>(w.cols, value_width, w.rows, w.data, 1, w.cols, g.row(first), g.step, 1, 1,
                  dv.data, dv.step);
      T shift[128];
      for (int64_t r = 0; r < w.rows; ++r)
        shift[r] = loops<T>().dot(g.row(first + r), o.row(first + r), value_width);
      loops<T>().weights_gradient(w, dw, shift);
      multiply<T>(w.rows, width, w.cols, dw, w.cols, 1, k.data, k.step, 1, 0, dq.row(first),
                  dq.step);
      multiply<T>(w.cols, width, w.rows, dw, 1, w.cols, q.row(first), q.step, 1, 1, dk.data,
                  dk.step);
    }
  });
}

}  // namespace

void attention(const Attention& options, const Tensor& query, const Tensor& key,
               const Tensor& value, const Tensor& bias, const Tensor& out,
               const Tensor& logsumexp) {
  dispatch(WideFloats{}, query.dtype(), "flash_attention",
           [&]<class T>() { forward<T>(options, query, key, value, bias, out, logsumexp); });
}

void attention_backward(const Attention& options, const Tensor& grad, const Tensor& query,
                        const Tensor& key, const Tensor& value, const Tensor& bias,
                        const Tensor& out, const Tensor& logsumexp, const Tensor& grad_query,
                        const Tensor& grad_key, const Tensor& grad_value) {
  dispatch(WideFloats{}, query.dtype(), "flash_attention_backward", [&]<class T>() {
    backward<T>(options, grad, query, key, value, bias, out, logsumexp, grad_query, grad_key,
                grad_value);
  });
}

}  // namespace cpu
}  // namespace rl
