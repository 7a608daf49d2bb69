// The workers behind parallel_for: helper threads that take pieces of a loop from its caller.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

namespace rl {

// One loop at a time. The caller takes pieces as well and never waits for a worker to arrive, only
// for pieces that a worker has begun: where other programs hold the processors, the caller does the
// work alone. Every thread starts in a stretch of its own, the same one in each loop of that
// length, so that its data stay in its cache, and helps in the other stretches afterwards.
class ThreadPool {
 public:
  using Body = void (*)(void* context, int64_t first, int64_t last);

  struct Job {
    Body body;
    void* context;
    int64_t begin, end;
    int64_t piece;   // length of a piece
    int64_t pieces;  // how many
    int threads;     // the caller included
  };

  // Runs the job; false, with nothing done, if another thread's loop occupies the pool. What a
  // piece throws reaches the caller once all pieces that began have ended.
  bool run(const Job& job);

  // Whether this thread is inside a job, of any pool.
  static bool inside();
  // The pool of this process; a forked child gets a new one, for it has none of the threads.
  static ThreadPool& instance();

 private:
  struct alignas(64) Cursor {
    std::atomic<int64_t> next{0};
  };
  struct alignas(64) Mailbox {
    std::atomic<uint32_t> letters{0};  // grows by one with each job for this worker
  };

  void grow(int workers);
  void serve(Mailbox& mailbox, int rank);
  void work(int rank);
  bool enter();
  void leave();
  int64_t stretch_begin(int stretch) const { return job_.pieces * stretch / job_.threads; }

  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  std::atomic<int> caller_cpu_{-1};
  alignas(64) std::atomic<uint32_t> gate_{0};  // kOpen, and the number of workers inside
  Job job_{};
  std::exception_ptr failure_;
  std::atomic_flag failed_ = ATOMIC_FLAG_INIT;
  std::vector<std::unique_ptr<Mailbox>> mailboxes_;
  std::vector<std::unique_ptr<Cursor>> cursors_;
};

}  // namespace rl
