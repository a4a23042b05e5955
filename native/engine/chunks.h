// The steps of a plan divided into chunks of about CHUNK rows, from the last step to the first.
//
// The backward pass stores the gradients of one chunk, then adds them to the weights' gradients.
// The division depends on the batch alone, so the order of summation does not depend on the
// threads.

#pragma once

#include "plan.h"

namespace glassgate {

class Chunks {
 public:
  explicit Chunks(const Plan& plan) {
    for (long low = plan.longest(); low > 0;) {
      const long high = low--;
      while (low > 0 && plan.start(high) - plan.start(low - 1) <= CHUNK) --low;
      chunks_.push_back({low, high, plan.start(low), plan.start(high) - plan.start(low)});
      capacity_ = std::max(capacity_, chunks_.back().rows);
    }
  }

  struct Chunk {
    long low, high;  // steps low .. high - 1
    long start;      // the first row, as Plan::start counts
    long rows;
  };

  int count() const { return int(chunks_.size()); }
  const Chunk& operator[](int i) const { return chunks_[i]; }
  long capacity() const { return capacity_; }  // rows of the largest chunk

 private:
  static constexpr long CHUNK = 512;
  std::vector<Chunk> chunks_;
  long capacity_ = 0;
};

}  // namespace glassgate
