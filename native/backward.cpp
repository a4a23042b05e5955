#include <cstring>

#include "pool.h"
#include "sequence.h"

namespace glassgate {
namespace {

constexpr long CHUNK = 512;  // rows of gradients that are kept before weights gather them

// Values cut in tiles of columns, [columns / tile][capacity][tile], as Gathering reads them.
template <class S>
void tile_row(S* to, const S* from, long columns, long capacity, long tile) {
  for (long column = 0; column < columns; column += tile, to += capacity * tile)
    for (long i = 0; i < tile; ++i) to[i] = column + i < columns ? from[column + i] : S(0);
}

long rounded_up(long size, long by) { return (size + by - 1) / by * by; }

// Steps are gone back over in chunks. In each chunk first the recurrence, by rows or by units as
// in forward; then its rows' sums, by panels, and the input's gradients, by rows.
template <class S>
class Backward : public Work {
 public:
  Backward(const Weights<S>& weights, const Kernels<S>& kernels, const Plan& plan,
           const Backpropagation<S>& arrays, Split split)
      : weights_(weights), kernels_(kernels), plan_(plan), arrays_(arrays), split_(split),
        reversed_(weights, kernels), width_(kernels.width), panels_(reversed_.panels),
        input_columns_(rounded_up(weights.inputs, kernels.tile)),
        hidden_columns_(rounded_up(weights.units, kernels.tile)),
        before_(weights.form.reset == Reset::before) {
    cut_in_chunks();
    lay_out();
    begin();
  }

  int phases() const override { return phase_start_.back(); }

  int parts(int phase) const override {
    const long chunk = chunk_of(phase);
    if (phase + 1 == phase_start_[chunk + 1])
      return int(std::min<long>(MOST_PARTS, panels_ + (rows_of(chunk) + SPREAD - 1) / SPREAD));
    return split_.by_rows ? row_parts() : split_.threads;
  }

  void run(int phase, int part, int self) override {
    const long chunk = chunk_of(phase), within = phase - phase_start_[chunk];
    if (phase + 1 == phase_start_[chunk + 1]) return gather(chunk, part, parts(phase), self);
    if (split_.by_rows) {
      const long from = part * split_.rows, to = std::min(plan_.batch(), from + split_.rows);
      for (long i = 0; i < turns(chunk); ++i) turn(chunk, i, from, to, 0, panels_, self);
      return;
    }
    turn(chunk, within, 0, plan_.batch(), panels_ * part / split_.threads,
         panels_ * (part + 1) / split_.threads, self);
  }

  void finish() {
    const bool none = weights_.form.reset == Reset::none, after = !none && !before_;
    const long I = weights_.inputs, H = weights_.units;
    const size_t size = size_t(3) * H * H;
    std::memset(arrays_.grad_weight_hidden, 0, size * sizeof(S));
    unpack(total_input_, input_columns_, "nrk", weights_.writes, width_, H, I,
           arrays_.grad_weight_input);
    unpack(total_hidden_, hidden_columns_, after ? "rkn" : before_ ? "rk" : "kn", weights_.writes,
           width_, H, H, arrays_.grad_weight_hidden);
    if (before_)
      unpack(total_recalled_, hidden_columns_, "n", weights_.writes, width_, H, H,
             arrays_.grad_weight_hidden);
    for (long unit = 0; unit < H; ++unit) {
      const S* sums = total_bias_ + unit / width_ * TAPE * width_ + unit % width_;
      const S n = sums[0], r = sums[width_], m = sums[3 * width_];
      const S k = weights_.writes ? -sums[2 * width_] : sums[2 * width_];
      const S input[] = {r, k, n}, hidden[] = {r, k, m};
      for (int gate = 0; gate < 3; ++gate) {
        arrays_.grad_bias_input[gate * H + unit] = input[gate];
        arrays_.grad_bias_hidden[gate * H + unit] = hidden[gate];
      }
    }
    for (long rank = 0; rank < plan_.batch(); ++rank)
      for (long unit = 0; unit < H; ++unit)
        arrays_.grad_initial[plan_.column(rank) * H + unit] =
            carried_[rank * panels_ * width_ + unit];
  }

 private:
  static constexpr long SPREAD = 64;  // rows of input gradients that are one part

  // Chunks of steps, from the last to the first: about CHUNK rows each, whoever does the work.
  void cut_in_chunks() {
    long low = plan_.longest();
    phase_start_.push_back(0);
    while (low > 0) {
      const long high = low--;
      while (low > 0 && plan_.start(high) - plan_.start(low - 1) <= CHUNK) --low;
      low_.push_back(low);
      high_.push_back(high);
      capacity_ = std::max(capacity_, plan_.start(high) - plan_.start(low));
      const long chunk = long(low_.size()) - 1;
      phase_start_.push_back(phase_start_.back() + 1 + (split_.by_rows ? 1 : int(turns(chunk))));
    }
  }

  long rows_of(long chunk) const { return plan_.start(high_[chunk]) - plan_.start(low_[chunk]); }

