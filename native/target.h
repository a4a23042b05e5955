// What every target_*.cpp begins with.

#pragma once

#include <cstring>

#include "gru.h"

#define INLINE inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))
