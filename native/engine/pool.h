// Work on several threads: those of an OpenMP runtime in the process, or else the engine's own.
//
// Work comes in phases of independent parts; a phase begins when all parts of the one before are
// done. Whoever runs (the caller, and the threads that come in time) claims parts one by one, each
// its own first, so that a part meets the same core, and its cache, phase after phase. Within the
// work nobody waits for a thread that has claimed nothing: where another program holds the cores, the
// caller does the work alone. (An OpenMP region then ends when all its threads have looked in.)
// Results never depend on who did what.

#pragma once

#include <cstdint>

namespace glassgate {

class Work {
 public:
  virtual ~Work() = default;
  virtual int phases() const = 0;
  virtual int parts(int phase) const = 0;           // at least 1, at most MOST_PARTS
  // Called from thread `self`, 0 .. most - 1, the caller being 0; must not throw.
  virtual void run(int phase, int part, int self) = 0;
};

constexpr int MOST_PARTS = 256;

// Do the work on up to `most` threads, the caller being one. A call that finds the threads busy with
// another caller's work, or comes from within an OpenMP region, goes through the parts alone.
void perform(Work& work, int most);

}  // namespace glassgate
