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

constexpr size_t LINE = 64;
constexpr size_t WORTH_KEEPING = size_t(64) << 10;

// Sizes come in eight steps between powers of two, so that batches of nearly one size share blocks.
size_t rounded(size_t bytes) {
  if (bytes < WORTH_KEEPING) return bytes;
  size_t step = WORTH_KEEPING / 8;
  while (bytes > 16 * step) step *= 2;
  return (bytes + step - 1) / step * step;
}

#if defined(__linux__)
constexpr size_t HUGE_PAGE = size_t(2) << 20;

bool is_mapped(size_t bytes) { return bytes >= HUGE_PAGE; }

// Large blocks lie on huge pages where the system has them: fewer faults, and fewer misses of the
// processor's own table of pages.
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

// From malloc, since glibc before 2.38 seldom finds freed blocks of aligned_alloc again. The word
// before a block says where malloc's began.
void* allocate(size_t bytes) {
  if (is_mapped(bytes)) return map(bytes);
  auto* raw = static_cast<char*>(std::malloc(bytes + sizeof(void*) + LINE));
  if (!raw) return nullptr;
  const auto after = reinterpret_cast<uintptr_t>(raw) + sizeof(void*);
  char* data = raw + sizeof(void*) + (LINE - after % LINE) % LINE;
  reinterpret_cast<void**>(data)[-1] = raw;
  return data;
}

void deallocate(Block block) {
  is_mapped(block.bytes) ? unmap(block) : std::free(static_cast<void**>(block.data)[-1]);
}

class Shelf {
 public:
  // The smallest block that is large enough and not much larger; none otherwise.
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
  std::vector<Block> blocks_;  // in the order of coming back
  size_t kept_ = 0;
};

}  // namespace

Block take_block(size_t bytes) {
  if (bytes > SIZE_MAX / 4) throw std::bad_alloc();
  const size_t size = rounded(bytes);
  if (size >= WORTH_KEEPING)
    if (const Block kept = PerProcess<Shelf>::get().take(size); kept.data) return kept;
  if (void* data = allocate(size)) return {data, size};
  throw std::bad_alloc();
}

void give_back(Block block) {
  if (!block.data) return;
  block.bytes >= WORTH_KEEPING ? PerProcess<Shelf>::get().put(block) : deallocate(block);
}

size_t release_blocks() { return PerProcess<Shelf>::get().clear(); }

}  // namespace glassgate