  int row_parts() const { return int((plan_.batch() + split_.rows - 1) / split_.rows); }

  long chunk_of(int phase) const {
    return std::upper_bound(phase_start_.begin(), phase_start_.end(), phase) -
           phase_start_.begin() - 1;
  }

  void lay_out() {
    const size_t row = size_t(panels_) * width_;
    const size_t sizes[] = {
        capacity_ * row * TAPE,                                    // grads
        size_t(plan_.batch()) * row,                               // carried
        size_t(capacity_) * input_columns_,                        // input in tiles
        size_t(capacity_) * hidden_columns_,                       // previous in tiles
        before_ ? size_t(capacity_) * hidden_columns_ : 0,         // r * h in tiles
        row * input_columns_ * 3,                                  // sums for W
        row * hidden_columns_ * (weights_.form.reset == Reset::after ? 3 : 2),  // for U
        before_ ? row * hidden_columns_ : 0,                       // for U_n
        row * TAPE,                                                // for the biases
    };
    S** places[] = {&grads_, &carried_, &input_tiles_, &hidden_tiles_, &recalled_tiles_,
                    &total_input_, &total_hidden_, &total_recalled_, &total_bias_};
    size_t all = 0;
    for (size_t size : sizes) all += rounded_up(size, 16);
    S* at = thread_memory<S>(all);
    for (int i = 0; i < 9; ++i) {
      *places[i] = at;
      at += rounded_up(sizes[i], 16);
    }
    std::memset(total_input_, 0, (at - total_input_) * sizeof(S));
    const long most = std::max(plan_.batch(), SPREAD);
    rows_.resize(split_.threads);
    for (Rows& r : rows_) {
      r.previous.resize(most);
      r.tape.resize(most);
      r.arriving.resize(most);
      r.cut.resize(most);
      r.output.resize(capacity_);
      r.scratch.resize(weights_.units);
    }
    zero_.assign(weights_.units, S(0));
  }

  // What comes to each sequence's last state from beyond it.
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

  S* grads(long chunk, long s, long rank) const {
    return grads_ + (plan_.start(s) - plan_.start(low_[chunk]) + rank) * TAPE * width_;
  }

  // A chunk of n steps takes n + 1 turns: into the unit of its last step; down from each step and
  // into the unit below; down from its first step. With the reset before, r's way needs n's whole
  // gradient, a turn of its own after each unit.
  long turns(long chunk) const {
    const long steps = high_[chunk] - low_[chunk];
    return before_ ? 2 * steps + 1 : steps + 1;
  }

  void turn(long chunk, long index, long from, long to, long first_panel, long last_panel,
            int self) {
    const long into = high_[chunk] - 1 - (before_ ? index / 2 : index);  // the step whose unit it is
    if (before_ && index % 2) return recalled(chunk, into, from, to, first_panel, last_panel, self);
    const long above = into + 1 < high_[chunk] ? into + 1 : -1;
    const bool unit = into >= low_[chunk];
    const long falling = above < 0 ? 0 : running(above, from, to);
    back(chunk, into, above, unit, from, from + falling, first_panel, last_panel, self);
    if (unit)  // sequences that end here, and at a chunk's last step all
      back(chunk, into, -1, true, from + falling, from + running(into, from, to), first_panel,
           last_panel, self);
  }

  long running(long s, long from, long to) const {
    return std::max(0L, std::min(to, plan_.active(s)) - from);
  }

  void back(long chunk, long s, long above, bool unit, long from, long to, long first_panel,
            long last_panel, int self) {
    if (from >= to) return;
    const long H = weights_.units;
    Rows& rows = rows_[self];
    for (long rank = from, i = 0; rank < to; ++rank, ++i) {
      rows.cut[i] = above >= 0 && reset(above, rank);
      if (unit) point_at(rows, s, rank, i);
      if (unit && arrays_.grad_output)
        rows.arriving[i] = arrays_.grad_output + plan_.row(s, rank) * H;
      if (unit && !first_panel) keep(chunk, s, rank, rows);
    }
    kernels_.back({weights_.form, reversed_.hidden.data(), H, panels_,
                   above < 0 ? nullptr : grads(chunk, above, from),
                   unit ? grads(chunk, s, from) : nullptr, capacity_ * TAPE * width_,
                   rows.previous.data(), rows.tape.data(),
                   arrays_.grad_output ? rows.arriving.data() : nullptr,
                   carried_ + from * panels_ * width_, arrays_.resets ? rows.cut.data() : nullptr,
                   unit, to - from, first_panel, last_panel});
  }

  void recalled(long chunk, long s, long from, long to, long first_panel, long last_panel,
                int self) {
    Rows& rows = rows_[self];
    const long count = running(s, from, to);
    for (long i = 0; i < count; ++i) point_at(rows, s, from + i, i);
    if (!count) return;
    kernels_.back_recalled({weights_.form, reversed_.recalled.data(), weights_.units, panels_,
                            nullptr, grads(chunk, s, from), capacity_ * TAPE * width_,
                            rows.previous.data(), rows.tape.data(), nullptr,
                            carried_ + from * panels_ * width_, nullptr, true, count, first_panel,
                            last_panel});
  }

