// The backward pass of a single step on unpacked weights.
#include <cstring>
#include <optional>

#include "packer.h"
#include "pool.h"
#include "single.h"
#include "totals.h"

namespace glassgate {
namespace {

// A range of gradients, and the block of rows of a matrix that each belongs to.
struct Pairs {
  int first, count;
  int blocks[3];
};

constexpr Pairs INPUT{0, 3, {2, 0, 1}};  // n, r, k

Pairs pairs_of_hidden(Reset reset) {
  return reset == Reset::after    ? Pairs{1, 3, {0, 1, 2}}   // r, k, m
         : reset == Reset::before ? Pairs{1, 2, {0, 1, 0}}   // r, k
                                  : Pairs{2, 2, {1, 2, 0}};  // k, m
}

template <class S>
S sign_of(const Weights<S>& w, int block) {
  return block == 1 && w.writes ? S(-1) : S(1);
}

// Writes the weights' gradients: sums over rows, in order.
template <class S>
class WeightSums {
 public:
  // grads: [P][rows][4][W]; reset_hidden: r * h, for reset before.
  WeightSums(const Weights<S>& w, const Kernels<S>& kernels, const S* grads,
             const std::vector<const S*>& input, const std::vector<const S*>& previous,
             const std::vector<const S*>& reset_hidden, const Backpropagation<S>& to)
      : w_(w), kernels_(kernels), grads_(grads), input_(input), previous_(previous),
        reset_hidden_(reset_hidden), to_(to), width_(kernels.width), rows_(long(input.size())),
        bias_((w.units + width_ - 1) / width_ * TAPE * width_) {}

  void write(Range panels) {
    outer(INPUT, input_, w_.inputs, to_.grad_weight_input, panels);
    outer(pairs_of_hidden(w_.form.reset), previous_, w_.units, to_.grad_weight_hidden, panels);
    if (w_.form.reset == Reset::before)
      outer({0, 1, {2}}, reset_hidden_, w_.units, to_.grad_weight_hidden, panels);
    const long from = panels.from * width_, to = std::min(w_.units, panels.to * width_);
    if (w_.form.reset == Reset::none)
      std::fill(to_.grad_weight_hidden + from * w_.units, to_.grad_weight_hidden + to * w_.units,
                S(0));
    sum_biases(panels, from, to);
  }

 private:
  void outer(Pairs pairs, const std::vector<const S*>& values, long columns, S* to, Range panels) {
    for (int i = 0; i < pairs.count; ++i)
      kernels_.outer({grads_, rows_ * TAPE * width_, pairs.first + i, values.data(),
                      to + pairs.blocks[i] * w_.units * columns, sign_of(w_, pairs.blocks[i]),
                      w_.units, columns, rows_, panels.from, panels.to});
  }

  void sum_biases(Range panels, long from, long to) {
    S* sums = bias_.data();
    std::fill(sums + panels.from * TAPE * width_, sums + panels.to * TAPE * width_, S(0));
    kernels_.sum_rows({grads_, rows_ * TAPE * width_, nullptr, 0, 0, 0, TAPE, sums, rows_,
                       panels.from, panels.to});
    for (long unit = from; unit < to; ++unit)
      write_biases(sums + unit / width_ * TAPE * width_ + unit % width_, width_, w_, to_, unit);
  }

