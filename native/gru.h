// The contract between the kernels of one instruction set and everything around them.
//
// Sizes: T steps, B sequences, I inputs, H units; W ("width") lanes of one vector. Units are cut in
// panels of W; the last one is filled up with zeros, so P = ceil(H / W) panels hold all units.
//
// The update gate is folded to "keeps" when weights are packed (a form that "writes" has its update
// rows negated), so everything here speaks of k, the kept share:
//
//     r = gate(W_r x + U_r h + b_r + c_r)
//     k = gate(W_k x + U_k h + b_k + c_k)
//     n = squash(W_n x + b_n + r * (U_n h + c_n))        reset after
//     n = squash(W_n x + b_n + c_n + U_n (r * h))        reset before
//     n = squash(W_n x + b_n + c_n + U_n h)              no reset
//     h' = k * h + (1 - k) * n
//
// Same bits, always: every sum starts at its bias and takes its products in the order of the input
// and then of the units, one multiply-add after the other, in one lane. Nothing else enters: not the
// rows beside it, not the tile it is computed in, not the thread. Streaming repeats the same sums.
//
// Weights in bfloat16 stand as [P][pairs][vectors][W][2]: depths 2 i and 2 i + 1 side by side, so that
// one word has both; an odd depth is filled up with zeros.
//
// Ownership: kernels own nothing and allocate nothing. A pointer is valid for the call, never null
// unless said, and aliases another only where said. Arrays are of S (float or double) unless said.

#pragma once

#include <cstddef>
#include <cstdint>

namespace glassgate {

enum class Reset { after, before, none };
enum class Gate { sigmoid, hard_fifth, hard_sixth };
enum class Squash { tanh, relu, linear };

struct Form {
  Reset reset;
  Gate gate;
  Squash squash;

