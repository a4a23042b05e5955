// Baseline x86-64: 16 registers of 4 floats, no fused multiply-add.
#include "target.h"

namespace glassgate::sse2 {
constexpr int TILE = 4;
#include "lanes.inl"

struct Float : Lanes<float, uint32_t, 4> {
  static INLINE Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
};
struct Double : Lanes<double, uint64_t, 2> {
  static INLINE Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
};
#include "kernel.inl"

static bool offered() { return true; }
}  // namespace glassgate::sse2

namespace glassgate {
extern const Target sse2_target = {"sse2", sse2::offered, sse2::kernels<sse2::Float>,
                                   sse2::kernels<sse2::Double>};
}
