// One object for a process. A forked child has its parent's memory but not its threads, and whatever
// lock they held stays shut: it begins with a new object and leaves the old one where it is.

#pragma once

#include <atomic>
#include <mutex>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace glassgate {

// Never destroyed: threads may use it until the process ends.
template <class T>
class PerProcess {
 public:
  static T& get() {
    T* there = object_.load();
    if (there) return *there;
#if defined(__unix__) || defined(__APPLE__)
    static std::once_flag once;
    std::call_once(once, [] { pthread_atfork(nullptr, nullptr, [] { object_.store(nullptr); }); });
#endif
    auto* made = new T;
    if (object_.compare_exchange_strong(there, made)) return *made;
    delete made;
    return *there;
  }

 private:
  static inline std::atomic<T*> object_{nullptr};
};

}  // namespace glassgate
