// Loops over the widest registers of an instruction set, for kernels that sum or mix arrays by
// hand. RL_ISA_NAMESPACE must be defined. Registers are GCC vectors; a step is written once and
// runs on a register or, for what is left at the end, on a number.
#pragma once

#include <cstdint>
#include <cstring>

#define RL_STEP_INLINE [[gnu::always_inline]] inline

namespace rl::RL_ISA_NAMESPACE {

#if defined(__AVX512F__)
inline constexpr int kRegister = 64;
#elif defined(__AVX2__)
inline constexpr int kRegister = 32;
#else
inline constexpr int kRegister = 16;
#endif

template <class T>
struct Register {
  typedef T type __attribute__((vector_size(kRegister)));
};
template <class T>
using Vec = typename Register<T>::type;
template <class T>
inline constexpr int64_t kLanes = kRegister / static_cast<int64_t>(sizeof(T));

template <class V, class T>
RL_STEP_INLINE V load(const T* p) {
  V v;
  std::memcpy(&v, p, sizeof(V));
  return v;
}
template <class V, class T>
RL_STEP_INLINE void store(T* p, V v) {
  std::memcpy(p, &v, sizeof(V));
}

// The sum of a register's lanes, by halves.
template <class T>
RL_STEP_INLINE T total(Vec<T> v) {
  T lanes[kLanes<T>];
  std::memcpy(lanes, &v, sizeof(v));
  for (int64_t half = kLanes<T> / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  return lanes[0];
}

RL_STEP_INLINE float root(float v) { return __builtin_sqrtf(v); }
RL_STEP_INLINE double root(double v) { return __builtin_sqrt(v); }
template <class V>
RL_STEP_INLINE V root(V v) {
  for (size_t i = 0; i < sizeof(V) / sizeof(v[0]); ++i) v[i] = root(v[i]);
  return v;
}

// step(tag, i): the tag's type is a register or T.
template <class T, class F>
RL_STEP_INLINE void each(int64_t n, const F& step) {
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) step(Vec<T>{}, i);
  for (; i < n; ++i) step(T{}, i);
}

// step(tag, i, way) with four ways in turn, so that sums are not one chain of additions.
template <class T, class F>
RL_STEP_INLINE void each4(int64_t n, const F& step) {
  constexpr int64_t kStep = kLanes<T>;
  int64_t i = 0;
  for (; i + 4 * kStep <= n; i += 4 * kStep) {
    step(Vec<T>{}, i, 0);
    step(Vec<T>{}, i + kStep, 1);
    step(Vec<T>{}, i + 2 * kStep, 2);
    step(Vec<T>{}, i + 3 * kStep, 3);
  }
  for (; i + kStep <= n; i += kStep) step(Vec<T>{}, i, 0);
  for (; i < n; ++i) step(T{}, i, 0);
}

// The running sums of each4.
template <class T>
struct Sums4 {
  Vec<T> wide[4] = {};
  T narrow{};
  RL_STEP_INLINE void add(int way, Vec<T> v) { wide[way] += v; }
  RL_STEP_INLINE void add(int, T v) { narrow += v; }
  RL_STEP_INLINE T sum() const {
    return total<T>((wide[0] + wide[1]) + (wide[2] + wide[3])) + narrow;
  }
};

}  // namespace rl::RL_ISA_NAMESPACE
