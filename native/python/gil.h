// Releases Python's global interpreter lock (GIL) for the duration of a call.

#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <optional>
#include <thread>

namespace glassgate {

// If the interpreter exits meanwhile, some versions of Python unwind a daemon thread that asks for
// the GIL again, for which C++ would terminate the process. Such a thread sleeps until the process
// ends.
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

// Releases the GIL only if the call is long enough.
class MaybeWithoutGil {
 public:
  explicit MaybeWithoutGil(bool worth) {
    if (worth) released_.emplace();
  }

 private:
  std::optional<WithoutGil> released_;
};

}  // namespace glassgate
