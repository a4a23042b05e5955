// Python's lock, let go for the length of a call.

#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <optional>
#include <thread>

namespace glassgate {

// Where the interpreter ends meanwhile, a thread that asks for the lock again, a daemon, is unwound
// by some versions of Python, and C++ would end the process over it. Here such a thread stands still
// until the process has ended.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;
  ~WithoutGil() {
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {
      for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
    }
  }

 private:
  PyThreadState* state_;
};

// The same where it is worth it.
class MaybeWithoutGil {
 public:
  explicit MaybeWithoutGil(bool worth) {
    if (worth) released_.emplace();
  }

 private:
  std::optional<WithoutGil> released_;
};

}  // namespace glassgate
