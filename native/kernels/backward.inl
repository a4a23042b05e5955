// The backward kernels: one step of backpropagation, and the gradients of weights and inputs.

template <class V>
struct Backward {
  using S = typename V::S;
  using Vec = typename V::Vec;
  static constexpr int W = V::width;
  static constexpr int ROW = TAPE * W;  // one row of a panel of grads: n, r, k, m

  // The range of the four gradients that enters a product.
  struct Gates {
    int first, count;
  };

  // sum[r][p] += grads of some gates, over all panels, times the rows of U (or W) for an output
  // panel.
  template <int ROWS, int PANELS>
  static INLINE void grads_product(Vec (&sum)[ROWS][PANELS], Gates gates, const S* weights,
                                   const S* grads, long stride, long panels, long panel) {
    const long block = gates.count * W * W;  // weights between one panel of grads and one of outputs
    for (long q = 0; q < panels; ++q) {
      const S* w[PANELS];
      const S* rows[ROWS];
      for (int p = 0; p < PANELS; ++p) w[p] = weights + ((panel + p) * panels + q) * block;
      for (int r = 0; r < ROWS; ++r) rows[r] = grads + q * stride + r * ROW + gates.first * W;
      product<V, ROWS, PANELS, 1, 1, W>(sum, w, rows, gates.count * W);
    }
  }

  // Backpropagate through the unit of one row and panel, from dL/dh' to its sums. Returns the
  // gradient that reaches h directly, through k * h. Reset before: r's gradient follows later.
  static INLINE Vec through_unit(const BackwardStep<S>& job, long row, long panel, Vec grad) {
    int lanes = lanes_in<V>(panel, job.units);
    auto load = [&](const S* from) INLINE_LAMBDA { return load_lanes<V>(from + panel * W, lanes); };
    const S* tape = job.tape[row];
    Vec r = load(tape), k = load(tape + job.units), n = load(tape + 2 * job.units);
    Vec h = load(job.previous[row]);
    Vec grad_n = grad * (V::splat(1) - k) * squash_slope<V>(job.form.squash, n);
    Vec grad_k = grad * (h - n) * gate_slope<V>(job.form.gate, k);
    Vec grad_r = V::splat(0), grad_m = grad_n;
    if (job.form.reset == Reset::after) {
      grad_m = grad_n * r;
      grad_r = grad_n * load(tape + 3 * job.units) * gate_slope<V>(job.form.gate, r);
    }
    S* grads = job.grads + panel * job.stride + row * ROW;
    V::store(grads, grad_n);
    V::store(grads + W, grad_r);
    V::store(grads + 2 * W, grad_k);
    V::store(grads + 3 * W, grad_m);
    return grad * k;
  }

