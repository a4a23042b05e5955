// The contract between the kernels of one instruction set and everything around them.
//
// Sizes: T steps, B sequences, I inputs, H units; W ("width") lanes per vector. Units are divided
// into panels of W. The last panel is padded with zeros, so P = ceil(H / W) panels hold all units.
//
// Packing normalizes the update gate to "keeps" (it negates the update rows of a form that
// "writes"), so everything here is written in terms of k, the kept share:
//
//     r = gate(W_r x + U_r h + b_r + c_r)
//     k = gate(W_k x + U_k h + b_k + c_k)
//     n = squash(W_n x + b_n + r * (U_n h + c_n))        reset after
//     n = squash(W_n x + b_n + c_n + U_n (r * h))        reset before
//     n = squash(W_n x + b_n + c_n + U_n h)              no reset
//     h' = k * h + (1 - k) * n
//
// Results are bitwise reproducible: every sum starts with its bias and adds its products in a fixed
// order, first over the inputs and then over the units, one multiply-add at a time in one lane. The
// order does not depend on the batch, the tile or the thread, so streaming gives the same bits.
//
// Weights in bfloat16 are stored as [P][pairs][vectors][W][2]: depths 2 i and 2 i + 1 are adjacent,
// so that one 32-bit word holds both; an odd depth is padded with zeros.
//
// Ownership: kernels own nothing and allocate nothing. Pointers are valid during the call. Unless a
// comment says otherwise they are not null, do not alias, and point to S (float or double).

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

  // Vectors per panel of the input's product: r, k, n; without a reset gate k, n.
  int sums() const { return reset == Reset::none ? 2 : 3; }
};

// The four values per unit that a step records for the backward pass, and the four gradients that
// the backward pass computes from them. A row of the tape is [4, H] in the order r, k, n, m, where
// m = U_n h + c_n (only used with reset "after").
constexpr int TAPE = 4;

// The product of the input: sums[row][panel][sum][lane] = bias + W x.
template <class S>
struct Projection {
  const void* weights;       // [P][I][sums][W], S or bfloat16
  const S* bias;             // [P][sums][W]
  bool bfloat16;             // only if S is float
  long depth;                // I
  long panels;               // P
  int vectors;               // Form::sums()
  const S* const* input;     // [rows] of [I]
  S* sums;                   // [rows][P][sums][W], written
  long rows;
  long from, to;             // range of panels to compute
};

// One forward step of several rows.
template <class S>
struct Step {
  Form form;
  const void* weights;       // [P][H][gates][W]: reset after r, k, n; before r, k; none k, n
  const void* candidate;     // [P][H][1][W], only for reset before; else null
  const S* bias;             // [P][W]: c_n, only for reset after; else null
  long bias_stride;          // between rows: 0, or P W if `bias` already includes U_n h
  bool bfloat16;
  long depth;                // H, or 0 if `sums` and `bias` already include the products
  long units;                // H
  long panels;               // P
  S* sums;                   // from Projection; reset before overwrites the sums of r and k
  const S* const* previous;  // [rows] of [H]: h
  S* const* reset_hidden;        // [rows] of [H]: r * h, only for reset before; else null
  S* const* output;          // [rows] of [H], written; must not alias `previous`
  S* const* tape;            // [rows] of [4, H], written; or null
  long rows;
  long from, to;
};

// One backward step of several rows. Gradients are stored by panel, grads[panel][row][4][W], in the
// order n, r, k, m: the first three belong to the sums W x + b, the last three to U h + c. The
// gradients of n and m are the same unless the reset gate is applied after the product.
template <class S>
struct BackwardStep {
  Form form;
  const S* weights;          // [P][P][gates][W][W]: U by output panel, panel, gate, unit, column
  long units;                // H
  long panels;               // P
  const S* above;            // grads of the next step, at its first row; null: no product
  S* grads;                  // grads of this step, at its first row; written
  long stride;               // between panels of grads, in values
  const S* const* previous;  // [rows] of [H]: h before this step
  const S* const* tape;      // [rows] of [4, H]
  const S* const* arriving;  // [rows] of [H]: dL/dh' from this step's output; or null
  S* carried;                // [rows][P][W]: dL/dh accumulated so far; read and written
  const unsigned char* cut;  // [rows]: 1 where the next step started from a zeroed state; or null
  bool unit;                 // whether to go on through this step's unit, or leave dL/dh in `carried`
  long rows;
  long from, to;
};

