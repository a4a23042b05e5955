// The matrix product that all kernels are built on, and loops over tiles of rows and panels.

template <int N>
struct Size {
  static constexpr int value = N;
};

// Call tile(Size<n>, row) until all rows are covered, largest tiles first: n = N, N / 2, ... 1.
template <int N, class F>
INLINE void in_tiles(long row, long rows, F&& tile) {
  for (; row + N <= rows; row += N) tile(Size<N>{}, row);
  if constexpr (N > 1) in_tiles<N / 2>(row, rows, tile);
}

// Call group(Size<n>, panel) until all panels are covered, n at a time: N, N - 1, ... 1.
template <int N, class F>
INLINE void in_groups(long panel, long panels, F&& group) {
  for (; panel + N <= panels; panel += N) group(Size<N>{}, panel);
  if constexpr (N > 1) in_groups<N - 1>(panel, panels, group);
}

// Call tile(Size<rows>, Size<panels>, row, panel) until all rows and panels are covered. Panels are
// the outer loop, so that a panel's weights stay in cache for all rows. A single row takes more
// panels at a time: a processor needs about ten independent sums to hide the latency of
// multiply-adds.
template <int SINGLE, int MANY, class F>
INLINE void in_blocks(long rows, long from, long to, F&& tile) {
  if (rows == 1)
    return in_groups<SINGLE>(from, to, [&](auto group, long panel) INLINE_LAMBDA {
      tile(Size<1>{}, group, 0, panel);
    });
  in_groups<MANY>(from, to, [&](auto group, long panel) INLINE_LAMBDA {
    in_tiles<TILE>(0, rows, [&](auto size, long row) INLINE_LAMBDA {
      tile(size, group, row, panel);
    });
  });
}

// sum[r][i] += w[i] * rows[r][at]
template <class V, int ROWS, int SUMS>
INLINE void multiply_add(typename V::Vec (&sum)[ROWS][SUMS], const typename V::Vec (&w)[SUMS],
                         const typename V::S* const (&rows)[ROWS], long at) {
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; ++r) {
    typename V::Vec x = V::splat(rows[r][at]);
#pragma GCC unroll 16
    for (int i = 0; i < SUMS; ++i) sum[r][i] = V::fma(w[i], x, sum[r][i]);
  }
}

// sum[r][p, v] += rows[r][k * LEAP] * weights[p][k * STRIDE + v * W], k = 0 .. count - 1, in order.
template <class V, int ROWS, int PANELS, int VECTORS, int LEAP, int STRIDE>
INLINE void product(typename V::Vec (&sum)[ROWS][PANELS * VECTORS],
                    const typename V::S* const (&weights)[PANELS],
                    const typename V::S* const (&rows)[ROWS], long count) {
  for (long k = 0; k < count; ++k) {
    typename V::Vec w[PANELS * VECTORS];
#pragma GCC unroll 16
    for (int i = 0; i < PANELS * VECTORS; ++i)
      w[i] = V::load(weights[i / VECTORS] + k * STRIDE + i % VECTORS * V::width);
    multiply_add<V>(sum, w, rows, k * LEAP);
  }
}

// The same with weights in bfloat16, where k and k + 1 share 32-bit words, k in the lower halves.
template <class V, int ROWS, int PANELS, int VECTORS, int LEAP, int STRIDE>
INLINE void product(typename V::Vec (&sum)[ROWS][PANELS * VECTORS],
                    const uint16_t* const (&weights)[PANELS],
                    const typename V::S* const (&rows)[ROWS], long count) {
  for (long k = 0; k < count; k += 2) {
    typename V::Vec even[PANELS * VECTORS], odd[PANELS * VECTORS];
#pragma GCC unroll 16
    for (int i = 0; i < PANELS * VECTORS; ++i)
      V::load_pair(weights[i / VECTORS] + k * STRIDE + 2 * (i % VECTORS) * V::width, even[i], odd[i]);
    multiply_add<V>(sum, even, rows, k * LEAP);
    if (k + 1 < count) multiply_add<V>(sum, odd, rows, (k + 1) * LEAP);
  }
}

// Rows of weights stored for a depth: bfloat16 stores them in pairs.
template <class Weight>
constexpr long stored(long depth) {
  return sizeof(Weight) == 2 ? depth + depth % 2 : depth;
}

// The lanes of a panel that hold units: all of them, except perhaps in the last panel.
template <class V>
INLINE int lanes_in(long panel, long units) {
  long left = units - panel * V::width;
  return left < V::width ? int(left) : V::width;
}

template <class V>
INLINE typename V::Vec load_lanes(const typename V::S* from, int lanes) {
  if (lanes == V::width) return V::load(from);
  typename V::S padded[V::width] = {};
  for (int i = 0; i < lanes; ++i) padded[i] = from[i];
  return V::load(padded);
}

template <class V>
INLINE void store_lanes(typename V::S* to, typename V::Vec v, int lanes) {
  if (lanes == V::width) return V::store(to, v);
  typename V::S padded[V::width];
  V::store(padded, v);
  for (int i = 0; i < lanes; ++i) to[i] = padded[i];
}