  // The vectors that a panel of the input's product has: r, k, n; without a reset gate k, n.
  int sums() const { return reset == Reset::none ? 2 : 3; }
};

// The four values that a step leaves per unit, and the four gradients that take their place.
// A tape row is [4, H] in the order r, k, n, m, where m = U_n h + c_n ("after" alone has it).
constexpr int TAPE = 4;

// Sums of the input: sums[row][panel][sum][lane] = bias + W x.
template <class S>
struct Projection {
  const void* weights;       // [P][I][sums][W], S or bfloat16
  const S* bias;             // [P][sums][W]
  bool bfloat16;             // of S = float only
  long depth;                // I
  long panels;               // P
  int vectors;               // Form::sums()
  const S* const* input;     // [rows] of [I]
  S* sums;                   // [rows][P][sums][W], written
  long rows;
  long from, to;             // the panels to work on
};

// One step of some rows.
template <class S>
struct Step {
  Form form;
  const void* weights;       // [P][H][gates][W]: after r, k, n; before r, k; none k, n
  const void* candidate;     // [P][H][1][W], before alone; else null
  const S* bias;             // [P][W]: c_n, after alone; else null
  long bias_stride;          // from one row's to the next: 0, or P W where it has U_n h already
  bool bfloat16;
  long depth;                // H, or 0 where `sums` and `bias` have the products already
  long units;                // H
  long panels;               // P
  S* sums;                   // as Projection left them; "before" writes k over its place
  const S* const* previous;  // [rows] of [H]: h
  S* const* recalled;        // [rows] of [H]: r * h, before alone; else null
  S* const* output;          // [rows] of [H], written; no row may be a row of `previous`
  S* const* tape;            // [rows] of [4, H], written; or null
  long rows;
  long from, to;
};

// The way back over one step. Gradients lie in panels: grads[panel][row][4][W], in the order
// n, r, k, m: those of the sums W x + b come first, those of U h + c last; m's is n's, but for the
// reset after the product.
template <class S>
struct Return {
  Form form;
  const S* weights;          // [P][P][gates][W][W]: U by output panel, panel, gate, unit, column
  long units;                // H
  long panels;               // P
  const S* above;            // grads of the step above, at its first row; null: no product
  S* grads;                  // of this step, at its first row; written
  long stride;               // from one panel of grads to the next, in values
  const S* const* previous;  // [rows] of [H]: h before this step
  const S* const* tape;      // [rows] of [4, H]
  const S* const* arriving;  // [rows] of [H]: from the loss to this step's state; or null
  S* carried;                // [rows][P][W]: what has come down so far; read and written
  const unsigned char* cut;  // [rows]: 1 where the step above began anew; or null
  bool unit;                 // whether to go through this step's unit; else `carried` has the sum
  long rows;
  long from, to;
};

// Sums over rows: total[panel][column][gate][lane] += sum of grads * values, and those of grads.
template <class S>
struct Gathering {
  const S* grads;            // [P][stride]: rows of [4][W], at the first row
  long stride;
  const S* values;           // [tiles][capacity][tile]: columns in tiles, at the first row
  long capacity;             // rows between one tile of values and the next
  long columns;              // a whole number of tiles
  int first, count;          // which of the four gradients
  S* total;                  // [P][columns][count][W], added to
  long rows;
  long from, to;             // panels
};

// Gradients of the input: rows[row][column] = grads of the sums * W.
template <class S>
struct Spreading {
  const S* weights;          // [ceil(I / W)][P][3][W][W]: W by column panel, panel, gate, unit
  const S* grads;            // at the first row
  long stride;
  long panels;               // P
  long columns;              // I
  S* const* output;          // [rows] of [I], written
  long rows;
};

// A single step of few rows reads the weights as they stand, in PyTorch's rows: packing them would
// take longer than the products. The sums are those of Projection and Step.
//
// sums[v][row][panel] += a row of values * the rows of a matrix that are gate v's.
template <class S>
struct Ascent {
  const S* weights;          // [3H, depth]
  long units, depth;         // H; H or I
  int count;                 // of gates
  int blocks[3];             // of each: its block of rows, 0 reset, 1 update, 2 candidate
  S signs[3];                // of each: -1 where packing would negate the rows
  const S* const* values;    // [rows] of [depth]
  S* sums[3];                // of each: [rows][panels][W], added to, with the strides that follow
  long row_strides[3], panel_strides[3];
  long rows;
  long from, to;             // panels of units
};

// The way back, likewise; the sums are those of Return and Spreading.
//
// sums[row][column] += grads of some gates * their rows of a matrix.
template <class S>
struct Descent {
  const S* weights;          // [3H, columns]
  long units, columns;       // H; H or I
  const S* grads;            // as in Return
  long stride;
  int first, count;          // which of the four gradients
  int blocks[3];             // of each: its block of rows, 0 reset, 1 update, 2 candidate
  S signs[3];                // of each: -1 where packing would negate the rows
  S* sums;                   // [rows][ceil(columns / W)][W], added to
  long rows;
  long from, to;             // panels of columns
};

// Reset before, once the gradient to r * h is there: r's gradient, and what goes on to h.
template <class S>
struct Recall {
  Form form;
  const S* recalled;         // [rows][P][W]
  S* grads;                  // as in Return; r's are written
  long stride;
  long units, panels;
  const S* const* previous;  // [rows] of [H]
  const S* const* tape;      // [rows] of [4, H]
  S* carried;                // [rows][P][W], added to
  long rows;
  long from, to;
};

// One gate's rows of a weight gradient: to[unit][column] = sign * sum over rows of grads * values.
template <class S>
struct Outer {
  const S* grads;            // as in Return
  long stride;
  int gradient;              // which of the four
  const S* const* values;    // [rows] of [columns]
  S* to;                     // [H, columns], written
  S sign;
  long units, columns;
  long rows;
  long from, to_panel;       // panels of units
};

// What an instruction set offers for one kind of number.
template <class S>
struct Kernels {
  long width;                                  // W
  long tile;                                   // rows that registers hold; columns in Gathering
  void (*project)(const Projection<S>&);
  void (*step)(const Step<S>&);                // after, none: the whole step
  void (*open)(const Step<S>&);                // before: r, k and r * h of some panels
  void (*close)(const Step<S>&);               // before: n and h', once all of r * h is there
  void (*back)(const Return<S>&);              // dL/dh, and through the unit
  void (*back_recalled)(const Return<S>&);     // before: from n through U_n, r * h and r
  void (*gather)(const Gathering<S>&);
  void (*sum_rows)(const Gathering<S>&);       // total[panel][4][W] += sum of grads; no values
  void (*spread)(const Spreading<S>&);
  void (*ascend)(const Ascent<S>&);
  void (*descend)(const Descent<S>&);
  void (*recall)(const Recall<S>&);
  void (*outer)(const Outer<S>&);
  // to[column * to_stride + row] = factor * from[row * from_stride + column]; apart from each other.
  void (*transpose)(S* to, long to_stride, const S* from, long from_stride, long rows,
                    long columns, S factor);
  void (*gate)(Gate, const S*, S*, long);      // the curves alone, for tests of their error
  void (*squash)(Squash, const S*, S*, long);
  double (*multiply)(long rounds);             // multiply-adds at full speed; gives flop done
  double (*read)(const void*, long bytes);     // a whole number of 1 KiB; gives a sum
};

struct Target {
  const char* name;
  bool (*offered)();                           // by processor and operating system
  const Kernels<float>& (*float32)();
  const Kernels<double>& (*float64)();
};

// The instruction sets compiled in, best first; the last one runs anywhere.
extern const Target* const* targets(int* count);

}  // namespace glassgate
