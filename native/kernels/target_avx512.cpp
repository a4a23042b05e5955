// AVX-512: 32 registers of 16 floats; 8 rows by 3 vectors of sums fill 24 of them.
#include <immintrin.h>

#include "target.h"

namespace glassgate::avx512 {
constexpr int TILE = 8;
#include "lanes.inl"

struct Float : Lanes<float, uint32_t, 16> {
  static INLINE Vec fma(Vec a, Vec b, Vec c) { return (Vec)_mm512_fmadd_ps(a, b, c); }

  // As in Lanes, with half the shuffles: rows 0, 4, 8 and 12 (and so on) are loaded side by side,
  // so that only blocks of four lanes remain to be transposed.
  static INLINE void load_transposed(Vec (&to)[16], const float* from, long stride) {
#pragma GCC unroll 4
    for (int column = 0; column < 16; column += 4) {
      const float* at = from + column;
      const __m512 a = side_by_side(at, stride), b = side_by_side(at + stride, stride);
      const __m512 c = side_by_side(at + 2 * stride, stride), d = side_by_side(at + 3 * stride, stride);
      const __m512d ab = _mm512_castps_pd(_mm512_unpacklo_ps(a, b));
      const __m512d cd = _mm512_castps_pd(_mm512_unpacklo_ps(c, d));
      const __m512d ab2 = _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
      const __m512d cd2 = _mm512_castps_pd(_mm512_unpackhi_ps(c, d));
      to[column] = (Vec)_mm512_unpacklo_pd(ab, cd);
      to[column + 1] = (Vec)_mm512_unpackhi_pd(ab, cd);
      to[column + 2] = (Vec)_mm512_unpacklo_pd(ab2, cd2);
      to[column + 3] = (Vec)_mm512_unpackhi_pd(ab2, cd2);
    }
  }

  // Four values each from rows 0, 4, 8 and 12.
  static INLINE __m512 side_by_side(const float* from, long stride) {
    __m512 rows = _mm512_broadcast_f32x4(_mm_loadu_ps(from));
    rows = _mm512_mask_broadcast_f32x4(rows, 0x00f0, _mm_loadu_ps(from + 4 * stride));
    rows = _mm512_mask_broadcast_f32x4(rows, 0x0f00, _mm_loadu_ps(from + 8 * stride));
    return _mm512_mask_broadcast_f32x4(rows, 0xf000, _mm_loadu_ps(from + 12 * stride));
  }
};
struct Double : Lanes<double, uint64_t, 8> {
  static INLINE Vec fma(Vec a, Vec b, Vec c) { return (Vec)_mm512_fmadd_pd(a, b, c); }
};
#include "kernel.inl"

static bool offered() {
  __builtin_cpu_init();  // queries the processor and, by XGETBV, the operating system
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("fma");
}
}  // namespace glassgate::avx512

namespace glassgate {
extern const Target avx512_target = {"avx512", avx512::offered, avx512::kernels<avx512::Float>,
                                     avx512::kernels<avx512::Double>};
}
