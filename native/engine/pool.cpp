// The thread pool: phases, claims on parts, and threads that spin before they sleep.
#include "pool.h"

#include "flush.h"
#include "openmp.h"
#include "process.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#if defined(__unix__) || defined(__APPLE__)
#include <signal.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace glassgate {
namespace {

constexpr int SPINS = 4000;        // before yielding; about 20 to 80 microseconds
constexpr int YIELDS = 50;         // before a worker sleeps
constexpr int PART_BITS = 16;      // of the pool's word, for the number of parts

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void run_alone(Work& work) {
  FlushDenormals flush;
  for (int phase = 0; phase < work.phases(); ++phase)
    for (int part = 0; part < work.parts(phase); ++part) work.run(phase, part, 0);
}

// The current phase is one word: its number, which only grows, and its number of parts, 0 if there
// is no work. A thread claims a part by raising the part's mark to the phase's number. So a thread
// that slept through a phase cannot claim any part of it, and a claim guarantees that the phase,
// and therefore the work, still exists.
class Pool {
 public:
  bool try_perform(Work& work, int max_threads) {
    if (busy_.exchange(true, std::memory_order_acquire)) return false;
    max_threads_.store(max_threads, std::memory_order_relaxed);
    work_.store(&work, std::memory_order_relaxed);
    uint64_t first = (word_.load(std::memory_order_relaxed) >> PART_BITS) + 1;
    first_.store(first, std::memory_order_relaxed);
    const uint64_t end = first + uint64_t(work.phases());
    end_.store(end, std::memory_order_relaxed);
    const OpenMp* team = openmp();
    admitted_.store(team ? 1 : max_threads, std::memory_order_relaxed);
    if (!team) start_workers(max_threads - 1);
    publish(first, work.parts(0));
    team && !team->in_parallel() ? on_team(*team, max_threads) : take_part(0, end);
    busy_.store(false, std::memory_order_release);
    return true;
  }

 private:
  // Use as many threads as torch's own regions do, so that the runtime neither stops nor starts
  // any.
  void on_team(const OpenMp& team, int max_threads) {
    team_.store(&team, std::memory_order_relaxed);
    open_.store(true, std::memory_order_release);
    team.parallel(&Pool::join, this, unsigned(std::max(max_threads, team.max_threads())), 0);
  }

  // Run by each thread of the team. It synchronizes through `open_`, because a thread sanitizer
  // does not see the synchronization inside the runtime.
  static void join(void* data) {
    auto& pool = *static_cast<Pool*>(data);
    if (!pool.open_.load(std::memory_order_acquire)) return;
    const int self = pool.team_.load(std::memory_order_relaxed)->thread_number();
    if (self < pool.max_threads_.load(std::memory_order_relaxed))
      pool.take_part(self, pool.end_.load(std::memory_order_relaxed));
  }

  // If the system refuses more threads, the existing ones do the work.
  void start_workers(int workers) {
    for (bool started = true; started && workers_ < workers; workers_ += started) {
#if defined(__unix__) || defined(__APPLE__)
      sigset_t all, before;  // workers must not handle the program's signals
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, &before);
#endif
      try {
        std::thread(&Pool::serve, this, workers_ + 1).detach();
      } catch (const std::system_error&) {
        started = false;
      }
#if defined(__unix__) || defined(__APPLE__)
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
#endif
    }
  }

  void publish(uint64_t phase, int parts) {
    left_.store(parts, std::memory_order_relaxed);
    word_.store(phase << PART_BITS | uint64_t(parts), std::memory_order_seq_cst);
    if (!parts || sleepers_.load(std::memory_order_seq_cst) == 0) return;
    { std::lock_guard<std::mutex> lock(mutex_); }
    awake_.notify_all();
  }

  bool claim(int part, uint64_t phase) {
    uint64_t mark = marks_[part].value.load(std::memory_order_relaxed);
    return mark < phase && marks_[part].value.compare_exchange_strong(
                               mark, phase, std::memory_order_acq_rel, std::memory_order_relaxed);
  }

  // Run every part of this phase that can be claimed; the thread that finishes the last part
  // publishes the next phase.
  void help(int self, uint64_t phase, int parts) {
    int team = max_threads_.load(std::memory_order_relaxed);
    for (int round = 0; round < team; ++round)
      for (int part = (self + round) % team; part < parts; part += team) {
        if (!claim(part, phase)) continue;
        Work& work = *work_.load(std::memory_order_relaxed);
        uint64_t first = first_.load(std::memory_order_relaxed);
        {
          FlushDenormals flush;
          work.run(int(phase - first), part, self);
        }
        if (left_.fetch_sub(1, std::memory_order_acq_rel) > 1) continue;
        int next = int(phase - first) + 1;
        publish(phase + 1, next < work.phases() ? work.parts(next) : 0);
      }
  }

  // Help until phase `end` is reached. A thread that has waited for long gives up its core for a
  // moment: another library's threads may occupy the core of the thread it waits for.
  void take_part(int self, uint64_t end) {
    for (;;) {
      uint64_t word = word_.load(std::memory_order_acquire);
      if ((word >> PART_BITS) >= end) return;
      uint64_t phase = word >> PART_BITS;
      help(self, phase, int(word & ((1 << PART_BITS) - 1)));
      for (int idle = 0; word_.load(std::memory_order_acquire) == word;)
        ++idle < SPINS ? relax() : std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

  void serve(int self) {
    uint64_t seen = 0;
    for (int idle = 0;;) {
      uint64_t word = word_.load(std::memory_order_acquire);
      int parts = int(word & ((1 << PART_BITS) - 1));
      if (word != seen && parts && self < admitted_.load(std::memory_order_relaxed)) {
        seen = word;
        idle = 0;
        help(self, word >> PART_BITS, parts);
      } else if (++idle < SPINS) {
        relax();
      } else if (idle < SPINS + YIELDS) {
        std::this_thread::yield();
      } else {
        sleep(word);
        idle = 0;
      }
    }
  }

  void sleep(uint64_t word) {
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    awake_.wait(lock, [&] { return word_.load(std::memory_order_seq_cst) != word; });
    sleepers_.fetch_sub(1, std::memory_order_seq_cst);
  }

  struct alignas(64) Mark {
    std::atomic<uint64_t> value{0};
  };

  alignas(64) std::atomic<uint64_t> word_{0};
  alignas(64) std::atomic<int> left_{0};
  alignas(64) std::atomic<Work*> work_{nullptr};
  std::atomic<uint64_t> first_{0}, end_{0};
  std::atomic<const OpenMp*> team_{nullptr};
  std::atomic<bool> open_{false};
  std::atomic<int> max_threads_{1}, admitted_{1};  // limits of thread numbers: all, and workers
  std::atomic<bool> busy_{false};
  int workers_ = 0;  // only changed while busy_ is held
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable awake_;
  Mark marks_[MAX_PARTS];
};

}  // namespace

void perform(Work& work, int max_threads) {
  if (max_threads <= 1 || !PerProcess<Pool>::get().try_perform(work, max_threads)) run_alone(work);
}

}  // namespace glassgate
