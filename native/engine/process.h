// One object per process. A forked child inherits its parent's memory but not its threads, so locks
// that they held would stay locked: the child creates a new object and abandons the old one.

#pragma once

#include <atomic>
#include <mutex>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace glassgate {

// Never destroyed, since threads may use it until the process ends.
template <class T>
class PerProcess {
 public:
  static T& get() {
    T* existing = object_.load();
    if (existing) return *existing;
#if defined(__unix__) || defined(__APPLE__)
    static std::once_flag once;
    std::call_once(once, [] { pthread_atfork(nullptr, nullptr, [] { object_.store(nullptr); }); });
#endif
    auto* created = new T;
    if (object_.compare_exchange_strong(existing, created)) return *created;
    delete created;
    return *existing;
  }

 private:
  static inline std::atomic<T*> object_{nullptr};
};

}  // namespace glassgate
