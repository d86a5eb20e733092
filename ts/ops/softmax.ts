// Softmax, log-softmax and cross-entropy from logits, and their gradients. The kernels work on rows: another axis is
// moved to the end and back.

import { defineOp, requireTensor } from "../autograd/op.ts";
import { requireNoOptions } from "../runtime/arguments.ts";
import { ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape, normalizeAxis, sameShape, sizeOf } from "../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor } from "../tensor/tensor.ts";
import { mul, neg, sub } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { exp } from "./elementwise.ts";
import { expandDims, transpose } from "./layout.ts";
import { requireIndices } from "./lower/indices.ts";
import { hotRows } from "./lower/picking.ts";

/**
 * y[i] = e^x[i] / sum_j e^x[j] along the axis, default the last.
 * Shapes: `[...]` -> the same.
 * Errors: ArgumentError for an axis out of range; DtypeError unless x is f32.
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  return alongAxis("softmax", softmaxRows, x, axis);
}

/**
 * log(softmax(x)) along the axis, default the last, without overflow. NaN at an Infinity and -Infinity beside it, where
 * PyTorch has NaN everywhere.
 * Shapes: `[...]` -> the same.
 * Errors: ArgumentError for an axis out of range; DtypeError unless x is f32.
 */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return alongAxis("logSoftmax", logSoftmaxRows, x, axis);
}

/** f applied along an axis, which it gets as the last. */
function alongAxis(operation: string, f: (x: Tensor) => Tensor, x: Tensor, axis: number): Tensor {
  requireTensor(operation, "x", x);
  requireDtype(operation, "x", x.dtype, "f32");
  const at = normalizeAxis(operation, axis, x.rank);
  const last = x.rank - 1;
  if (at === last) return f(x);
  const swapped = x.shape.map((_, i) => (i === at ? last : i === last ? at : i));
  return transpose(f(transpose(x, swapped) as Tensor), swapped) as Tensor;
}

/** The number of rows, nanoseconds for one, and numbers in it. */
function rowsOf(x: AnyTensor, costPerNumber: number): [rows: number, cost: number, columns: number] {
  const columns = x.shape[x.rank - 1];
  return [sizeOf(x.shape.slice(0, -1)), 20 + costPerNumber * columns, columns];
}

const softmaxRows = defineOp("softmax", {
  perExample: "rows",
  forward(x: Tensor) {
    const [rows, cost, columns] = rowsOf(x, 1.5);
    const y = empty(x.shape);
    launch("softmax_f32", rows, cost, y, x, columns);
    return y;
  },
  gradients: [(dy, y): Tensor => softmaxGrad(dy, y)],
});

/** dx = y (dy - the row's sum of dy y): a symmetric matrix times dy. */
const softmaxGrad = defineOp("softmaxGrad", {
  forward(dy: Tensor, y: Tensor) {
    const [rows, cost, columns] = rowsOf(y, 0.4);
    const dx = empty(y.shape);
    launch("softmax_grad_f32", rows, cost, dx, dy, y, columns);
    return dx;
  },
  gradients: [
    (ddx, _dx, _dy, y): Tensor => softmaxGrad(ddx, y),
    (ddx, _dx, dy, y): Tensor => sub(mul(ddx, sub(dy, rowSum(mul(dy, y)))), mul(dy, rowSum(mul(ddx, y)))),
  ],
});

const logSoftmaxRows = defineOp("logSoftmax", {
  perExample: "rows",
  forward(x: Tensor) {
    const [rows, cost, columns] = rowsOf(x, 1.5);
    const y = empty(x.shape);
    launch("log_softmax_f32", rows, cost, y, x, columns);
    return y;
  },
  gradients: [(dy, y): Tensor => logSoftmaxGrad(dy, y)],
});

/** dx = dy - e^y times the row's sum of dy. */
const logSoftmaxGrad = defineOp("logSoftmaxGrad", {
  forward(dy: Tensor, y: Tensor) {
    const [rows, cost, columns] = rowsOf(y, 1.3);
    const dx = empty(y.shape);
    launch("log_softmax_grad_f32", rows, cost, dx, dy, y, columns);
    return dx;
  },
  gradients: [
    (ddx, _dx, _dy, y): Tensor => sub(ddx, rowSum(mul(ddx, exp(y)))),
    (ddx, _dx, dy, y): Tensor => neg(mul(mul(ddx, exp(y)), rowSum(dy))),
  ],
});

function rowSum(x: Tensor): Tensor {
  return sum(x, -1, true);
}

/** dy, one number for each row, against the rows. */
function byRow(dy: Tensor): Tensor {
  return expandDims(dy, -1) as Tensor;
}

