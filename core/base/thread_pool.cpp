// Threads that wait for loops: first spinning, so that the next loop finds them awake, then asleep.
#include "core/base/thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>

namespace rl {
namespace {

constexpr uint32_t kOpen = 1u << 31;
// Longer than the gaps inside a training step, far shorter than a time slice.
constexpr auto kSpin = std::chrono::microseconds(100);

thread_local bool t_inside = false;
std::atomic<ThreadPool*> g_pool{nullptr};

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Until `word` is no longer `old`.
void await_change(std::atomic<uint32_t>& word, uint32_t old) {
  const auto deadline = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (word.load(std::memory_order_acquire) != old) return;
      pause();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  word.wait(old, std::memory_order_acquire);
}

// The scheduler tends to wake a worker on the processor of its caller, where it would only get its
// turn when the caller's time slice ends. `home`: the processors that the worker may use.
void keep_off(int cpu, const cpu_set_t& home) {
  if (cpu < 0 || sched_getcpu() != cpu) return;
  cpu_set_t others = home;
  CPU_CLR(static_cast<size_t>(cpu), &others);
  if (CPU_COUNT(&others) > 0) sched_setaffinity(0, sizeof(others), &others);
}

}  // namespace

bool ThreadPool::inside() { return t_inside; }

ThreadPool& ThreadPool::instance() {
  ThreadPool* pool = g_pool.load(std::memory_order_acquire);
  if (pool) return *pool;
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { g_pool.store(nullptr, std::memory_order_relaxed); });
  static_cast<void>(registered);
  // Never destroyed: its threads run until the process ends.
  auto* fresh = new ThreadPool();
  if (g_pool.compare_exchange_strong(pool, fresh)) return *fresh;
  delete fresh;
  return *pool;
}

void ThreadPool::grow(int workers) {
  // Signals are for the threads of the program, which know what to do with them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    while (static_cast<int>(cursors_.size()) <= workers)
      cursors_.push_back(std::make_unique<Cursor>());
    while (static_cast<int>(mailboxes_.size()) < workers) {
      const int rank = static_cast<int>(mailboxes_.size()) + 1;
      auto mailbox = std::make_unique<Mailbox>();
      std::thread([this, &box = *mailbox, rank] { serve(box, rank); }).detach();
      mailboxes_.push_back(std::move(mailbox));
    }
  } catch (const std::system_error&) {  // no more threads to be had: the others do the work
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void ThreadPool::serve(Mailbox& mailbox, int rank) {
  t_inside = true;
  cpu_set_t home;
  CPU_ZERO(&home);
  sched_getaffinity(0, sizeof(home), &home);
  for (uint32_t seen = 0;;) {
    await_change(mailbox.letters, seen);
    seen = mailbox.letters.load(std::memory_order_acquire);
    keep_off(caller_cpu_.load(std::memory_order_relaxed), home);
    if (!enter()) continue;
    work(rank);
    leave();
  }
}

bool ThreadPool::enter() {
  uint32_t gate = gate_.load(std::memory_order_relaxed);
  while (gate & kOpen)
    if (gate_.compare_exchange_weak(gate, gate + 1, std::memory_order_acquire)) return true;
  return false;
}

void ThreadPool::leave() {
  if (gate_.fetch_sub(1, std::memory_order_release) == 1) gate_.notify_one();
}

void ThreadPool::work(int rank) {
  const int threads = job_.threads;
  for (int i = 0; i < threads; ++i) {
    const int stretch = (rank + i) % threads;
    const int64_t stop = stretch_begin(stretch + 1);
    std::atomic<int64_t>& next = cursors_[static_cast<size_t>(stretch)]->next;
    if (next.load(std::memory_order_relaxed) >= stop) continue;
    for (int64_t p = next.fetch_add(1, std::memory_order_relaxed); p < stop;
         p = next.fetch_add(1, std::memory_order_relaxed)) {
      const int64_t first = job_.begin + p * job_.piece;
      try {
        job_.body(job_.context, first, std::min(job_.end, first + job_.piece));
      } catch (...) {
        if (!failed_.test_and_set()) failure_ = std::current_exception();
      }
    }
  }
}

bool ThreadPool::run(const Job& job) {
  if (busy_.test_and_set(std::memory_order_acquire)) return false;
  const int workers = job.threads - 1;
  if (static_cast<int>(mailboxes_.size()) < workers) grow(workers);
  job_ = job;
  caller_cpu_.store(sched_getcpu(), std::memory_order_relaxed);
  for (int i = 0; i < job.threads; ++i)
    cursors_[static_cast<size_t>(i)]->next.store(stretch_begin(i), std::memory_order_relaxed);
  gate_.store(kOpen, std::memory_order_release);
  for (size_t i = 0; i < mailboxes_.size() && static_cast<int>(i) < workers; ++i) {
    mailboxes_[i]->letters.fetch_add(1, std::memory_order_release);
    mailboxes_[i]->letters.notify_one();
  }
  t_inside = true;
  work(0);
  t_inside = false;
  for (uint32_t gate = gate_.fetch_and(~kOpen, std::memory_order_acquire) & ~kOpen; gate != 0;
       gate = gate_.load(std::memory_order_acquire))
    await_change(gate_, gate);
  std::exception_ptr failure;
  if (failed_.test()) {
    std::swap(failure, failure_);
    failed_.clear();
  }
  busy_.clear(std::memory_order_release);
  if (failure) std::rethrow_exception(failure);
  return true;
}

}  // namespace rl
