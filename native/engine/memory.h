// Memory that is handed out again: tapes, packed weights, gradients, whatever a call needs.
//
// Above some 100 KiB the C library maps fresh pages for each block and returns them when it is freed;
// the kernel then clears every page of every call anew, which takes longer than the arithmetic of a
// small layer. So blocks of that size are kept when they come back, up to a limit.

#pragma once

#include <cstddef>

namespace glassgate {

struct Block {
  void* data = nullptr;  // on a line of the cache, which is the widest vector
  size_t bytes = 0;      // at least as many as were asked for
};

Block take_block(size_t bytes);  // std::bad_alloc where there is no memory
void give_back(Block block);     // may hold nothing

// Return all that is kept to the system; give how many bytes they were.
size_t release_blocks();

constexpr size_t KEPT_BYTES = size_t(256) << 20;  // at most; the blocks that came back first leave

}  // namespace glassgate