/**
 * Cross-entropy of logits along the last axis, -sum_i p[i] log(softmax(logits)[i]). Targets are probabilities p (f32)
 * or class numbers (i32).
 * Shapes: `[..., classes]`, f32 `[..., classes]` or i32 `[...]` -> `[...]`.
 * Errors: ShapeError for targets of another shape; DtypeError for other dtypes; ArgumentError for class numbers out of
 * range, in captured steps too.
 */
export function softmaxCrossEntropy(logits: Tensor, targets: Tensor | Tensor<"i32">, ...none: never[]): Tensor {
  const operation = "softmaxCrossEntropy";
  requireNoOptions(operation, ...none);
  requireTensor(operation, "logits", logits);
  requireTensor(operation, "targets", targets);
  requireDtype(operation, "logits", logits.dtype, "f32");
  requireDtype(operation, "targets", targets.dtype, "f32", "i32");
  if (logits.rank === 0) throw new ShapeError(`${operation}: logits must have at least one axis, got shape []`);
  const rows = logits.shape.slice(0, -1);
  const wanted = targets.dtype === "i32" ? rows : logits.shape;
  if (!sameShape(targets.shape, wanted)) {
    throw new ShapeError(
      `${operation}: ${targets.dtype} targets must have shape ${formatShape(wanted)} ` +
        `for logits ${formatShape(logits.shape)}, got ${formatShape(targets.shape)}`,
    );
  }
  // Filled by the forward pass and kept for the gradient.
  const [peak, total] = [empty(rows), empty(rows)];
  if (targets.dtype === "f32") return denseCrossEntropy(logits, targets as Tensor, peak, total);
  requireIndices(operation, "class numbers", targets as Tensor<"i32">, logits.shape[logits.rank - 1]);
  return sparseCrossEntropy(logits, targets as Tensor<"i32">, peak, total);
}

const sparseCrossEntropy = defineOp("softmaxCrossEntropy", {
  perExample: "rows",
  forward(x: Tensor, labels: Tensor<"i32">, peak: Tensor, total: Tensor) {
    const [rows, cost, columns] = rowsOf(x, 1.4);
    const loss = empty(labels.shape);
    launch("softmax_cross_entropy_labels_f32", rows, cost, loss, peak, total, x, labels, columns);
    return loss;
  },
  gradients: [(dy, _loss, x, labels, peak, total): Tensor => sparseCrossEntropyGrad(dy, x, labels, peak, total)],
});

/** dx = dy (softmax(x) - oneHot(labels)). */
const sparseCrossEntropyGrad = defineOp("softmaxCrossEntropyGrad", {
  forward(dy: Tensor, x: Tensor, labels: Tensor<"i32">, peak: Tensor, total: Tensor) {
    const [rows, cost, columns] = rowsOf(x, 1.3);
    const dx = empty(x.shape);
    launch("softmax_cross_entropy_labels_grad_f32", rows, cost, dx, dy, x, peak, total, labels, columns);
    return dx;
  },
  gradients: [
    (ddx, _dx, _dy, x, labels): Tensor => sum(mul(ddx, sub(softmax(x), hotRows(labels, x.shape[x.rank - 1]))), -1),
    (ddx, _dx, dy, x): Tensor => mul(byRow(dy), softmaxGrad(ddx, softmax(x))),
  ],
});

const denseCrossEntropy = defineOp("softmaxCrossEntropy", {
  perExample: "rows",
  forward(x: Tensor, targets: Tensor, peak: Tensor, total: Tensor) {
    const [rows, cost, columns] = rowsOf(x, 1.6);
    const loss = empty(peak.shape);
    launch("softmax_cross_entropy_f32", rows, cost, loss, peak, total, x, targets, columns);
    return loss;
  },
  gradients: [
    (dy, _loss, x, targets, peak, total): Tensor => denseCrossEntropyGrad(dy, x, targets, peak, total),
    (dy, _loss, x): Tensor => neg(mul(byRow(dy), logSoftmax(x))),
  ],
});

/** dx = dy (softmax(x) sum(targets) - targets). */
const denseCrossEntropyGrad = defineOp("softmaxCrossEntropyGrad", {
  forward(dy: Tensor, x: Tensor, targets: Tensor, peak: Tensor, total: Tensor) {
    const [rows, cost, columns] = rowsOf(x, 1.5);
    const dx = empty(x.shape);
    launch("softmax_cross_entropy_grad_f32", rows, cost, dx, dy, x, peak, total, targets, columns);
    return dx;
  },
  gradients: [
    (ddx, _dx, _dy, x, targets): Tensor => sum(mul(ddx, sub(mul(softmax(x), rowSum(targets)), targets)), -1),
    (ddx, _dx, dy, x, targets): Tensor => mul(mul(byRow(dy), rowSum(targets)), softmaxGrad(ddx, softmax(x))),
    (ddx, _dx, dy, x): Tensor => mul(byRow(dy), sub(rowSum(mul(ddx, softmax(x))), ddx)),
  ],
});
