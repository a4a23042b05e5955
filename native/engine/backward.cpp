// The backward pass over sequences, divided among threads by rows or by units.
#include <cstring>

#include "chunks.h"
#include "pool.h"
#include "sequence.h"
#include "totals.h"

namespace glassgate {
namespace {

constexpr long SPREAD = 64;  // rows per part when computing gradients of the input

// Copy a row into tiles of columns, [columns / tile][capacity][tile], as WeightGradient reads them.
template <class S>
void tile_row(S* to, const S* from, long columns, long capacity, long tile) {
  for (long column = 0; column < columns; column += tile, to += capacity * tile)
    for (long i = 0; i < tile; ++i) to[i] = column + i < columns ? from[column + i] : S(0);
}

// For each chunk of steps: first the recurrence, divided as in the forward pass; then the weights'
// gradients, by panels, and the input's gradients, by rows. At the end the weights' gradients are
// copied to PyTorch's layout.
template <class S>
class Backward : public Work {
 public:
  Backward(const Weights<S>& weights, const Kernels<S>& kernels, const Plan& plan,
           const Backpropagation<S>& arrays, Split split)
      : weights_(weights), kernels_(kernels), plan_(plan), arrays_(arrays), split_(split),
        chunks_(plan), reversed_(weights, kernels, split.threads), totals_(weights, kernels),
        width_(kernels.width), panels_(totals_.panels), stride_(chunks_.capacity() * TAPE * width_),
        before_(weights.form.reset == Reset::before) {
    first_phase_.push_back(0);
    for (int i = 0; i < chunks_.count(); ++i)
      first_phase_.push_back(first_phase_.back() + (split.by_rows ? 1 : int(turns(i))) + 1);
    lay_out();
    begin();
  }

  int phases() const override { return first_phase_.back() + 1; }

  int parts(int phase) const override {
    if (phase == first_phase_.back()) return int(std::min<long>(MAX_PARTS, panels_));
    const int chunk = chunk_of(phase);
    if (phase + 1 == first_phase_[chunk + 1])
      return int(std::min<long>(MAX_PARTS, panels_ + stretches(chunk)));
    return split_.by_rows ? split_.parts(plan_.batch()) : split_.threads;
  }

  void run(int phase, int part, int self) override {
    if (phase == first_phase_.back()) {
      for (long panel = part; panel < panels_; panel += MAX_PARTS)
        totals_.unpack_panel(panel, arrays_);
      return;
    }
    const int chunk = chunk_of(phase);
    if (phase + 1 == first_phase_[chunk + 1]) return gather(chunk, part, self);
    if (split_.by_rows) {
      const long from = part * split_.rows, to = std::min(plan_.batch(), from + split_.rows);
      for (long i = 0; i < turns(chunk); ++i) turn(chunk, i, {from, to, 0, panels_}, self);
    } else {
      turn(chunk, phase - first_phase_[chunk],
           {0, plan_.batch(), panels_ * part / split_.threads,
            panels_ * (part + 1) / split_.threads},
           self);
    }
  }

  void finish() {
    const long H = weights_.units;
    for (long rank = 0; rank < plan_.batch(); ++rank)
      std::memcpy(arrays_.grad_initial + plan_.column(rank) * H,
                  carried_ + rank * panels_ * width_, H * sizeof(S));
  }

 private:
  // The work of one part: ranks [from, to), panels [first, last).
  struct Area {
    long from, to, first, last;
  };

  // Pointers to the rows of one kernel call.
  struct Rows {
    std::vector<const S*> previous, tape, arriving;
    std::vector<unsigned char> cut;
    std::vector<S*> output;
    std::vector<S> reset_hidden;
  };

  int chunk_of(int phase) const {
    return int(std::upper_bound(first_phase_.begin(), first_phase_.end(), phase) -
               first_phase_.begin()) - 1;
  }

  long stretches(int chunk) const { return (chunks_[chunk].rows + SPREAD - 1) / SPREAD; }

  void lay_out() {
    const size_t capacity = chunks_.capacity();
    const std::pair<S**, size_t> places[] = {
        {&grads_, panels_ * stride_},
        {&carried_, plan_.batch() * panels_ * width_},
        {&input_tiles_, capacity * totals_.input_columns},
        {&hidden_tiles_, capacity * totals_.hidden_columns},
        {&reset_hidden_tiles_, before_ ? capacity * totals_.hidden_columns : 0},
        {&totals_.input, totals_.input_size()},
        {&totals_.hidden, totals_.hidden_size()},
        {&totals_.reset_hidden, totals_.reset_hidden_size()},
        {&totals_.bias, totals_.bias_size()},
    };
    size_t size = 0;
    for (auto& [place, values] : places) size += Totals<S>::rounded_up(values, 16);
    S* at = memory_.room(size);
    for (auto& [place, values] : places) {
      *place = at;
      at += Totals<S>::rounded_up(values, 16);
    }
    std::memset(totals_.input, 0, (at - totals_.input) * sizeof(S));
    zero_.assign(weights_.units, S(0));
    rows_.resize(split_.threads);
    for (Rows& r : rows_) {
      for (auto* list : {&r.previous, &r.tape, &r.arriving}) list->resize(plan_.batch());
      r.cut.resize(plan_.batch());
      r.output.resize(SPREAD);
      r.reset_hidden.resize(weights_.units);
    }
  }