  struct Rows {
    std::vector<const S*> previous, tape, arriving;
    std::vector<unsigned char> cut;
    std::vector<S*> output;
    std::vector<S> scratch;
  };

  void point_at(Rows& rows, long s, long rank, long i) const {
    rows.previous[i] = previous(s, rank);
    rows.tape[i] = arrays_.tape + (plan_.start(s) + rank) * TAPE * weights_.units;
  }

  // Lay what the weights' gradients will multiply beside the gradients, in tiles.
  void keep(long chunk, long s, long rank, Rows& rows) {
    const long row = plan_.start(s) - plan_.start(low_[chunk]) + rank;
    const long tile = kernels_.tile, I = weights_.inputs, H = weights_.units;
    const S* h = previous(s, rank);
    tile_row(input_tiles_ + row * tile, arrays_.input + plan_.row(s, rank) * I, I, capacity_, tile);
    tile_row(hidden_tiles_ + row * tile, h, H, capacity_, tile);
    if (!before_) return;
    const S* r = arrays_.tape + (plan_.start(s) + rank) * TAPE * H;
    for (long unit = 0; unit < H; ++unit) rows.scratch[unit] = r[unit] * h[unit];
    tile_row(recalled_tiles_ + row * tile, rows.scratch.data(), H, capacity_, tile);
  }

  // The sums over a chunk's rows: parts are panels first, then stretches of rows.
  void gather(long chunk, int part, int parts, int self) {
    const long stretches = (rows_of(chunk) + SPREAD - 1) / SPREAD, all = panels_ + stretches;
    for (long piece = part; piece < all; piece += parts)
      piece < panels_ ? gather_panel(chunk, piece) : spread(chunk, piece - panels_, self);
  }

  void gather_panel(long chunk, long panel) {
    auto sum = [&](const S* values, long columns, int first, int count, S* total) {
      kernels_.gather({grads_, capacity_ * TAPE * width_, values, capacity_, columns, first, count,
                       total, rows_of(chunk), panel, panel + 1});
    };
    sum(input_tiles_, input_columns_, 0, 3, total_input_);
    switch (weights_.form.reset) {
      case Reset::after: sum(hidden_tiles_, hidden_columns_, 1, 3, total_hidden_); break;
      case Reset::none: sum(hidden_tiles_, hidden_columns_, 2, 2, total_hidden_); break;
      case Reset::before:
        sum(hidden_tiles_, hidden_columns_, 1, 2, total_hidden_);
        sum(recalled_tiles_, hidden_columns_, 0, 1, total_recalled_);
    }
    kernels_.sum_rows({grads_, capacity_ * TAPE * width_, nullptr, capacity_, 0, 0, TAPE,
                       total_bias_, rows_of(chunk), panel, panel + 1});
  }

  void spread(long chunk, long stretch, int self) {
    if (!arrays_.grad_input) return;
    const long first = stretch * SPREAD, last = std::min(rows_of(chunk), first + SPREAD);
    auto& output = rows_[self].output;
    long row = 0, count = 0;
    for (long s = low_[chunk]; s < high_[chunk]; ++s)
      for (long rank = 0; rank < plan_.active(s); ++rank, ++row)
        if (row >= first && row < last)
          output[count++] = arrays_.grad_input + plan_.row(s, rank) * weights_.inputs;
    kernels_.spread({reversed_.input.data(), grads_ + first * TAPE * width_,
                     capacity_ * TAPE * width_, panels_, weights_.inputs, output.data(), count});
  }

  const Weights<S>& weights_;
  const Kernels<S>& kernels_;
  const Plan& plan_;
  const Backpropagation<S>& arrays_;
  Split split_;
  Reversed<S> reversed_;
  long width_, panels_, input_columns_, hidden_columns_;
  bool before_;
  std::vector<long> low_, high_;  // steps of each chunk: low .. high - 1
  std::vector<int> phase_start_;
  long capacity_ = 0;
  S *grads_, *carried_, *input_tiles_, *hidden_tiles_, *recalled_tiles_;
  S *total_input_, *total_hidden_, *total_recalled_, *total_bias_;
  std::vector<S> zero_;
  std::vector<Rows> rows_;
};

}  // namespace

template <class S>
void backward(const Weights<S>& weights, const Kernels<S>& kernels, const Plan& plan,
              const Backpropagation<S>& arrays, int most) {
  const Split how =
      split(plan.batch(), plan.tokens() * 2, weights.inputs, weights.units, most);
  Backward<S> work(weights, kernels, plan, arrays, how);
  if (plan.longest()) perform(work, how.threads);
  work.finish();
}

template void backward(const Weights<float>&, const Kernels<float>&, const Plan&,
                       const Backpropagation<float>&, int);
template void backward(const Weights<double>&, const Kernels<double>&, const Plan&,
                       const Backpropagation<double>&, int);

}  // namespace glassgate
