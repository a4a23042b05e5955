// The kernels of single steps, forward and backward, on weights in PyTorch's unpacked layout.

template <class V>
struct Single {
  using S = typename V::S;
  using Vec = typename V::Vec;
  static constexpr int W = V::width;
  static constexpr int ROW = TAPE * W;

  // sum[r] += rows[r][at ..] * COUNT columns of the matrix, each a vector over units.
  template <int ROWS, int COUNT>
  static INLINE void add_columns(Vec (&sum)[ROWS], const Vec (&columns)[COUNT], S sign,
                                 const S* const (&rows)[ROWS], long at) {
#pragma GCC unroll 16
    for (int i = 0; i < COUNT; ++i) {
      const Vec w = sign < 0 ? V::splat(sign) * columns[i] : columns[i];
#pragma GCC unroll 8
      for (int r = 0; r < ROWS; ++r) sum[r] = V::fma(w, V::splat(rows[r][at + i]), sum[r]);
    }
  }

  // One gate, several panels and rows: the matrix is transposed in registers, W by W values at a
  // time, while the next panel is prefetched, since a large matrix is not in the core's cache.
  template <int ROWS, int PANELS>
  static INLINE void ascend_tile(const DirectProduct<S>& job, int v, long row, long panel) {
    const int lanes = lanes_in<V>(panel + PANELS - 1, job.units);  // in the last panel
    const auto at = [&](int r, int p) INLINE_LAMBDA {
      return job.sums[v] + (row + r) * job.row_strides[v] + (panel + p) * job.panel_strides[v];
    };
    Vec sum[PANELS][ROWS];
    const S *rows[ROWS], *matrix[PANELS];
    for (int r = 0; r < ROWS; ++r) rows[r] = job.values[row + r];
    for (int p = 0; p < PANELS; ++p) {
      matrix[p] = job.weights + (job.blocks[v] * job.units + (panel + p) * W) * job.depth;
      for (int r = 0; r < ROWS; ++r) sum[p][r] = V::load(at(r, p));
    }
    long k = 0;
    for (; lanes == W && k + W <= job.depth; k += W)
      for (int p = 0; p < PANELS; ++p) {
        Vec square[W];
        V::load_transposed(square, matrix[p] + k, job.depth);
        for (int i = 0; i < W; ++i)  // the next panel follows this one
          __builtin_prefetch(matrix[p] + (PANELS * job.depth + k + i) * W, 0, 2);
        add_columns(sum[p], square, job.signs[v], rows, k);
      }
    for (; k < job.depth; ++k)
      for (int p = 0; p < PANELS; ++p) {
        S column[W] = {};
        for (int lane = 0; lane < (p + 1 < PANELS ? W : lanes); ++lane)
          column[lane] = matrix[p][lane * job.depth + k];
        add_columns(sum[p], {V::load(column)}, job.signs[v], rows, k);
      }
    for (int p = 0; p < PANELS; ++p)
      for (int r = 0; r < ROWS; ++r) V::store(at(r, p), sum[p][r]);
  }

  static void ascend(const DirectProduct<S>& job) {
    for (int v = 0; v < job.count; ++v)
      in_blocks<1, 1>(job.rows, job.from, job.to,
                      [&](auto size, auto group, long row, long panel) INLINE_LAMBDA {
        ascend_tile<decltype(size)::value, decltype(group)::value>(job, v, row, panel);
      });
  }

  // Load several panels of a row; the last panel may have fewer lanes.
  template <int PANELS>
  static INLINE void load_panels(Vec (&to)[PANELS], const S* from, int lanes) {
#pragma GCC unroll 8
    for (int p = 0; p < PANELS; ++p)
      to[p] = p + 1 < PANELS ? V::load(from + p * W) : load_lanes<V>(from + p * W, lanes);
  }

