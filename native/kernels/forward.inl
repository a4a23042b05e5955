// The forward kernels: the product of the input, and one step of the unit.

template <class V, class Weight>
struct Forward {
  using S = typename V::S;
  using Vec = typename V::Vec;
  static constexpr int W = V::width;

  // The sums of one row and panel, [sums][W].
  template <class Job>
  static INLINE S* sums_at(const Job& job, int sums, long row, long panel) {
    return job.sums + (row * job.panels + panel) * sums * W;
  }

  template <int SUMS>
  static void project_sums(const Projection<S>& job) {
    auto* weights = static_cast<const Weight*>(job.weights);
    in_blocks<2, 1>(job.rows, job.from, job.to, [&](auto size, auto group, long row, long panel)
                        INLINE_LAMBDA {
      constexpr int ROWS = decltype(size)::value, PANELS = decltype(group)::value;
      Vec sum[ROWS][PANELS * SUMS];
      const Weight* w[PANELS];
      const S* rows[ROWS];
      for (int p = 0; p < PANELS; ++p) w[p] = weights + (panel + p) * stored<Weight>(job.depth) * SUMS * W;
      for (int r = 0; r < ROWS; ++r) {
        rows[r] = job.input[row + r];
        for (int i = 0; i < PANELS * SUMS; ++i)
          sum[r][i] = V::load(job.bias + panel * SUMS * W + i * W);
      }
      product<V, ROWS, PANELS, SUMS, 1, SUMS * W>(sum, w, rows, job.depth);
      for (int r = 0; r < ROWS; ++r)
        for (int i = 0; i < PANELS * SUMS; ++i)
          V::store(sums_at(job, SUMS, row + r, panel) + i * W, sum[r][i]);
    });
  }

  static void project(const Projection<S>& job) {
    job.vectors == 2 ? project_sums<2>(job) : project_sums<3>(job);
  }

  // h' = k * h + (1 - k) * n, and the tape.
  static INLINE void write(const Step<S>& job, long row, long panel, Vec r, Vec k, Vec n, Vec m) {
    int lanes = lanes_in<V>(panel, job.units);
    Vec h = load_lanes<V>(job.previous[row] + panel * W, lanes);
    store_lanes<V>(job.output[row] + panel * W, V::fma(k, h, (V::splat(1) - k) * n), lanes);
    if (!job.tape) return;
    S* tape = job.tape[row] + panel * W;  // r, k, n, m of H each
    store_lanes<V>(tape, r, lanes);
    store_lanes<V>(tape + job.units, k, lanes);
    store_lanes<V>(tape + 2 * job.units, n, lanes);
    store_lanes<V>(tape + 3 * job.units, m, lanes);
  }

  // sum[r][p, v] += rows * U, with GATES vectors per panel.
  template <int GATES, int ROWS, int PANELS>
  static INLINE void recur(Vec (&sum)[ROWS][PANELS * GATES], const Step<S>& job,
                           const void* weights, const S* const* from, long panel) {
    const Weight* w[PANELS];
    const S* rows[ROWS];
    for (int p = 0; p < PANELS; ++p)
      w[p] = static_cast<const Weight*>(weights) + (panel + p) * stored<Weight>(job.depth) * GATES * W;
    for (int r = 0; r < ROWS; ++r) rows[r] = from[r];
    product<V, ROWS, PANELS, GATES, 1, GATES * W>(sum, w, rows, job.depth);
  }