  static void back(const BackwardStep<S>& job) {
    const Gates gates = job.form.reset == Reset::after    ? Gates{1, 3}   // r, k, m
                        : job.form.reset == Reset::before ? Gates{1, 2}   // r, k
                                                          : Gates{2, 2};  // k, m
    in_blocks<4, 3>(job.rows, job.from, job.to, [&](auto size, auto group, long row, long panel)
                        INLINE_LAMBDA {
      constexpr int ROWS = decltype(size)::value, PANELS = decltype(group)::value;
      Vec sum[ROWS][PANELS];
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p)
          sum[r][p] = V::load(job.carried + ((row + r) * job.panels + panel + p) * W);
      if (job.above)
        grads_product(sum, gates, job.weights, job.above + row * ROW, job.stride, job.panels,
                      panel);
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p) {
          Vec grad = job.cut && job.cut[row + r] ? V::splat(0) : sum[r][p];
          if (job.unit) {
            if (job.arriving)
              grad = grad + load_lanes<V>(job.arriving[row + r] + (panel + p) * W,
                                          lanes_in<V>(panel + p, job.units));
            grad = through_unit(job, row + r, panel + p, grad);
          }
          V::store(job.carried + ((row + r) * job.panels + panel + p) * W, grad);
        }
    });
  }

  // Reset before: from the gradient of r * h, `sum`, to r and h. The job is a BackwardStep or a
  // ResetBackward.
  template <class Job>
  static INLINE void backward_reset(const Job& job, long row, long panel, Vec sum) {
    int lanes = lanes_in<V>(panel, job.units);
    Vec reset = load_lanes<V>(job.tape[row] + panel * W, lanes);
    Vec h = load_lanes<V>(job.previous[row] + panel * W, lanes);
    V::store(job.grads + panel * job.stride + row * ROW + W,
             sum * h * gate_slope<V>(job.form.gate, reset));
    S* carried = job.carried + (row * job.panels + panel) * W;
    V::store(carried, V::fma(sum, reset, V::load(carried)));
  }

  // Reset before: from n through U_n to r * h, then to r and h.
  static void back_reset_hidden(const BackwardStep<S>& job) {
    in_blocks<4, 3>(job.rows, job.from, job.to, [&](auto size, auto group, long row, long panel)
                        INLINE_LAMBDA {
      constexpr int ROWS = decltype(size)::value, PANELS = decltype(group)::value;
      Vec sum[ROWS][PANELS];
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p) sum[r][p] = V::splat(0);
      grads_product(sum, {0, 1}, job.weights, job.grads + row * ROW, job.stride, job.panels,
                    panel);  // n
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p) backward_reset(job, row + r, panel + p, sum[r][p]);
    });
  }

  // The rows of a call are summed first and then added to the total, which rounds less than one
  // long sum.
  template <int GATES>
  static void gather_gates(const WeightGradient<S>& job) {
    for (long panel = job.from; panel < job.to; ++panel)
      for (long column = 0; column < job.columns; column += TILE) {
        Vec sum[TILE][GATES];
        const S* values[TILE];
        for (int i = 0; i < TILE; ++i) {
          values[i] = job.values + column * job.capacity + i;
          for (int v = 0; v < GATES; ++v) sum[i][v] = V::splat(0);
        }
        product<V, TILE, 1, GATES, TILE, ROW>(
            sum, {job.grads + panel * job.stride + job.first * W}, values, job.rows);
        S* total = job.total + (panel * job.columns + column) * GATES * W;
        for (int i = 0; i < TILE; ++i)
          for (int v = 0; v < GATES; ++v, total += W) V::store(total, V::load(total) + sum[i][v]);
      }
  }

  static void gather(const WeightGradient<S>& job) {
    switch (job.count) {
      case 1: return gather_gates<1>(job);
      case 2: return gather_gates<2>(job);
      default: return gather_gates<3>(job);
    }
  }

  static void sum_rows(const WeightGradient<S>& job) {
    for (long panel = job.from; panel < job.to; ++panel) {
      Vec sum[TAPE];
      for (int v = 0; v < TAPE; ++v) sum[v] = V::splat(0);
      const S* row = job.grads + panel * job.stride;
      for (long i = 0; i < job.rows; ++i, row += ROW)
        for (int v = 0; v < TAPE; ++v) sum[v] = sum[v] + V::load(row + v * W);
      S* total = job.total + panel * ROW;
      for (int v = 0; v < TAPE; ++v) V::store(total + v * W, V::load(total + v * W) + sum[v]);
    }
  }

  static void spread(const InputGradient<S>& job) {
    long panels = (job.columns + W - 1) / W;
    in_blocks<4, 3>(job.rows, 0, panels, [&](auto size, auto group, long row, long panel)
                        INLINE_LAMBDA {
      constexpr int ROWS = decltype(size)::value, PANELS = decltype(group)::value;
      Vec sum[ROWS][PANELS];
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p) sum[r][p] = V::splat(0);
      grads_product(sum, {0, 3}, job.weights, job.grads + row * ROW, job.stride, job.panels,
                    panel);  // n, r, k
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p)
          store_lanes<V>(job.output[row + r] + (panel + p) * W, sum[r][p],
                         lanes_in<V>(panel + p, job.columns));
    });
  }
};