  // Start with the gradient of each sequence's last state.
  void begin() {
    const long H = weights_.units, row = panels_ * width_;
    std::memset(carried_, 0, plan_.batch() * row * sizeof(S));
    if (!arrays_.grad_last) return;
    for (long rank = 0; rank < plan_.batch(); ++rank)
      std::memcpy(carried_ + rank * row, arrays_.grad_last + plan_.column(rank) * H,
                  H * sizeof(S));
  }

  bool reset(long s, long rank) const {
    return arrays_.resets &&
           arrays_.resets[plan_.time(s, rank) * plan_.batch() + plan_.column(rank)];
  }

  const S* previous(long s, long rank) const {
    const long H = weights_.units;
    if (reset(s, rank)) return zero_.data();
    return s ? arrays_.output + plan_.row(s - 1, rank) * H
             : arrays_.initial + plan_.column(rank) * H;
  }

  const S* tape(long s, long rank) const {
    return arrays_.tape + (plan_.start(s) + rank) * TAPE * weights_.units;
  }

  long chunk_row(int chunk, long s, long rank) const {
    return plan_.start(s) - chunks_[chunk].start + rank;
  }

  S* grads(int chunk, long s, long rank) const {
    return grads_ + chunk_row(chunk, s, rank) * TAPE * width_;
  }

  // A chunk of n steps takes n + 1 turns: through the unit of its last step; then from each step to
  // the state before it and through the unit of the previous step; and from its first step to the
  // state before it. With reset before, the gradient of r needs the gradients of n of all panels,
  // so a second turn follows each unit.
  long turns(int chunk) const {
    const long steps = chunks_[chunk].high - chunks_[chunk].low;
    return before_ ? 2 * steps + 1 : steps + 1;
  }

  void turn(int chunk, long index, Area area, int self) {
    const long s = chunks_[chunk].high - 1 - (before_ ? index / 2 : index);
    if (before_ && index % 2) return reset_hidden(chunk, s, area, self);
    const long above = index ? s + 1 : -1;
    const bool unit = s >= chunks_[chunk].low;
    const long down = index ? plan_.running(above, area.from, area.to) : 0;
    // Sequences that end at step s, or at the end of the chunk, have no step above.
    const long ends = unit ? plan_.running(s, area.from, area.to) : 0;
    back(chunk, s, above, {area.from, area.from + down, area.first, area.last}, self);
    back(chunk, s, -1, {area.from + down, area.from + ends, area.first, area.last}, self);
  }

  // From step `above`, unless it is -1, to its previous state, and through the unit of step s if
  // that is in the chunk.
  void back(int chunk, long s, long above, Area area, int self) {
    if (area.from >= area.to || area.first >= area.last) return;
    const bool unit = s >= chunks_[chunk].low, arriving = unit && arrays_.grad_output;
    Rows& rows = rows_[self];
    for (long rank = area.from, i = 0; rank < area.to; ++rank, ++i) {
      rows.cut[i] = above >= 0 && reset(above, rank);
      if (!unit) continue;
      rows.previous[i] = previous(s, rank);
      rows.tape[i] = tape(s, rank);
      if (arriving) rows.arriving[i] = arrays_.grad_output + plan_.row(s, rank) * weights_.units;
      if (!area.first) keep(chunk, s, rank, rows);
    }
    kernels_.back({weights_.form, reversed_.hidden.data(), weights_.units, panels_,
                   above < 0 ? nullptr : grads(chunk, above, area.from),
                   unit ? grads(chunk, s, area.from) : nullptr, stride_, rows.previous.data(),
                   rows.tape.data(), arriving ? rows.arriving.data() : nullptr,
                   carried_ + area.from * panels_ * width_,
                   arrays_.resets ? rows.cut.data() : nullptr, unit, area.to - area.from,
                   area.first, area.last});
  }

  void reset_hidden(int chunk, long s, Area area, int self) {
    Rows& rows = rows_[self];
    const long count = plan_.running(s, area.from, area.to);
    if (!count || area.first >= area.last) return;
    for (long i = 0; i < count; ++i) {
      rows.previous[i] = previous(s, area.from + i);
      rows.tape[i] = tape(s, area.from + i);
    }
    kernels_.back_reset_hidden({weights_.form, reversed_.reset_hidden.data(), weights_.units, panels_,
                            nullptr, grads(chunk, s, area.from), stride_, rows.previous.data(),
                            rows.tape.data(), nullptr, carried_ + area.from * panels_ * width_,
                            nullptr, true, count, area.first, area.last});
  }

