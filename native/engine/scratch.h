// Arrays of a call.

#pragma once

#include <cstdint>
#include <new>
#include <type_traits>

#include "memory.h"

namespace glassgate {

// Grows, never shrinks; what was in it is lost when it grows.
template <class T>
class Buffer {
  static_assert(std::is_trivial<T>::value, "elements are never constructed");

 public:
  Buffer() = default;
  explicit Buffer(size_t size) { room(size); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { give_back(block_); }

  T* room(size_t size) {
    if (size > SIZE_MAX / sizeof(T)) throw std::bad_alloc();
    if (size * sizeof(T) > block_.bytes) {
      give_back(block_);
      block_ = {};
      block_ = take_block(size * sizeof(T));
    }
    return data();
  }

  T* data() const { return static_cast<T*>(block_.data); }
  explicit operator bool() const { return block_.data; }

 private:
  Block block_;
};

// Small memory of the calling thread, for a step that takes about a microsecond.
template <class T>
T* thread_memory(size_t size) {
  static thread_local Buffer<T> kept;
  return kept.room(size);
}

}  // namespace glassgate
