// A cache of memory blocks for tapes, packed weights, gradients and other arrays of a call.
//
// Above about 100 KiB the C library maps fresh pages for each block and unmaps them when it is
// freed. The operating system then has to clear every page again in every call, which takes longer
// than the arithmetic of a small layer. So freed blocks of that size are kept for reuse, up to a
// limit.

#pragma once

#include <cstddef>

namespace glassgate {

struct Block {
  void* data = nullptr;  // aligned to a cache line, the size of the widest vector
  size_t bytes = 0;      // at least the size requested
};

Block take_block(size_t bytes);  // throws std::bad_alloc
void give_back(Block block);     // the block may be empty

// Free all kept blocks; return their total size in bytes.
size_t release_blocks();

constexpr size_t KEPT_BYTES = size_t(256) << 20;  // limit; the blocks kept longest are freed first

}  // namespace glassgate