  // Store the values that the weights' gradients will multiply, in tiles.
  void keep(int chunk, long s, long rank, Rows& rows) {
    const long row = chunk_row(chunk, s, rank), tile = kernels_.tile, H = weights_.units;
    const S* x = arrays_.input + plan_.row(s, rank) * weights_.inputs;
    const S* h = previous(s, rank);
    tile_row(input_tiles_ + row * tile, x, weights_.inputs, chunks_.capacity(), tile);
    tile_row(hidden_tiles_ + row * tile, h, H, chunks_.capacity(), tile);
    if (!before_) return;
    for (long unit = 0; unit < H; ++unit) rows.reset_hidden[unit] = tape(s, rank)[unit] * h[unit];
    tile_row(reset_hidden_tiles_ + row * tile, rows.reset_hidden.data(), H, chunks_.capacity(), tile);
  }

  // The gradients of a chunk: those of the weights by panel, those of the input by block of rows.
  void gather(int chunk, int part, int self) {
    const long pieces = panels_ + stretches(chunk);
    for (long piece = part; piece < pieces; piece += MAX_PARTS)
      piece < panels_ ? gather_panel(chunk, piece) : spread(chunk, piece - panels_, self);
  }

  void gather_panel(int chunk, long panel) {
    auto sum = [&](const S* values, long columns, int first, int count, S* total) {
      kernels_.gather({grads_, stride_, values, chunks_.capacity(), columns, first, count, total,
                       chunks_[chunk].rows, panel, panel + 1});
    };
    const long columns = totals_.hidden_columns;
    sum(input_tiles_, totals_.input_columns, 0, 3, totals_.input);  // n, r, k
    switch (weights_.form.reset) {
      case Reset::after: sum(hidden_tiles_, columns, 1, 3, totals_.hidden); break;  // r, k, m
      case Reset::none: sum(hidden_tiles_, columns, 2, 2, totals_.hidden); break;   // k, m
      case Reset::before:
        sum(hidden_tiles_, columns, 1, 2, totals_.hidden);      // r, k
        sum(reset_hidden_tiles_, columns, 0, 1, totals_.reset_hidden);  // n
    }
    kernels_.sum_rows({grads_, stride_, nullptr, 0, 0, 0, TAPE, totals_.bias, chunks_[chunk].rows,
                       panel, panel + 1});
  }

  void spread(int chunk, long stretch, int self) {
    if (!arrays_.grad_input) return;
    const long first = stretch * SPREAD, last = std::min(chunks_[chunk].rows, first + SPREAD);
    auto& output = rows_[self].output;
    long s = chunks_[chunk].low;
    for (long row = first; row < last; ++row) {
      while (chunk_row(chunk, s + 1, 0) <= row) ++s;
      const long rank = row - chunk_row(chunk, s, 0);
      output[row - first] = arrays_.grad_input + plan_.row(s, rank) * weights_.inputs;
    }
    kernels_.spread({reversed_.input.data(), grads_ + first * TAPE * width_, stride_, panels_,
                     weights_.inputs, output.data(), last - first});
  }

  const Weights<S>& weights_;
  const Kernels<S>& kernels_;
  const Plan& plan_;
  const Backpropagation<S>& arrays_;
  Split split_;
  Chunks chunks_;
  Reversed<S> reversed_;
  Totals<S> totals_;
  long width_, panels_, stride_;
  bool before_;
  std::vector<int> first_phase_;  // of each chunk, and of the final copy
  Buffer<S> memory_;
  S *grads_, *carried_, *input_tiles_, *hidden_tiles_, *reset_hidden_tiles_;
  std::vector<S> zero_;
  std::vector<Rows> rows_;
};

}  // namespace

template <class S>
void backward(const Weights<S>& weights, const Kernels<S>& kernels, const Plan& plan,
              const Backpropagation<S>& arrays, int max_threads) {
  const Split how = split(plan.batch(), plan.tokens(), weights.inputs, weights.units, max_threads);
  Backward<S> work(weights, kernels, plan, arrays, how);
  perform(work, how.threads);
  if (arrays.grad_input) plan.clear_padding(arrays.grad_input, weights.inputs);
  work.finish();
}

template void backward(const Weights<float>&, const Kernels<float>&, const Plan&,
                       const Backpropagation<float>&, int);
template void backward(const Weights<double>&, const Kernels<double>&, const Plan&,
                       const Backpropagation<double>&, int);

}  // namespace glassgate
