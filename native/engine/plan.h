// Which sequences of a ragged batch are active at each step, and where their rows are in memory.
//
// Sequences are ranked by length, longest first, so that the sequences active at step s are the
// first active(s) ranks. Input and output are padded, [T, B, ...], or packed, [N, ...]: the first
// step of all ranks, then the second step of those that have one, and so on; in packed input ranks
// equal columns. The engine's own arrays (tape and gradients) are always packed, in the order of
// execution. In reverse, step s of a sequence of length l is its element l - 1 - s.

#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace glassgate {

class Plan {
 public:
  // lengths: [B], 0 .. T, or null if all are T; for packed input they must not increase.
  Plan(long steps, long batch, const int64_t* lengths, bool packed, bool reverse)
      : steps_(steps), batch_(batch), padded_(!packed), reverse_(reverse),
        column_(batch), length_(batch, steps) {
    std::iota(column_.begin(), column_.end(), 0L);
    if (lengths) {
      std::stable_sort(column_.begin(), column_.end(),
                       [&](long a, long b) { return lengths[a] > lengths[b]; });
      for (long rank = 0; rank < batch; ++rank) length_[rank] = lengths[column_[rank]];
    }
    start_.push_back(0);
    for (long s = 0, active = batch; s < longest(); ++s) {
      while (length_[active - 1] <= s) --active;
      start_.push_back(start_.back() + active);
    }
  }

  long batch() const { return batch_; }
  long longest() const { return batch_ ? length_[0] : 0; }
  long tokens() const { return start_.back(); }
  long length(long rank) const { return length_[rank]; }
  long column(long rank) const { return column_[rank]; }  // in states [B, H]
  long active(long s) const { return s < longest() ? start_[s + 1] - start_[s] : 0; }
  long start(long s) const { return start_[s]; }          // first row in tape and gradients

  // How many of the ranks [from, to) are active at step s; they are the first ones.
  long running(long s, long from, long to) const {
    return std::max(0L, std::min(to, active(s)) - from);
  }

  // The time step in the user's order, and the row of input and output.
  long time(long s, long rank) const { return reverse_ ? length_[rank] - 1 - s : s; }
  long row(long s, long rank) const {
    long t = time(s, rank);
    return padded_ ? t * batch_ + column_[rank] : start_[t] + rank;
  }

  // Write zeros to the rows of [T, B, size] after the end of each sequence.
  template <class S>
  void clear_padding(S* rows, long size) const {
    if (!padded_) return;
    for (long rank = 0; rank < batch_; ++rank)
      for (long t = length_[rank]; t < steps_; ++t)
        std::fill_n(rows + (t * batch_ + column_[rank]) * size, size, S(0));
  }

 private:
  long steps_, batch_;
  bool padded_, reverse_;
  std::vector<long> column_, length_, start_;
};

}  // namespace glassgate