  // The grads of one gate and panel of units, times their rows of the matrix. The rows are
  // contiguous, so memory is read sequentially.
  template <int ROWS, int PANELS>
  static INLINE void add_rows(S* const (&sums)[ROWS], const S* weights, long columns, int lanes,
                              const S* grads, S sign, int units) {
    Vec sum[ROWS][PANELS];
    for (int r = 0; r < ROWS; ++r)
      for (int p = 0; p < PANELS; ++p) sum[r][p] = V::load(sums[r] + p * W);
    for (int i = 0; i < units; ++i, weights += columns) {
      Vec w[PANELS];
      load_panels(w, weights, lanes);
#pragma GCC unroll 16
      for (int r = 0; r < ROWS; ++r) {
        Vec g = V::splat(sign * grads[r * ROW + i]);
#pragma GCC unroll 8
        for (int p = 0; p < PANELS; ++p) sum[r][p] = V::fma(w[p], g, sum[r][p]);
      }
    }
    for (int r = 0; r < ROWS; ++r)
      for (int p = 0; p < PANELS; ++p)  // packed panels are padded with zeros, which turn -0 into 0
        V::store(sums[r] + p * W, units == W ? sum[r][p] : sum[r][p] + V::splat(0));
  }

  static void descend(const DirectBackward<S>& job) {
    const long row_size = (job.columns + W - 1) / W * W;
    for (long q = 0; q * W < job.units; ++q)
      for (int v = 0; v < job.count; ++v) {
        const S* weights = job.weights + (job.blocks[v] * job.units + q * W) * job.columns;
        const S* grads = job.grads + q * job.stride + (job.first + v) * W;
        in_blocks<4, 3>(job.rows, job.from, job.to,
                        [&](auto size, auto group, long row, long panel) INLINE_LAMBDA {
          constexpr int ROWS = decltype(size)::value, PANELS = decltype(group)::value;
          S* sums[ROWS];
          for (int r = 0; r < ROWS; ++r) sums[r] = job.sums + (row + r) * row_size + panel * W;
          add_rows<ROWS, PANELS>(sums, weights + panel * W, job.columns,
                                 lanes_in<V>(panel + PANELS - 1, job.columns), grads + row * ROW,
                                 job.signs[v], lanes_in<V>(q, job.units));
        });
      }
  }

  static void backward_reset(const ResetBackward<S>& job) {
    for (long row = 0; row < job.rows; ++row)
      for (long panel = job.from; panel < job.to; ++panel)
        Backward<V>::backward_reset(job, row, panel,
                            V::load(job.reset_hidden + (row * job.panels + panel) * W));
  }

  template <int UNITS, int PANELS>
  static INLINE void outer_tile(const OuterProduct<S>& job, const S* grads, S* to, long column,
                                int lanes) {
    Vec sum[UNITS][PANELS];
    for (int u = 0; u < UNITS; ++u)
      for (int p = 0; p < PANELS; ++p) sum[u][p] = V::splat(0);
    for (long row = 0; row < job.rows; ++row, grads += ROW) {
      Vec x[PANELS];
      load_panels(x, job.values[row] + column, lanes);
#pragma GCC unroll 4
      for (int u = 0; u < UNITS; ++u) {
        Vec g = V::splat(grads[u]);
#pragma GCC unroll 4
        for (int p = 0; p < PANELS; ++p) sum[u][p] = V::fma(g, x[p], sum[u][p]);
      }
    }
    for (int u = 0; u < UNITS; ++u)
      for (int p = 0; p < PANELS; ++p)
        store_lanes<V>(to + u * job.columns + column + p * W,
                       V::splat(job.sign) * (V::splat(0) + sum[u][p]),
                       p + 1 < PANELS ? W : lanes);
  }

  // Four units by four panels of columns: every sum stays in a register.
  static void outer(const OuterProduct<S>& job) {
    const long column_panels = (job.columns + W - 1) / W;
    for (long panel = job.from; panel < job.to_panel; ++panel) {
      const S* grads = job.grads + panel * job.stride + job.gradient * W;
      in_tiles<4>(0, lanes_in<V>(panel, job.units), [&](auto size, long unit) INLINE_LAMBDA {
        in_groups<4>(0, column_panels, [&](auto group, long column_panel) INLINE_LAMBDA {
          constexpr int UNITS = decltype(size)::value, PANELS = decltype(group)::value;
          outer_tile<UNITS, PANELS>(job, grads + unit, job.to + (panel * W + unit) * job.columns,
                                    column_panel * W,
                                    lanes_in<V>(column_panel + PANELS - 1, job.columns));
        });
      });
    }
  }
};
