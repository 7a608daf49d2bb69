// Matrix products beside plain loops: every dtype, random shapes, transposes, leading dimensions,
// alpha and beta; and the same bits for any number of threads. RUSHLIGHT_ISA picks the kernels.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "core/base/threads.h"
#include "core/kernels/cpu/gemm.h"

namespace {

using namespace rl;

std::mt19937 random_engine(1);
int failures = 0;

int64_t pick(std::initializer_list<int64_t> from) {
  return from.begin()[random_engine() % from.size()];
}

template <class T>
T random_value() {
  if constexpr (is_complex_type<T>) {
    return T(random_value<Real<T>>(), random_value<Real<T>>());
  } else if constexpr (std::is_same_v<T, bool>) {
    return random_engine() % 4 == 0;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(random_engine());
  } else {
    return T(static_cast<float>(std::normal_distribution<double>()(random_engine)));
  }
}

// A type that holds the exact or nearly exact sum; integers wrap in it as they should.
template <class T>
using Wide = std::conditional_t<is_complex_type<T>, std::complex<double>,
                                std::conditional_t<std::is_integral_v<T>, uint64_t, double>>;

template <class T>
Wide<T> widen(T v) {
  if constexpr (is_complex_type<T> || std::is_integral_v<T>) {
    return static_cast<Wide<T>>(v);
  } else {
    return static_cast<double>(static_cast<Compute<T>>(v));
  }
}

template <class T>
double tolerance() {
  if constexpr (std::is_same_v<T, BFloat16>) return 1e-2;
  if constexpr (std::is_same_v<T, Half>) return 1.5e-3;
  return sizeof(Real<T>) == 4 ? 6e-6 : 3e-14;
}

// std::vector<bool> has no elements to point to.
template <class T>
struct Buffer {
  explicit Buffer(int64_t n) : size(n), data(new T[static_cast<size_t>(n)]) {
    for (int64_t i = 0; i < n; ++i) data[i] = random_value<T>();
  }
  int64_t size;
  std::unique_ptr<T[]> data;
};

template <class T>
void check_one() {
  const int64_t m = pick({1, 2, 3, 7, 14, 15, 33, 64, 130}),
                n = pick({1, 2, 5, 16, 17, 32, 70, 200});
  const int64_t k = pick({0, 1, 2, 5, 16, 31, 64, 300, 900});
  const bool trans_a = random_engine() % 2, trans_b = random_engine() % 2;
  const int64_t lda = (trans_a ? m : k) + pick({0, 3}) + 1,
                ldb = (trans_b ? k : n) + pick({0, 5}) + 1;
  const int64_t ldc = n + pick({0, 2});
  const int64_t alpha = std::is_same_v<T, bool> ? 1 : pick({1, 1, 2});
  const int64_t beta = std::is_same_v<T, bool> ? pick({0, 1}) : pick({0, 1, 3});
  const Buffer<T> a((trans_a ? k : m) * lda + 1), b((trans_b ? n : k) * ldb + 1);
  Buffer<T> c(m * ldc), again(m * ldc);
  std::memcpy(again.data.get(), c.data.get(), static_cast<size_t>(c.size) * sizeof(T));
  Buffer<T> before(m * ldc);
  std::memcpy(before.data.get(), c.data.get(), static_cast<size_t>(c.size) * sizeof(T));
  set_num_threads(2);
  cpu::gemm(dtype_of<T>, trans_a, trans_b, m, n, k, Scalar(alpha), a.data.get(), lda, b.data.get(),
            ldb, Scalar(beta), c.data.get(), ldc);
  set_num_threads(1 + static_cast<int>(random_engine() % 5));
  cpu::gemm(dtype_of<T>, trans_a, trans_b, m, n, k, Scalar(alpha), a.data.get(), lda, b.data.get(),
            ldb, Scalar(beta), again.data.get(), ldc);
  bool right =
      std::memcmp(c.data.get(), again.data.get(), static_cast<size_t>(c.size) * sizeof(T)) == 0;
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < ldc; ++j) {
      const T old = before.data[i * ldc + j], got = c.data[i * ldc + j];
      if (j >= n) {
        right = right && std::memcmp(&old, &got, sizeof(T)) == 0;
        continue;
      }
      Wide<T> sum{};
      for (int64_t p = 0; p < k; ++p) {
        sum += widen(a.data[trans_a ? p * lda + i : i * lda + p]) *
               widen(b.data[trans_b ? j * ldb + p : p * ldb + j]);
      }
      sum = sum * static_cast<Wide<T>>(alpha) + widen(old) * static_cast<Wide<T>>(beta);
      if constexpr (std::is_integral_v<T>) {
        right = right && got == static_cast<T>(sum);
      } else {
        const double scale =
            (std::sqrt(static_cast<double>(k)) + 4) * static_cast<double>(alpha + beta);
        right = right && std::abs(widen(got) - sum) <= tolerance<T>() * scale;
      }
    }
  }
  if (right) return;
  std::printf("failed: %s m %ld n %ld k %ld trans %d %d alpha %ld beta %ld\n", name_of(dtype_of<T>),
              static_cast<long>(m), static_cast<long>(n), static_cast<long>(k), trans_a, trans_b,
              static_cast<long>(alpha), static_cast<long>(beta));
  ++failures;
}

template <class... T>
void check_all(Types<T...>) {
  (
      [] {
        for (int i = 0; i < 60; ++i) check_one<T>();
      }(),
      ...);
}

}  // namespace

int main() {
  check_all(AllTypes());
  std::printf("%d failures\n", failures);
  return failures != 0;
}
