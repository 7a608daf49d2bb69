// The random streams without PyTorch: the engine beside the standard library's, bulk and skipping
// beside single steps, the saved state, and fills that do not depend on the number of threads.
#include <cstdio>
#include <random>
#include <vector>

#include "core/base/threads.h"
#include "core/kernels/cpu/random_fill.h"

namespace {

using namespace rl;

int failures = 0;

void expect(bool ok, const char* what) {
  if (ok) return;
  std::printf("failed: %s\n", what);
  ++failures;
}

void check_engine() {
  for (const uint32_t seed : {0u, 5489u, 4294967295u}) {
    std::mt19937 reference(seed);
    Mt19937 bulk(seed), single(seed), skipping(seed);
    bool same = true;
    for (const int64_t n : {1, 622, 1, 1, 623, 624, 625, 5, 3000}) {
      std::vector<uint32_t> words(static_cast<size_t>(n));
      bulk.fill(words.data(), n);
      skipping.skip(n - 1);
      for (const uint32_t w : words) {
        const auto want = static_cast<uint32_t>(reference());
        same = same && w == want && single() == want;
      }
      same = same && skipping() == words.back();
    }
    expect(same, "the engine agrees with std::mt19937");
  }
}

void check_state() {
  Generator a(42);
  for (int i = 0; i < 1001; ++i) a.random();
  a.normal();  // leaves a waiting sample
  Generator b(0);
  b.set_state(a.state());
  Generator c(a);
  bool same = b.initial_seed() == 42;
  for (int i = 0; i < 2000; ++i) {
    const double x = a.normal();
    same = same && x == b.normal() && x == c.normal();
  }
  expect(same && a.state() == b.state(), "a restored generator and a clone continue the stream");
}

template <class F>
void check_threads(const char* what, const F& fill) {
  constexpr int64_t kCount = 2'000'003;
  std::vector<float> one(kCount), many(kCount);
  Generator a(7), b(7);
  set_num_threads(1);
  fill(a, one.data(), kCount);
  set_num_threads(3);
  fill(b, many.data(), kCount);
  expect(one == many && a.state() == b.state(), what);
}

}  // namespace

int main() {
  check_engine();
  check_state();
  using namespace rl::cpu;
  check_threads("uniform", [](Generator& g, float* p, int64_t n) { fill_uniform(g, p, n, -1, 3); });
  check_threads("normal", [](Generator& g, float* p, int64_t n) { fill_normal(g, p, n, 0, 1); });
  check_threads("serial normal",
                [](Generator& g, float* p, int64_t n) { fill_normal_serial(g, p, n, 0, 1); });
  check_threads("bernoulli",
                [](Generator& g, float* p, int64_t n) { fill_bernoulli(g, p, n, .3); });
  check_threads("integers", [](Generator& g, float* p, int64_t n) { fill_random(g, p, n); });
  check_threads("exponential",
                [](Generator& g, float* p, int64_t n) { fill_exponential(g, p, n, 1); });
  check_threads("permutation", [](Generator& g, float* p, int64_t n) { fill_randperm(g, p, n); });
  return failures != 0;
}
