// The forward pass over sequences, divided among threads by rows or by units.
#include <cstring>

#include "pool.h"
#include "sequence.h"

namespace glassgate {
namespace {

constexpr long CHUNK = 64;  // rows whose input is projected at once, if there are enough steps

// Pointers to the rows of one kernel call.
template <class S>
struct Rows {
  std::vector<const S*> input, previous;
  std::vector<S*> output, tape, reset_hidden;
};

template <class S>
class Forward : public Work {
 public:
  Forward(const Layer<S>& layer, const Plan& plan, const Sequence<S>& arrays, Split split)
      : layer_(layer), plan_(plan), arrays_(arrays), split_(split) {
    const long rows = split.by_rows ? split.rows : plan.batch();
    steps_ = std::max(1L, CHUNK / std::max(1L, rows));  // per chunk
    const long slots = split.by_rows ? split.threads : 1;
    sums_size_ = size_t(steps_) * rows * layer.panels * layer.form.sums() * layer.kernels.width;
    const bool before = layer.form.reset == Reset::before;
    reset_hidden_size_ = before ? size_t(rows) * layer.units : 0;
    zero_.assign(layer.units, S(0));
    memory_.room(slots * (sums_size_ + reset_hidden_size_ + 16));
    rows_.resize(split.threads);
    for (Rows<S>& r : rows_) {
      r.input.resize(steps_ * rows);
      r.previous.resize(rows);
      for (auto* list : {&r.output, &r.tape, &r.reset_hidden}) list->resize(rows);
    }
  }

  // Divided by rows, everything is one phase. Divided by units, each chunk has one phase for the
  // product of the input, and each step has one phase, or two with reset before.
  int phases() const override {
    if (split_.by_rows) return 1;
    const long chunks = (plan_.longest() + steps_ - 1) / steps_;
    return int(chunks + passes() * plan_.longest());
  }

  int parts(int) const override {
    return split_.by_rows ? split_.parts(plan_.batch()) : split_.threads;
  }

  void run(int phase, int part, int self) override {
    if (split_.by_rows) return block(part, self);
    const long per_chunk = 1 + passes() * steps_;
    const long first = phase / per_chunk * steps_, within = phase % per_chunk;
    const long from = layer_.panels * part / split_.threads;
    const long to = layer_.panels * (part + 1) / split_.threads;
    if (!within) return project(first, 0, plan_.batch(), from, to, self);
    const long s = first + (within - 1) / passes();
    step(first, s, int((within - 1) % passes()), 0, plan_.batch(), from, to, self);
  }

  // The state of each sequence after its last step.
  void finish() {
    const long H = layer_.units;
    for (long rank = 0; rank < plan_.batch(); ++rank) {
      const long s = plan_.length(rank) - 1;
      const S* last = s < 0 ? arrays_.initial + plan_.column(rank) * H
                            : arrays_.output + plan_.row(s, rank) * H;
      std::memcpy(arrays_.last + plan_.column(rank) * H, last, H * sizeof(S));
    }
  }

 private:
  int passes() const { return layer_.form.reset == Reset::before ? 2 : 1; }

  void block(int part, int self) {
    const long from = part * split_.rows;
    const long to = std::min(plan_.batch(), from + split_.rows);
    for (long first = 0; first < plan_.length(from); first += steps_) {
      project(first, from, to, 0, layer_.panels, self);
      for (long s = first; s < std::min(first + steps_, plan_.length(from)); ++s)
        for (int pass = 0; pass < passes(); ++pass)
          step(first, s, pass, from, to, 0, layer_.panels, self);
    }
  }

  S* memory(int self) const {
    return memory_.data() + (split_.by_rows ? self : 0) * (sums_size_ + reset_hidden_size_ + 16);
  }

  // Project the input of a chunk, for ranks [from, to) and panels [first_panel, last_panel).
  void project(long first, long from, long to, long first_panel, long last_panel, int self) {
    auto& input = rows_[self].input;
    long count = 0;
    for (long s = first; s < std::min(first + steps_, plan_.longest()); ++s)
      for (long rank = from; rank < from + plan_.running(s, from, to); ++rank)
        input[count++] = arrays_.input + plan_.row(s, rank) * layer_.inputs;
    layer_.kernels.project({layer_.input.data(), layer_.bias.data(), layer_.bfloat16,
                            layer_.inputs, layer_.panels, layer_.form.sums(), input.data(),
                            memory(self), count, first_panel, last_panel});
  }

