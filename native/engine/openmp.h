// The OpenMP runtime that another library has brought into the process, torch's first of all.
//
// Two sets of threads in one process wait for each other: OpenMP's workers spin for a while after
// each of torch's operations, on the core that a thread of the engine's own would need. So where
// there is such a runtime, the engine works on its threads. It is taken as it lies in memory: none
// is ever loaded, none is linked.

#pragma once

#include <string>

namespace glassgate {

// Entry points that GNU's libgomp, Intel's libiomp5 and LLVM's libomp share.
struct OpenMp {
  void (*parallel)(void (*body)(void*), void* data, unsigned threads, unsigned flags);
  int (*thread_number)();
  int (*most_threads)();
  int (*in_parallel)();
  std::string path;  // of the library
};

// Null where there is none. Looked for again once more libraries have been loaded. A forked child has
// none: libgomp does not outlive a fork.
const OpenMp* openmp();

bool forked();

}  // namespace glassgate
