// Aligned memory of a call, kept by its thread for the next.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>
#include <type_traits>

namespace glassgate {

// Grows, never shrinks; what was in it is lost when it grows. 64 bytes: a line of the cache, and
// the widest vector.
template <class T>
class Buffer {
  static_assert(std::is_trivial<T>::value, "elements are never constructed");

 public:
  Buffer() = default;
  explicit Buffer(size_t size) { room(size); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(data_); }

  T* room(size_t size) {
    if (size > size_) {
      if (size > (SIZE_MAX - 63) / sizeof(T)) throw std::bad_alloc();
      std::free(data_);
      size_ = 0;
      data_ = static_cast<T*>(std::aligned_alloc(64, (size * sizeof(T) + 63) / 64 * 64));
      if (!data_) throw std::bad_alloc();
      size_ = size;
    }
    return data_;
  }

  T* data() const { return data_; }
  explicit operator bool() const { return data_; }

 private:
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