  // Reset after: r and k continue the sums of the input; m starts from its bias, c_n, and joins the
  // input's sum of n at the end.
  static void step_after(const Step<S>& job) {
    in_blocks<2, 1>(job.rows, job.from, job.to, [&](auto size, auto group, long row, long panel)
                        INLINE_LAMBDA {
      constexpr int ROWS = decltype(size)::value, PANELS = decltype(group)::value;
      Vec sum[ROWS][PANELS * 3];  // r, k, m
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p) {
          const S* sums = sums_at(job, 3, row + r, panel + p);
          sum[r][p * 3] = V::load(sums);
          sum[r][p * 3 + 1] = V::load(sums + W);
          sum[r][p * 3 + 2] = V::load(job.bias + (row + r) * job.bias_stride + (panel + p) * W);
        }
      recur<3, ROWS, PANELS>(sum, job, job.weights, job.previous + row, panel);
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p) {
          Vec m = sum[r][p * 3 + 2], from_input = V::load(sums_at(job, 3, row + r, panel + p) + 2 * W);
          Vec reset = gate<V>(job.form.gate, sum[r][p * 3]);
          Vec kept = gate<V>(job.form.gate, sum[r][p * 3 + 1]);
          Vec n = squash<V>(job.form.squash, V::fma(reset, m, from_input));
          write(job, row + r, panel + p, reset, kept, n, m);
        }
    });
  }

  static void step_none(const Step<S>& job) {
    in_blocks<3, 1>(job.rows, job.from, job.to, [&](auto size, auto group, long row, long panel)
                        INLINE_LAMBDA {
      constexpr int ROWS = decltype(size)::value, PANELS = decltype(group)::value;
      Vec sum[ROWS][PANELS * 2];  // k, n
      for (int r = 0; r < ROWS; ++r)
        for (int i = 0; i < PANELS * 2; ++i)
          sum[r][i] = V::load(sums_at(job, 2, row + r, panel) + i * W);
      recur<2, ROWS, PANELS>(sum, job, job.weights, job.previous + row, panel);
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p)
          write(job, row + r, panel + p, V::splat(1), gate<V>(job.form.gate, sum[r][p * 2]),
                squash<V>(job.form.squash, sum[r][p * 2 + 1]), V::splat(0));
    });
  }

  static void step(const Step<S>& job) {
    job.form.reset == Reset::none ? step_none(job) : step_after(job);
  }

  // Reset before, first pass: r and k replace their sums, and r * h is stored.
  static void step_gates(const Step<S>& job) {
    in_blocks<3, 1>(job.rows, job.from, job.to, [&](auto size, auto group, long row, long panel)
                        INLINE_LAMBDA {
      constexpr int ROWS = decltype(size)::value, PANELS = decltype(group)::value;
      Vec sum[ROWS][PANELS * 2];  // r, k
      for (int r = 0; r < ROWS; ++r)
        for (int i = 0; i < PANELS * 2; ++i)
          sum[r][i] = V::load(sums_at(job, 3, row + r, panel + i / 2) + i % 2 * W);
      recur<2, ROWS, PANELS>(sum, job, job.weights, job.previous + row, panel);
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p) {
          int lanes = lanes_in<V>(panel + p, job.units);
          S* sums = sums_at(job, 3, row + r, panel + p);
          Vec reset = gate<V>(job.form.gate, sum[r][p * 2]);
          Vec h = load_lanes<V>(job.previous[row + r] + (panel + p) * W, lanes);
          V::store(sums, reset);
          V::store(sums + W, gate<V>(job.form.gate, sum[r][p * 2 + 1]));
          store_lanes<V>(job.reset_hidden[row + r] + (panel + p) * W, reset * h, lanes);
        }
    });
  }

  // Reset before, second pass: n from r * h of all units.
  static void step_candidate(const Step<S>& job) {
    in_blocks<4, 3>(job.rows, job.from, job.to, [&](auto size, auto group, long row, long panel)
                        INLINE_LAMBDA {
      constexpr int ROWS = decltype(size)::value, PANELS = decltype(group)::value;
      Vec sum[ROWS][PANELS];
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p)
          sum[r][p] = V::load(sums_at(job, 3, row + r, panel + p) + 2 * W);
      recur<1, ROWS, PANELS>(sum, job, job.candidate, job.reset_hidden + row, panel);
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p) {
          const S* sums = sums_at(job, 3, row + r, panel + p);
          write(job, row + r, panel + p, V::load(sums), V::load(sums + W),
                squash<V>(job.form.squash, sum[r][p]), V::splat(0));
        }
    });
  }
};
