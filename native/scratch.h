// Aligned memory of a call, kept by its thread for the next.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <type_traits>

namespace glassgate {

// Grows, never shrinks; what was in it is lost when it grows. 64 bytes: a line of the cache, and
// the widest vector. From malloc, since glibc before 2.38 seldom finds freed blocks of
// aligned_alloc again: a process that keeps small things beside them grew without end.
template <class T>
class Buffer {
  static_assert(std::is_trivial<T>::value, "elements are never constructed");

 public:
  Buffer() = default;
  explicit Buffer(size_t size) { room(size); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(raw_); }

  T* room(size_t size) {
    if (size > size_) {
      if (size > (SIZE_MAX - 63) / sizeof(T)) throw std::bad_alloc();
      std::free(raw_);
      data_ = nullptr;
      size_ = 0;
      raw_ = std::malloc(size * sizeof(T) + 63);
      if (!raw_) throw std::bad_alloc();
      data_ = reinterpret_cast<T*>((reinterpret_cast<uintptr_t>(raw_) + 63) / 64 * 64);
      size_ = size;
    }
    return data_;
  }

  T* data() const { return data_; }
  explicit operator bool() const { return data_; }

 private:
  void* raw_ = nullptr;
  T* data_ = nullptr;
  size_t size_ = 0;
};

// Memory of the calling thread, for the length of one call into the engine.
template <class T>
T* thread_memory(size_t size) {
  static thread_local Buffer<T> kept;
  return kept.room(size);
}

}  // namespace glassgate