// Gradients of weights and biases, summed over rows:
// total[panel][column][gate][lane] += sum of grads * values, or sum of grads.
template <class S>
struct WeightGradient {
  const S* grads;            // [P][stride]: rows of [4][W], at the first row
  long stride;
  const S* values;           // [tiles][capacity][tile]: the columns cut into tiles, at the first row
  long capacity;             // rows between tiles of values
  long columns;              // a multiple of the tile
  int first, count;          // the range of the four gradients
  S* total;                  // [P][columns][count][W], added to
  long rows;
  long from, to;             // panels
};

// Gradient of the input: output[row][column] = grads of the sums * W.
template <class S>
struct InputGradient {
  const S* weights;          // [ceil(I / W)][P][3][W][W]: by column panel, unit panel, gate, unit
  const S* grads;            // at the first row
  long stride;
  long panels;               // P
  long columns;              // I
  S* const* output;          // [rows] of [I], written
  long rows;
};

// A single step of few rows reads the weights unpacked, in PyTorch's layout: packing them would
// take longer than the products. Every sum has the same order as in Projection and Step.
//
// sums[v][row][panel] += a row of values * gate v's rows of a matrix.
template <class S>
struct DirectProduct {
  const S* weights;          // [3H, depth]
  long units, depth;         // H; H or I
  int count;                 // gates
  int blocks[3];             // each gate's block of rows: 0 reset, 1 update, 2 candidate
  S signs[3];                // -1 where packing would negate the gate's rows
  const S* const* values;    // [rows] of [depth]
  S* sums[3];                // each gate's [rows][panels][W], added to, with these strides:
  long row_strides[3], panel_strides[3];
  long rows;
  long from, to;             // range of panels of units
};

// The backward counterpart, with the order of sums of BackwardStep and InputGradient.
//
// sums[row][column] += grads of some gates * those gates' rows of a matrix.
template <class S>
struct DirectBackward {
  const S* weights;          // [3H, columns]
  long units, columns;       // H; H or I
  const S* grads;            // as in BackwardStep
  long stride;
  int first, count;          // the range of the four gradients
  int blocks[3];             // each gate's block of rows: 0 reset, 1 update, 2 candidate
  S signs[3];                // -1 where packing would negate the gate's rows
  S* sums;                   // [rows][ceil(columns / W)][W], added to
  long rows;
  long from, to;             // range of panels of columns
};

// Reset before: from the gradient of r * h to the gradients of r and h.
template <class S>
struct ResetBackward {
  Form form;
  const S* reset_hidden;         // [rows][P][W]: gradient of r * h
  S* grads;                  // as in BackwardStep; those of r are written
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
struct OuterProduct {
  const S* grads;            // as in BackwardStep
  long stride;
  int gradient;              // index of the gradient in grads
  const S* const* values;    // [rows] of [columns]
  S* to;                     // [H, columns], written
  S sign;
  long units, columns;
  long rows;
  long from, to_panel;       // range of panels of units
};

// The kernels of one instruction set for one floating-point type.
template <class S>
struct Kernels {
  long width;                                  // W
  long tile;                                   // rows (columns in WeightGradient) per register tile
  void (*project)(const Projection<S>&);
  void (*step)(const Step<S>&);                // reset after or none: the whole step
  void (*step_gates)(const Step<S>&);                // reset before, first: r, k and r * h
  void (*step_candidate)(const Step<S>&);               // reset before, second: n and h', from all of r * h
  void (*back)(const BackwardStep<S>&);              // dL/dh, then through the unit
  void (*back_reset_hidden)(const BackwardStep<S>&);     // reset before: from n to r * h, r, h
  void (*gather)(const WeightGradient<S>&);
  void (*sum_rows)(const WeightGradient<S>&);       // total[panel][4][W] += sum of grads; ignores values
  void (*spread)(const InputGradient<S>&);
  void (*ascend)(const DirectProduct<S>&);
  void (*descend)(const DirectBackward<S>&);
  void (*backward_reset)(const ResetBackward<S>&);
  void (*outer)(const OuterProduct<S>&);
  // to[column * to_stride + row] = factor * from[row * from_stride + column]; must not overlap.
  void (*transpose)(S* to, long to_stride, const S* from, long from_stride, long rows,
                    long columns, S factor);
  void (*gate)(Gate, const S*, S*, long);      // activation functions alone, to test their error
  void (*squash)(Squash, const S*, S*, long);
  double (*multiply)(long rounds);             // multiply-adds at full speed; returns the flop done
  double (*read)(const void*, long bytes);     // bytes: a multiple of 1 KiB; returns a sum
};

struct Target {
  const char* name;
  bool (*offered)();                           // supported by processor and operating system?
  const Kernels<float>& (*float32)();
  const Kernels<double>& (*float64)();
};

// The instruction sets compiled in, fastest first; the last one runs on any machine.
extern const Target* const* targets(int* count);

}  // namespace glassgate