  const Weights<S>& w_;
  const Kernels<S>& kernels_;
  const S* grads_;
  const std::vector<const S*>&input_, &previous_, &reset_hidden_;
  const Backpropagation<S>& to_;
  const long width_, rows_;
  Buffer<S> bias_;
};

// r * h of several rows, which U_n multiplies with reset before.
template <class S>
void multiply_reset(const std::vector<const S*>& tape, const std::vector<const S*>& previous, long from,
                 long to, S* reset_hidden, long units) {
  for (size_t row = 0; row < tape.size(); ++row)
    for (long unit = from; unit < to; ++unit)
      reset_hidden[row * units + unit] = tape[row][unit] * previous[row][unit];
}

// If the pointers to the weights' gradients are null, only `grads` is written, for `gather_steps`.
template <class S>
class SingleBack : public Work {
 public:
  SingleBack(const Weights<S>& w, const Kernels<S>& kernels, long batch,
             const Backpropagation<S>& arrays, S* grads, int threads)
      : w_(w), kernels_(kernels), arrays_(arrays), batch_(batch), threads_(threads),
        width_(kernels.width), panels_((w.units + width_ - 1) / width_),
        stride_(batch * TAPE * width_), before_(w.form.reset == Reset::before),
        input_(rows_of(arrays.input, batch, w.inputs)),
        previous_(rows_of(arrays.initial, batch, w.units)),
        tape_(rows_of(arrays.tape, batch, TAPE * w.units)),
        arriving_(rows_of(arrays.grad_output, arrays.grad_output ? batch : 0, w.units)),
        own_(grads ? 0 : panels_ * stride_), grads_(grads ? grads : own_.data()),
        carried_(batch * panels_ * width_), reset_hidden_(before_ ? batch * w.units : 0),
        reset_hidden_rows_(rows_of<const S>(reset_hidden_.data(), before_ ? batch : 0, w.units)),
        grad_reset_hidden_(before_ ? batch * panels_ * width_ : 0),
        input_panels_((w.inputs + width_ - 1) / width_),
        grad_input_(arrays.grad_input ? batch * input_panels_ * width_ : 0),
        weight_sums_(w, kernels, grads_, input_, previous_, reset_hidden_rows_, arrays) {
    std::memset(carried_.data(), 0, batch * panels_ * width_ * sizeof(S));
    for (long row = 0; arrays.grad_last && row < batch; ++row)
      std::memcpy(carried_.data() + row * panels_ * width_, arrays.grad_last + row * w.units,
                  w.units * sizeof(S));
  }

  int phases() const override { return before_ ? 3 : 2; }
  int parts(int) const override { return threads_; }

  void run(int phase, int part, int) override {
    const Range range = share(panels_, part, threads_);
    if (phase == 0) return through_unit(range);
    if (before_ && phase == 1) return backward_reset(range);
    descend(pairs_of_hidden(w_.form.reset), w_.hidden, w_.units, carried_.data(), range);
    hand_over(carried_.data(), w_.units, arrays_.grad_initial, range);
    if (arrays_.grad_input) spread(share(input_panels_, part, threads_));
    if (arrays_.grad_weight_input) weight_sums_.write(range);
  }

 private:
  void through_unit(Range range) {
    kernels_.back({w_.form, nullptr, w_.units, panels_, nullptr, grads_, stride_,
                   previous_.data(), tape_.data(), arriving_.empty() ? nullptr : arriving_.data(),
                   carried_.data(), nullptr, true, batch_, range.from, range.to});
  }

  void backward_reset(Range range) {
    const Range units = of_columns(range, w_.units);
    multiply_reset(tape_, previous_, units.from, units.to, reset_hidden_.data(), w_.units);
    clear(grad_reset_hidden_.data(), panels_, range);
    descend({0, 1, {2}}, w_.hidden, w_.units, grad_reset_hidden_.data(), range);
    kernels_.backward_reset({w_.form, grad_reset_hidden_.data(), grads_, stride_, w_.units, panels_,
                     previous_.data(), tape_.data(), carried_.data(), batch_, range.from, range.to});
  }

  void spread(Range range) {
    clear(grad_input_.data(), input_panels_, range);
    descend(INPUT, w_.input, w_.inputs, grad_input_.data(), range);
    hand_over(grad_input_.data(), w_.inputs, arrays_.grad_input, range);
  }

  void descend(Pairs pairs, const S* matrix, long columns, S* sums, Range range) {
    DirectBackward<S> job{matrix, w_.units, columns, grads_, stride_, pairs.first, pairs.count,
                   {}, {}, sums, batch_, range.from, range.to};
    for (int i = 0; i < pairs.count; ++i) {
      job.blocks[i] = pairs.blocks[i];
      job.signs[i] = sign_of(w_, pairs.blocks[i]);
    }
    kernels_.descend(job);
  }

  // Sums are in panels, [B][panels][W]: set some panels to 0, or copy them to rows, [B, columns].
  void clear(S* sums, long panels, Range range) const {
    for (long row = 0; row < batch_; ++row, sums += panels * width_)
      std::fill(sums + range.from * width_, sums + range.to * width_, S(0));
  }

