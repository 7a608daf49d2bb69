// Thread count from affinity and cgroup limits; the cutting of a parallel loop.
#include "core/base/threads.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "core/base/thread_pool.h"

namespace rl {
namespace {

int affinity_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

// CPU quota in whole processors, rounded up; 0 when there is none.
int cgroup_quota() {
  double quota = -1, period = 100000;
  if (std::FILE* f = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {  // version 2
    if (std::fscanf(f, "%lf %lf", &quota, &period) != 2) quota = -1;
    std::fclose(f);
  } else if (std::FILE* q = std::fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "r")) {
    if (std::fscanf(q, "%lf", &quota) != 1) quota = -1;
    std::fclose(q);
    if (std::FILE* p = std::fopen("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "r")) {
      if (std::fscanf(p, "%lf", &period) != 1) period = 100000;
      std::fclose(p);
    }
  }
  if (quota <= 0 || period <= 0) return 0;
  return std::max(1, static_cast<int>((quota + period - 1) / period));
}

int initial_threads() {
  if (const char* text = std::getenv("OMP_NUM_THREADS")) {
    const int n = std::atoi(text);
    if (n > 0) return n;
  }
  return available_threads();
}

std::atomic<int>& thread_setting() {
  static std::atomic<int> n{initial_threads()};
  return n;
}

}  // namespace

int available_threads() {
  static const int n = [] {
    const int quota = cgroup_quota();
    const int cpus = affinity_count();
    return quota > 0 ? std::min(quota, cpus) : cpus;
  }();
  return n;
}

int num_threads() { return thread_setting().load(std::memory_order_relaxed); }
void set_num_threads(int n) { thread_setting().store(n, std::memory_order_relaxed); }
bool in_parallel_region() { return ThreadPool::inside(); }

namespace detail {

// More pieces than threads, so that a thread that was held up leaves some to the others.
constexpr int64_t kPiecesPerThread = 4;

void parallel_run(int64_t begin, int64_t end, int64_t grain, void (*body)(void*, int64_t, int64_t),
                  void* context) {
  const int64_t total = end - begin;
  const int64_t most = (total + std::max<int64_t>(grain, 1) - 1) / std::max<int64_t>(grain, 1);
  const int64_t threads = std::min<int64_t>(num_threads(), most);
  if (threads <= 1 || in_parallel_region()) return body(context, begin, end);
  const int64_t count = std::min(most, threads * kPiecesPerThread);
  int64_t piece = (total + count - 1) / count;
  // Whole multiples of 64 elements, so that no cache line is shared between threads.
  if (piece >= 64) piece = (piece + 63) / 64 * 64;
  const int64_t pieces = (total + piece - 1) / piece;
  const ThreadPool::Job job{
      body, context, begin, end, piece, pieces, static_cast<int>(std::min(threads, pieces))};
  if (pieces <= 1 || !ThreadPool::instance().run(job)) body(context, begin, end);
}

}  // namespace detail
}  // namespace rl
