// Plain C++ for any machine; vectorization is left to the compiler.
#include "target.h"

namespace glassgate::plain {
constexpr int TILE = 2;
#include "lanes_plain.inl"

using Float = PlainLanes<float, uint32_t, 4>;
using Double = PlainLanes<double, uint64_t, 4>;
#include "kernel.inl"

static bool offered() { return true; }
}  // namespace glassgate::plain

namespace glassgate {
extern const Target plain_target = {"plain", plain::offered, plain::kernels<plain::Float>,
                                    plain::kernels<plain::Double>};
}
