// Runs work on several threads: those of an OpenMP runtime in the process, or else the engine's
// own.
//
// Work consists of phases of independent parts; a phase starts when all parts of the previous one
// are done. The caller, and every thread that is running in time, claims parts one by one,
// beginning with its own, so that a part stays on the same core, and in its cache, from phase to
// phase. Nobody waits for a thread that has claimed nothing: if another program occupies the cores,
// the caller does all the work. (An OpenMP region still ends only when all of its threads have
// entered it.) Results do not depend on which thread computes which part.

#pragma once

#include <cstdint>

namespace glassgate {

class Work {
 public:
  virtual ~Work() = default;
  virtual int phases() const = 0;
  virtual int parts(int phase) const = 0;           // at least 1, at most MAX_PARTS
  // Called on thread `self`, 0 .. max_threads - 1, where 0 is the caller; must not throw.
  virtual void run(int phase, int part, int self) = 0;
};

constexpr int MAX_PARTS = 256;

// Run the work on up to `max_threads` threads, including the caller. If the threads are busy with
// another caller's work, or the call comes from an OpenMP region, the caller does all parts by
// itself.
void perform(Work& work, int max_threads);

}  // namespace glassgate
