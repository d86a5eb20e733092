// Connectionist temporal classification (Graves, Fernandez, Gomez and Schmidhuber 2006): the loss of unaligned label
// sequences.
import { grad } from "../autograd/grad.ts";
import { defineOp, requireTensor } from "../autograd/op.ts";
import { anyTracked } from "../autograd/tape.ts";
import { textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { arange, full } from "../tensor/create.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { add, mul, neg } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { cast, equal, less, logicalAnd, logicalOr, notEqual, where } from "./compare.ts";
import { concat, expandDims, pad, reshape, slice, stack } from "./layout.ts";
import { requireCounted, requireIndices } from "./lower/indices.ts";
import { matmul } from "./matmul.ts";
import { logSumExp } from "./reduce.ts";
import { logSoftmax } from "./softmax.ts";

/**
 * Connectionist temporal classification: -log p(labels | logits), summed over all alignments of labels and time steps.
 * inputLengths and labelLengths say how much of each example counts; blank, default 0, is the class of no label.
 * Infinite, with gradient 0, where the labels do not fit (PyTorch's gradient is NaN unless zero_infinity).
 * Shapes: logits `[batch, time, classes]`, i32 labels `[batch, length]`, i32 lengths `[batch]` twice -> `[batch]`.
 * Errors: ShapeError for shapes that do not fit; DtypeError for other dtypes; ArgumentError for labels, lengths or a
 * blank out of range, in captured steps too. Source: Graves et al. 2006.
 */
export function ctcLoss(
  logits: Tensor,
  labels: Tensor<"i32">,
  inputLengths: Tensor<"i32">,
  labelLengths: Tensor<"i32">,
  blank = 0,
): Tensor {
  requireTensor("ctcLoss", "logits", logits);
  requireDtype("ctcLoss", "logits", logits.dtype, "f32");
  for (const [name, x] of Object.entries({ labels, inputLengths, labelLengths })) {
    requireTensor("ctcLoss", name, x);
    requireDtype("ctcLoss", name, x.dtype, "i32");
  }
  const [batch, time, classes] = logits.shape;
  if (logits.rank !== 3 || labels.rank !== 2 || labels.shape[0] !== batch) {
    throw new ShapeError(
      "ctcLoss: logits must be [batch, time, classes] and labels [batch, length], " +
        `got ${formatShape(logits.shape)} and ${formatShape(labels.shape)}`,
    );
  }
  for (const [name, lengths] of Object.entries({ inputLengths, labelLengths })) {
    if (!sameShape(lengths.shape, [batch])) {
      throw new ShapeError(`ctcLoss: ${name} must have shape [${batch}], got ${formatShape(lengths.shape)}`);
    }
  }
  if (!(Number.isInteger(blank) && blank >= 0 && blank < classes)) {
    throw new ArgumentError(`ctcLoss: blank must be a class from 0 to ${classes - 1}, got ${textOf(blank)}`);
  }
  requireIndices("ctcLoss", "inputLengths", inputLengths, time + 1);
  requireIndices("ctcLoss", "labelLengths", labelLengths, labels.shape[1] + 1);
  requireCounted("ctcLoss", labels, labelLengths, classes);
  // Filled by the forward pass and kept for the gradient.
  const alpha = empty([batch, time + 1, rowLength(labels)]);
  return negativeLogLikelihood(logSoftmax(logits), labels, inputLengths, labelLengths, alpha, blank);
}

/** Floats in a kernel's row: labels interleaved with blanks, rounded up to fours, padded by four on both sides. */
function rowLength(labels: Tensor<"i32">): number {
  return 4 * Math.ceil((2 * labels.shape[1] + 1) / 4) + 8;
}

/** Nanoseconds for one example; `perState` for one state in one time step. */
function costOf({ shape: [, time, classes] }: Tensor, labels: Tensor<"i32">, perState: number): number {
  return 100 + time * (perState * (2 * labels.shape[1] + 1) + 0.1 * classes);
}

/** The loss of log-probabilities x. */
const negativeLogLikelihood = defineOp("ctcLoss", {
  forward(
    x: Tensor,
    labels: Tensor<"i32">,
    inputs: Tensor<"i32">,
    counts: Tensor<"i32">,
    alpha: Tensor,
    blank: number,
  ): Tensor {
    const [batch, time, classes] = x.shape;
    const loss = empty([batch]);
    const work = empty([batch, 3, rowLength(labels)]);
    const sizes = [time, classes, labels.shape[1], blank] as const;
    launch("ctc_f32", batch, costOf(x, labels, 6), loss, alpha, work, x, labels, inputs, counts, ...sizes);
    work.dispose();
    return loss;
  },
  gradients: [
    (dy, _loss, x, labels, inputs, counts, alpha, blank): Tensor =>
      // The kernel's gradient cannot be differentiated itself.
      anyTracked(dy, x)
        ? gradientOfFormula(dy, x, labels, inputs, counts, blank)
        : gradientByAlignments(dy, x, labels, inputs, counts, alpha, blank),
  ],
});

/** -dy times the posterior probability of each class in each time step, given the labels. */
function gradientByAlignments(
  dy: Tensor,
  x: Tensor,
  labels: Tensor<"i32">,
  inputs: Tensor<"i32">,
  counts: Tensor<"i32">,
  alpha: Tensor,
  blank: number,
): Tensor {
  const [batch, time, classes] = x.shape;
  const dx = empty(x.shape);
  const work = empty([batch, 5, rowLength(labels)]);
  const sizes = [time, classes, labels.shape[1], blank] as const;
  launch("ctc_grad_f32", batch, costOf(x, labels, 12), dx, work, dy, alpha, x, labels, inputs, counts, ...sizes);
  work.dispose();
  return dx;
}

/** log 0, finite so that differences are not NaN. */
const NEVER = -1e30;

/** The same gradient through the forward recursion made of basic ops. */
function gradientOfFormula(
  dy: Tensor,
  x: Tensor,
  labels: Tensor<"i32">,
  inputs: Tensor<"i32">,
  counts: Tensor<"i32">,
  blank: number,
): Tensor {
  const [batch, time, classes] = x.shape;
  const states = 2 * labels.shape[1] + 1;
  const blanks = full(labels.shape, blank, "i32");
  const between = reshape(stack([blanks, labels], 2), [batch, states - 1]);
  const classOf = concat([between, full([batch, 1], blank, "i32")], 1) as Tensor<"i32">;
  const logOf = (condition: Tensor<"bool">): Tensor => where(condition, 0, NEVER);
  const skip = logOf(logicalAnd(notEqual(classOf, blank), notEqual(classOf, later(classOf, 2, blank))));
  const chosen = cast(equal(expandDims(classOf, 2), arange(0, classes, 1, "i32")), "f32") as Tensor;
  const number = arange(0, states, 1, "i32");
  const last = expandDims(mul(counts, 2), 1);
  const isEnd = logOf(logicalOr(equal(number, last), equal(number, add(last, -1))));
  const start = logOf(equal(number, 0));
  return grad((x: Tensor) => {
    const emissions = matmul(x, chosen, { transposeB: true });
    let row = add(full([batch, states], 0), start);
    for (let t = 0; t < time; t++) {
      const arrived = logSumExp(stack([row, later(row, 1, NEVER), add(later(row, 2, NEVER), skip)]), 0);
      const emission = reshape(slice(emissions, [0, t, 0], [batch, 1, states]), [batch, states]) as Tensor;
      row = where(less(t, expandDims(inputs, 1)), add(arrived, emission), row);
    }
    return neg(sum(mul(dy, logSumExp(add(row, isEnd), 1))));
  })(x);
}

/** Rows [batch, states] shifted right by `by` states, filled with `filler`. */
function later<D extends "f32" | "i32">(rows: Tensor<D>, by: number, filler: number): Tensor<D> {
  const [batch, states] = rows.shape;
  const kept = slice(rows, [0, 0], [batch, Math.max(0, states - by)]) as Tensor<D>;
  const [none, before] = [
    [0, 0],
    [Math.min(by, states), 0],
  ] as const;
  return pad(kept, [none, before], filler) as Tensor<D>;
}