  void hand_over(const S* sums, long columns, S* to, Range range) const {
    const Range some = of_columns(range, columns);
    const long row_size = (columns + width_ - 1) / width_ * width_;
    for (long row = 0; row < batch_; ++row)
      std::copy(sums + row * row_size + some.from, sums + row * row_size + some.to,
                to + row * columns + some.from);
  }

  Range of_columns(Range panels, long columns) const {
    return {panels.from * width_, std::min(columns, panels.to * width_)};
  }

  const Weights<S>& w_;
  const Kernels<S>& kernels_;
  const Backpropagation<S>& arrays_;
  const long batch_;
  const int threads_;
  const long width_, panels_, stride_;
  const bool before_;
  std::vector<const S*> input_, previous_, tape_, arriving_;
  Buffer<S> own_;
  S* grads_;  // [P][B][4][W]
  Buffer<S> carried_, reset_hidden_;
  std::vector<const S*> reset_hidden_rows_;
  Buffer<S> grad_reset_hidden_;
  const long input_panels_;
  Buffer<S> grad_input_;
  WeightSums<S> weight_sums_;
};

// The weights' gradients of several steps at once, from the `grads` of each.
template <class S>
class GatherSteps : public Work {
 public:
  GatherSteps(const Weights<S>& w, const Kernels<S>& kernels, const std::vector<StepRows<S>>& steps,
              const Backpropagation<S>& to, int threads)
      : threads_(threads), panels_((w.units + kernels.width - 1) / kernels.width) {
    std::vector<const S*> tape;
    for (const StepRows<S>& step : steps)
      for (long row = 0; row < step.batch; ++row) {
        input_.push_back(step.input + row * w.inputs);
        previous_.push_back(step.previous + row * w.units);
        tape.push_back(step.tape + row * TAPE * w.units);
      }
    const long rows = long(input_.size()), row_size = TAPE * kernels.width;
    S* to_grads = grads_.room(panels_ * rows * row_size);
    for (long panel = 0; panel < panels_; ++panel)
      for (const StepRows<S>& step : steps)
        to_grads = std::copy_n(step.grads + panel * step.batch * row_size, step.batch * row_size,
                               to_grads);
    if (w.form.reset == Reset::before) {
      multiply_reset(tape, previous_, 0, w.units, reset_hidden_.room(rows * w.units), w.units);
      reset_hidden_rows_ = rows_of<const S>(reset_hidden_.data(), rows, w.units);
    }
    sums_.emplace(w, kernels, grads_.data(), input_, previous_, reset_hidden_rows_, to);
  }

  int phases() const override { return 1; }
  int parts(int) const override { return threads_; }
  void run(int, int part, int) override { sums_->write(share(panels_, part, threads_)); }

 private:
  const int threads_;
  const long panels_;
  std::vector<const S*> input_, previous_, reset_hidden_rows_;
  Buffer<S> grads_, reset_hidden_;
  std::optional<WeightSums<S>> sums_;
};

}  // namespace

template <class S>
void single_step_back(const Weights<S>& weights, const Kernels<S>& kernels, long batch,
                      const Backpropagation<S>& arrays, S* grads, int max_threads) {
  const int threads = split(1, batch, weights.inputs, weights.units, max_threads).threads;
  SingleBack<S> work(weights, kernels, batch, arrays, grads, threads);
  perform(work, threads);
}

template <class S>
void gather_steps(const Weights<S>& weights, const Kernels<S>& kernels,
                  const std::vector<StepRows<S>>& steps, const Backpropagation<S>& to,
                  int max_threads) {
  long rows = 0;
  for (const StepRows<S>& step : steps) rows += step.batch;
  const int threads = split(rows, rows, weights.inputs, weights.units, max_threads).threads;
  GatherSteps<S> work(weights, kernels, steps, to, threads);
  perform(work, threads);
}

template void single_step_back(const Weights<float>&, const Kernels<float>&, long,
                               const Backpropagation<float>&, float*, int);
template void single_step_back(const Weights<double>&, const Kernels<double>&, long,
                               const Backpropagation<double>&, double*, int);
template void gather_steps(const Weights<float>&, const Kernels<float>&,
                           const std::vector<StepRows<float>>&, const Backpropagation<float>&, int);
template void gather_steps(const Weights<double>&, const Kernels<double>&,
                           const std::vector<StepRows<double>>&, const Backpropagation<double>&,
                           int);

}  // namespace glassgate
