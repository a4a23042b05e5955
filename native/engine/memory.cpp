// The cache of memory blocks: size classes, huge pages, and the list of free blocks.
#include "memory.h"

#include "process.h"

#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace glassgate {
namespace {

constexpr size_t CACHE_LINE = 64;  // bytes
constexpr size_t MIN_KEPT_BYTES = size_t(64) << 10;

// Round up to one of eight sizes per power of two, so that batches of similar size share blocks.
size_t rounded(size_t bytes) {
  if (bytes < MIN_KEPT_BYTES) return bytes;
  size_t step = MIN_KEPT_BYTES / 8;
  while (bytes > 16 * step) step *= 2;
  return (bytes + step - 1) / step * step;
}

#if defined(__linux__)
constexpr size_t HUGE_PAGE = size_t(2) << 20;

bool is_mapped(size_t bytes) { return bytes >= HUGE_PAGE; }

// Large blocks use huge pages if the system has them: fewer page faults and fewer TLB misses.
void* map(size_t bytes) {
  const size_t all = bytes + HUGE_PAGE;
  void* raw = mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  auto* begin = static_cast<char*>(raw);
  const size_t head = (HUGE_PAGE - reinterpret_cast<uintptr_t>(raw) % HUGE_PAGE) % HUGE_PAGE;
  if (head) munmap(begin, head);
  munmap(begin + head + bytes, all - head - bytes);
  madvise(begin + head, bytes, MADV_HUGEPAGE);
  return begin + head;
}

void unmap(Block block) { munmap(block.data, block.bytes); }
#else
bool is_mapped(size_t) { return false; }
void* map(size_t) { return nullptr; }
void unmap(Block) {}
#endif

// By malloc, because glibc before 2.38 rarely reuses freed blocks of aligned_alloc. The word before
// the aligned block stores the address that malloc returned.
void* allocate(size_t bytes) {
  if (is_mapped(bytes)) return map(bytes);
  auto* raw = static_cast<char*>(std::malloc(bytes + sizeof(void*) + CACHE_LINE));
  if (!raw) return nullptr;
  const auto after = reinterpret_cast<uintptr_t>(raw) + sizeof(void*);
  char* data = raw + sizeof(void*) + (CACHE_LINE - after % CACHE_LINE) % CACHE_LINE;
  reinterpret_cast<void**>(data)[-1] = raw;
  return data;
}

void deallocate(Block block) {
  is_mapped(block.bytes) ? unmap(block) : std::free(static_cast<void**>(block.data)[-1]);
}

class Shelf {
 public:
  // The smallest kept block that fits and is at most 25% too large; an empty block if there is
  // none.
  Block take(size_t bytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    size_t best = blocks_.size();
    for (size_t i = blocks_.size(); i-- > 0;)
      if (blocks_[i].bytes >= bytes && blocks_[i].bytes <= bytes + bytes / 4 &&
          (best == blocks_.size() || blocks_[i].bytes < blocks_[best].bytes))
        best = i;
    if (best == blocks_.size()) return {};
    const Block found = blocks_[best];
    blocks_.erase(blocks_.begin() + long(best));
    kept_ -= found.bytes;
    return found;
  }

  void put(Block block) {
    if (block.bytes > KEPT_BYTES) return deallocate(block);
    std::lock_guard<std::mutex> lock(mutex_);
    blocks_.push_back(block);
    kept_ += block.bytes;
    size_t leaving = 0;
    for (; kept_ > KEPT_BYTES; ++leaving) {
      kept_ -= blocks_[leaving].bytes;
      deallocate(blocks_[leaving]);
    }
    blocks_.erase(blocks_.begin(), blocks_.begin() + long(leaving));
  }

  size_t clear() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const Block& block : blocks_) deallocate(block);
    blocks_.clear();
    const size_t bytes = kept_;
    kept_ = 0;
    return bytes;
  }

 private:
  std::mutex mutex_;
  std::vector<Block> blocks_;  // in the order in which they were given back
  size_t kept_ = 0;
};

}  // namespace

Block take_block(size_t bytes) {
  if (bytes > SIZE_MAX / 4) throw std::bad_alloc();
  const size_t size = rounded(bytes);
  if (size >= MIN_KEPT_BYTES)
    if (const Block kept = PerProcess<Shelf>::get().take(size); kept.data) return kept;
  if (void* data = allocate(size)) return {data, size};
  throw std::bad_alloc();
}

void give_back(Block block) {
  if (!block.data) return;
  block.bytes >= MIN_KEPT_BYTES ? PerProcess<Shelf>::get().put(block) : deallocate(block);
}

size_t release_blocks() { return PerProcess<Shelf>::get().clear(); }

}  // namespace glassgate
