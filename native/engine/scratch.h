// Uninitialized arrays for the duration of a call, from the cache of memory blocks.

#pragma once

#include <cstdint>
#include <new>
#include <type_traits>

#include "memory.h"

namespace glassgate {

// An array that grows but never shrinks; growing discards its contents.
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

// A small array per thread, for steps that take about a microsecond.
template <class T>
T* thread_memory(size_t size) {
  static thread_local Buffer<T> kept;
  return kept.room(size);
}

}  // namespace glassgate
