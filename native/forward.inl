// Forward: the input's sums, and one step of the unit.

template <class V, class Weight>
struct Forward {
  using S = typename V::S;
  using Vec = typename V::Vec;
  static constexpr int W = V::width;

  template <int SUMS>
  static void project_sums(const Projection<S>& job) {
    auto* weights = static_cast<const Weight*>(job.weights);
    for (long panel = job.from; panel < job.to; ++panel) {
      in_tiles<TILE>(0, job.rows, [&](auto size, long row) INLINE_LAMBDA {
        constexpr int ROWS = decltype(size)::value;
        Vec sum[ROWS][SUMS];
        const S* rows[ROWS];
        for (int r = 0; r < ROWS; ++r) {
          rows[r] = job.input[row + r];
          for (int v = 0; v < SUMS; ++v) sum[r][v] = V::load(job.bias + (panel * SUMS + v) * W);
        }
        product<V, ROWS, 1, SUMS, 1, SUMS * W>(
            sum, {weights + panel * job.depth * SUMS * W}, rows, job.depth);
        for (int r = 0; r < ROWS; ++r)
          for (int v = 0; v < SUMS; ++v)
            V::store(job.sums + (((row + r) * job.panels + panel) * SUMS + v) * W, sum[r][v]);
      });
    }
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

  // Reset after: sums r, k, n; product r, k, m. No reset: both k, n.
  template <int ROWS, int PANELS, int SUMS>
  static INLINE void step_tile(const Step<S>& job, long row, long panel) {
    constexpr bool AFTER = SUMS == 3;
    Vec sum[ROWS][PANELS * SUMS];
    const Weight* weights[PANELS];
    const S* rows[ROWS];
    for (int p = 0; p < PANELS; ++p)
      weights[p] = static_cast<const Weight*>(job.weights) + (panel + p) * job.units * SUMS * W;
    for (int r = 0; r < ROWS; ++r) {
      rows[r] = job.previous[row + r];
      const S* sums = job.sums + ((row + r) * job.panels + panel) * SUMS * W;
      for (int i = 0; i < PANELS * SUMS; ++i) sum[r][i] = V::load(sums + i * W);
      if (AFTER)
        for (int p = 0; p < PANELS; ++p) sum[r][p * 3 + 2] = V::load(job.bias + (panel + p) * W);
    }
    product<V, ROWS, PANELS, SUMS, 1, SUMS * W>(sum, weights, rows, job.units);
    for (int r = 0; r < ROWS; ++r) {
      const S* sums = job.sums + ((row + r) * job.panels + panel) * SUMS * W;
      for (int p = 0; p < PANELS; ++p) {
        Vec* at = &sum[r][p * SUMS];
        if constexpr (AFTER) {
          Vec reset = gate<V>(job.form.gate, at[0]), kept = gate<V>(job.form.gate, at[1]);
          Vec n = squash<V>(job.form.squash, V::fma(reset, at[2], V::load(sums + (p * 3 + 2) * W)));
          write(job, row + r, panel + p, reset, kept, n, at[2]);
        } else {
          Vec kept = gate<V>(job.form.gate, at[0]), n = squash<V>(job.form.squash, at[1]);
          write(job, row + r, panel + p, V::splat(1), kept, n, V::splat(0));
        }
      }
    }
  }

  template <int SUMS>
  static void step_sums(const Step<S>& job) {
    if (job.rows == 1)  // two panels at a time, so that six sums are under way
      return in_groups<2>(job.from, job.to, [&](auto group, long panel) INLINE_LAMBDA {
        step_tile<1, decltype(group)::value, SUMS>(job, 0, panel);
      });
    for (long panel = job.from; panel < job.to; ++panel)
      in_tiles<TILE>(0, job.rows, [&](auto size, long row) INLINE_LAMBDA {
        step_tile<decltype(size)::value, 1, SUMS>(job, row, panel);
      });
  }

  static void step(const Step<S>& job) {
    job.form.reset == Reset::none ? step_sums<2>(job) : step_sums<3>(job);
  }

  // Reset before, first pass: r and k; k takes the place of its sum, r * h goes out.
  static void open(const Step<S>& job) {
    for (long panel = job.from; panel < job.to; ++panel)
      in_tiles<TILE>(0, job.rows, [&](auto size, long row) INLINE_LAMBDA {
        constexpr int ROWS = decltype(size)::value;
        Vec sum[ROWS][2];
        const S* rows[ROWS];
        for (int r = 0; r < ROWS; ++r) {
          rows[r] = job.previous[row + r];
          const S* sums = job.sums + ((row + r) * job.panels + panel) * 3 * W;
          for (int v = 0; v < 2; ++v) sum[r][v] = V::load(sums + v * W);
        }
        auto* weights = static_cast<const Weight*>(job.weights) + panel * job.units * 2 * W;
        product<V, ROWS, 1, 2, 1, 2 * W>(sum, {weights}, rows, job.units);
        int lanes = lanes_in<V>(panel, job.units);
        for (int r = 0; r < ROWS; ++r) {
          S* sums = job.sums + ((row + r) * job.panels + panel) * 3 * W;
          Vec reset = gate<V>(job.form.gate, sum[r][0]);
          Vec h = load_lanes<V>(job.previous[row + r] + panel * W, lanes);
          V::store(sums, reset);
          V::store(sums + W, gate<V>(job.form.gate, sum[r][1]));
          store_lanes<V>(job.recalled[row + r] + panel * W, reset * h, lanes);
        }
      });
  }

  // Second pass: n from all of r * h.
  static void close(const Step<S>& job) {
    for (long panel = job.from; panel < job.to; ++panel)
      in_tiles<TILE>(0, job.rows, [&](auto size, long row) INLINE_LAMBDA {
        constexpr int ROWS = decltype(size)::value;
        Vec sum[ROWS][1];
        const S* rows[ROWS];
        for (int r = 0; r < ROWS; ++r) {
          rows[r] = job.recalled[row + r];
          sum[r][0] = V::load(job.sums + (((row + r) * job.panels + panel) * 3 + 2) * W);
        }
        auto* weights = static_cast<const Weight*>(job.candidate) + panel * job.units * W;
        product<V, ROWS, 1, 1, 1, W>(sum, {weights}, rows, job.units);
        for (int r = 0; r < ROWS; ++r) {
          const S* sums = job.sums + ((row + r) * job.panels + panel) * 3 * W;
          write(job, row + r, panel, V::load(sums), V::load(sums + W),
                squash<V>(job.form.squash, sum[r][0]), V::splat(0));
        }
      });
  }
};
