// Finds the OpenMP runtime that another library, usually torch, has loaded into the process.
//
// Two thread pools in one process slow each other down: OpenMP's workers keep spinning after each
// of torch's operations, on cores that the engine's own threads would need. If a runtime is loaded,
// the engine therefore uses its threads. The engine never loads or links a runtime itself.

#pragma once

#include <string>

namespace glassgate {

// Entry points common to GNU's libgomp, Intel's libiomp5 and LLVM's libomp.
struct OpenMp {
  void (*parallel)(void (*body)(void*), void* data, unsigned threads, unsigned flags);
  int (*thread_number)();
  int (*max_threads)();
  int (*in_parallel)();
  std::string path;  // of the library
};

// Null if there is none. The search is repeated when more libraries have been loaded. Null in a
// forked child: libgomp does not survive a fork.
const OpenMp* openmp();

bool forked();

}  // namespace glassgate
