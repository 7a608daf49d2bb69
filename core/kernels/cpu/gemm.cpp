// Matrix products by dtype: four types have kernels; the others are widened, split into real and
// imaginary parts, or narrowed around them.
#include "core/kernels/cpu/gemm.h"

#include <type_traits>

#include "core/kernels/cpu/gemm_bfloat.h"
#include "core/kernels/cpu/gemm_blocked.h"

namespace rl::cpu {
namespace {

struct Shape {
  bool trans_a, trans_b;
  int64_t m, n, k, lda, ldb, ldc;
};

// The type whose kernels compute the product of T: sums in it, rounded or truncated at the end.
template <class T>
struct WideOf {
  using type = std::conditional_t<std::is_integral_v<T>, int32_t, float>;
};
template <>
struct WideOf<int64_t> {
  using type = int64_t;
};
template <>
struct WideOf<double> {
  using type = double;
};

template <class T>
Product<T> dense_product(const Shape& s, T alpha, const T* a, int64_t lda, const T* b, int64_t ldb,
                         T beta, T* c, int64_t ldc) {
  return {s.m,
          s.n,
          s.k,
          alpha,
          a,
          s.trans_a ? 1 : lda,
          s.trans_a ? lda : 1,
          b,
          s.trans_b ? 1 : ldb,
          s.trans_b ? ldb : 1,
          beta,
          c,
          ldc};
}

// Calls f on each element of two matrices of the same sizes, the second one dense.
template <class A, class B, class F>
void each(int64_t rows, int64_t cols, A* a, int64_t lda, B* b, const F& f) {
  parallel_for(0, rows, std::max<int64_t>(1, 65536 / std::max<int64_t>(cols, 1)),
               [&](int64_t first, int64_t last) {
                 for (int64_t i = first; i < last; ++i) {
                   A* x = a + i * lda;
                   B* y = b + i * cols;
                   for (int64_t j = 0; j < cols; ++j) f(x[j], y[j]);
                 }
               });
}

// Sums in float, rounded once.
void bfloat(const BFloatKernels& t, const Shape& s, float alpha, const BFloat16* a,
            const BFloat16* b, float beta, BFloat16* c) {
  Scratch<float> sums(s.m * s.n);
  bfloat_product(t, s.m, s.n, s.k, &a->bits, s.trans_a ? 1 : s.lda, s.trans_a ? s.lda : 1, &b->bits,
                 s.trans_b ? 1 : s.ldb, s.trans_b ? s.ldb : 1, sums.get());
  if (beta == 0)
    return each(s.m, s.n, c, s.ldc, sums.get(),
                [&](BFloat16& to, const float& from) { to = BFloat16(alpha * from); });
  each(s.m, s.n, c, s.ldc, sums.get(), [&](BFloat16& to, const float& from) {
    to = BFloat16(alpha * from + beta * static_cast<float>(to));
  });
}

template <class T>
void widened(const Shape& s, const Scalar& alpha, const T* a, const T* b, const Scalar& beta,
             T* c) {
  using W = typename WideOf<T>::type;
  const int64_t a_rows = s.trans_a ? s.k : s.m, a_cols = s.trans_a ? s.m : s.k;
  const int64_t b_rows = s.trans_b ? s.n : s.k, b_cols = s.trans_b ? s.k : s.n;
  Scratch<W> wa(s.m * s.k), wb(s.k * s.n), wc(s.m * s.n);
  const auto widen = [](const T& from, W& to) { to = static_cast<W>(from); };
  each(a_rows, a_cols, a, s.lda, wa.get(), widen);
  each(b_rows, b_cols, b, s.ldb, wb.get(), widen);
  if (!beta.equals(0)) each(s.m, s.n, static_cast<const T*>(c), s.ldc, wc.get(), widen);
  product(dense_product<W>(s, alpha.to<W>(), wa.get(), a_cols, wb.get(), b_cols, beta.to<W>(),
                           wc.get(), s.n));
  each(s.m, s.n, c, s.ldc, wc.get(), [](T& to, const W& from) { to = static_cast<T>(from); });
}

template <class R>
void split_complex(const Shape& s, const Scalar& alpha, const std::complex<R>* a,
                   const std::complex<R>* b, const Scalar& beta, std::complex<R>* c) {
  using Z = std::complex<R>;
  const int64_t a_rows = s.trans_a ? s.k : s.m, a_cols = s.trans_a ? s.m : s.k;
  const int64_t b_rows = s.trans_b ? s.n : s.k, b_cols = s.trans_b ? s.k : s.n;
  const int64_t mk = s.m * s.k, kn = s.k * s.n, mn = s.m * s.n;
  Scratch<R> pa(2 * mk), pb(2 * kn), pc(2 * mn);
  const auto planes = [](int64_t rows, int64_t cols, const Z* from, int64_t ld, R* to) {
    each(rows, cols, from, ld, to, [](const Z& z, R& r) { r = z.real(); });
    each(rows, cols, from, ld, to + rows * cols, [](const Z& z, R& r) { r = z.imag(); });
  };
  planes(a_rows, a_cols, a, s.lda, pa.get());
  planes(b_rows, b_cols, b, s.ldb, pb.get());
  const auto part = [&](R sign, const R* x, const R* y, R keep, R* out) {
    product(dense_product<R>(s, sign, x, a_cols, y, b_cols, keep, out, s.n));
  };
  const R *ar = pa.get(), *ai = ar + mk, *br = pb.get(), *bi = br + kn;
  R *cr = pc.get(), *ci = cr + mn;
  part(1, ar, br, 0, cr);
  part(-1, ai, bi, 1, cr);
  part(1, ar, bi, 0, ci);
  part(1, ai, br, 1, ci);
  const Z x = alpha.to<Z>(), y = beta.to<Z>();
  const bool keep = y != Z(0), whole = x == Z(1);
  for (int64_t i = 0; i < s.m; ++i) {
    Z* row = c + i * s.ldc;
    for (int64_t j = 0; j < s.n; ++j) {
      const Z z(cr[i * s.n + j], ci[i * s.n + j]);
      const Z scaled = whole ? z : x * z;
      row[j] = keep ? scaled + y * row[j] : scaled;
    }
  }
}

template <class T>
void one(const Shape& s, const Scalar& alpha, const T* a, const T* b, const Scalar& beta, T* c) {
  if (s.m == 0 || s.n == 0) return;
  if constexpr (is_complex_type<T>) {
    split_complex(s, alpha, a, b, beta, c);
  } else if constexpr (std::is_same_v<T, typename WideOf<T>::type>) {
    product(dense_product<T>(s, alpha.to<T>(), a, s.lda, b, s.ldb, beta.to<T>(), c, s.ldc));
  } else {
    if constexpr (std::is_same_v<T, BFloat16>) {
      const BFloatKernels* const t = bfloat_kernels();
      if (t && s.k > 0) return bfloat(*t, s, alpha.to<float>(), a, b, beta.to<float>(), c);
    }
    widened(s, alpha, a, b, beta, c);
  }
}

template <class T>
const T* at(const void* base, int64_t offset) {
  return static_cast<const T*>(base) + offset;
}

}  // namespace

void gemm(Dtype dtype, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k,
          const Scalar& alpha, const void* a, int64_t lda, const void* b, int64_t ldb,
          const Scalar& beta, void* c, int64_t ldc) {
  const Shape s{trans_a, trans_b, m, n, k, lda, ldb, ldc};
  dispatch(AllTypes(), dtype, "gemm", [&]<class T>() {
    one<T>(s, alpha, at<T>(a, 0), at<T>(b, 0), beta, static_cast<T*>(c));
  });
}

void gemm_batched(Dtype dtype, bool trans_a, bool trans_b, int64_t batch, int64_t m, int64_t n,
                  int64_t k, const Scalar& alpha, const void* a, int64_t lda, int64_t stride_a,
                  const void* b, int64_t ldb, int64_t stride_b, const Scalar& beta, void* c,
                  int64_t ldc, int64_t stride_c) {
  if (batch == 0) return;
  if (stride_b == 0 && !trans_a && stride_a == m * lda && stride_c == m * ldc) {
    m *= batch;
    batch = 1;
  }
  if (batch == 1) {
    return gemm(dtype, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }
  const Shape s{trans_a, trans_b, m, n, k, lda, ldb, ldc};
  const int64_t work = std::max<int64_t>(1, m * n * k);
  // Few large products share their threads; many or small ones are dealt out whole.
  const bool across = work < (1 << 22) || batch >= 4 * num_threads();
  const int64_t grain = std::max<int64_t>(1, (1 << 17) / work);
  dispatch(AllTypes(), dtype, "gemm", [&]<class T>() {
    const auto run = [&](int64_t i) {
      one<T>(s, alpha, at<T>(a, i * stride_a), at<T>(b, i * stride_b), beta,
             static_cast<T*>(c) + i * stride_c);
    };
    if (!across) {
      for (int64_t i = 0; i < batch; ++i) run(i);
      return;
    }
    parallel_tasks(ceil_div(batch, grain), true, [&](int64_t task) {
      const int64_t last = std::min(batch, (task + 1) * grain);
      for (int64_t i = task * grain; i < last; ++i) run(i);
    });
  });
}

}  // namespace rl::cpu
