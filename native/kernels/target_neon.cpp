// 64-bit Arm: 32 registers of 4 floats; 8 rows by 3 vectors of sums fill 24 of them.
#include <arm_neon.h>

#include "target.h"

namespace glassgate::neon {
constexpr int TILE = 8;
#include "lanes.inl"

struct Float : Lanes<float, uint32_t, 4> {
  static INLINE Vec fma(Vec a, Vec b, Vec c) {
    return (Vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
  }
};
struct Double : Lanes<double, uint64_t, 2> {
  static INLINE Vec fma(Vec a, Vec b, Vec c) {
    return (Vec)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
  }
};
#include "kernel.inl"

static bool offered() { return true; }
}  // namespace glassgate::neon

namespace glassgate {
extern const Target neon_target = {"neon", neon::offered, neon::kernels<neon::Float>,
                                   neon::kernels<neon::Double>};
}