  const S* previous(long s, long rank) const {
    const long H = layer_.units;
    if (arrays_.resets &&
        arrays_.resets[plan_.time(s, rank) * plan_.batch() + plan_.column(rank)])
      return zero_.data();
    return s ? arrays_.output + plan_.row(s - 1, rank) * H
             : arrays_.initial + plan_.column(rank) * H;
  }

  void step(long first, long s, int pass, long from, long to, long first_panel, long last_panel,
            int self) {
    const long H = layer_.units;
    Rows<S>& rows = rows_[self];
    const long count = plan_.running(s, from, to);
    long before = 0;  // rows of the chunk's earlier steps
    for (long earlier = first; earlier < s; ++earlier) before += plan_.running(earlier, from, to);
    const size_t row = size_t(layer_.panels) * layer_.form.sums() * layer_.kernels.width;
    S* reset_hidden = memory(self) + sums_size_;
    for (long i = 0; i < count; ++i) {
      rows.previous[i] = previous(s, from + i);
      rows.output[i] = arrays_.output + plan_.row(s, from + i) * H;
      if (arrays_.tape) rows.tape[i] = arrays_.tape + (plan_.start(s) + from + i) * TAPE * H;
      if (reset_hidden_size_) rows.reset_hidden[i] = reset_hidden + i * H;
    }
    Step<S> job{layer_.form, layer_.hidden.data(), layer_.candidate.data(),
                layer_.bias_candidate.data(), 0, layer_.bfloat16, H, H, layer_.panels,
                memory(self) + before * row, rows.previous.data(), rows.reset_hidden.data(),
                rows.output.data(), arrays_.tape ? rows.tape.data() : nullptr, count,
                first_panel, last_panel};
    if (passes() == 1) return layer_.kernels.step(job);
    pass == 0 ? layer_.kernels.step_gates(job) : layer_.kernels.step_candidate(job);
  }

  const Layer<S>& layer_;
  const Plan& plan_;
  const Sequence<S>& arrays_;
  Split split_;
  long steps_;
  size_t sums_size_, reset_hidden_size_;
  std::vector<S> zero_;
  Buffer<S> memory_;
  std::vector<Rows<S>> rows_;
};

}  // namespace

Split split(long batch, long tokens, long inputs, long units, int max_threads) {
  const double products = 3.0 * units * (inputs + units);  // per row and step
  constexpr double WAKE_COST = 4e5;  // products in the time to wake a thread, about 10 microseconds
  if (max_threads == 1 || products * tokens < WAKE_COST) return {true, std::max(1L, batch), 1};
  constexpr double BARRIER_COST = 3e4;  // products in the time to synchronize at a step
  if (batch < 2 * max_threads && 3.0 * units * units * batch > BARRIER_COST)
    return {false, batch, max_threads};
  // Weights too large for a core's own cache are read again at every step. Then each thread takes
  // its share of the weights for all rows, provided that the states of all rows fit into the cache.
  constexpr double CACHED_WEIGHTS = 7e5;      // recurrent weights in a core's cache
  constexpr long CACHED_STATES = 1 << 16;     // values of all states
  if (3.0 * units * units > CACHED_WEIGHTS && batch * units <= CACHED_STATES)
    return {false, batch, max_threads};
  // Enough rows per part to share each read of the weights, few enough to balance sequences of
  // different lengths.
  constexpr long ROWS_PER_PART = 32;
  const long rows = std::min(ROWS_PER_PART, (batch + max_threads - 1) / max_threads);
  return {true, std::max({1L, rows, (batch + MAX_PARTS - 1) / MAX_PARTS}), max_threads};
}

template <class S>
void forward(const Layer<S>& layer, const Plan& plan, const Sequence<S>& arrays, int max_threads) {
  const Split how = split(plan.batch(), plan.tokens(), layer.inputs, layer.units, max_threads);
  Forward<S> work(layer, plan, arrays, how);
  if (plan.longest()) perform(work, how.threads);
  plan.clear_padding(arrays.output, layer.units);
  if (arrays.last) work.finish();
}

template void forward(const Layer<float>&, const Plan&, const Sequence<float>&, int);
template void forward(const Layer<double>&, const Plan&, const Sequence<double>&, int);

}  // namespace glassgate
