// Arithmetic of two operands, element by element, with NumPy's broadcasting. Either operand may be a plain number.
import { defineOp, type Gradient } from "../autograd/op.ts";
import type { Kernels } from "../generated/kernels.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { launch } from "../runtime/program.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { broadcastShapes, sameShape, type Shape, sizeOf } from "../tensor/shape.ts";
import { empty, Tensor } from "../tensor/tensor.ts";
import { full } from "../tensor/create.ts";
import { broadcastTo } from "./layout.ts";
import { sumTo } from "./reduce.ts";

/** A tensor, or a number that stands for a tensor without axes. */
export type Operand = Tensor | number;

type Dense = "add_f32" | "sub_f32" | "mul_f32" | "div_f32" | "maximum_f32" | "minimum_f32";

/** The number as a tensor; tensors as they are. DtypeError unless f32. */
function toTensor(operation: string, what: string, x: Operand): Tensor {
  if (typeof x === "number") return full([], x);
  if (!(x instanceof Tensor)) throw new ArgumentError(`${operation}: ${what} must be a tensor or a number, got ${typeof x}`);
  requireDtype(operation, what, x.dtype, "f32");
  return x;
}

/** How an operand is read when the result is seen as rows of `columns` numbers. */
interface Strides {
  readonly row: number;
  readonly column: number;
}

/** The strides of an operand that is dense, one number, one row or one column of the result; undefined for others. */
function stridesOf(shape: Shape, result: Shape, columns: number): Strides | undefined {
  const size = sizeOf(shape);
  const total = sizeOf(result);
  if (size === total) return { row: columns, column: 1 };
  if (size === 1) return { row: 0, column: 0 };
  const full = [...new Array<number>(result.length - shape.length).fill(1), ...shape];
  const repeated = full.map((length, axis) => length === 1 && result[axis] !== 1);
  const first = repeated.indexOf(false);
  const rest = sizeOf(result.slice(first));
  if (repeated.lastIndexOf(true) < first && rest === columns) return { row: 0, column: 1 };
  const last = repeated.indexOf(true);
  if (repeated.lastIndexOf(false) < last && sizeOf(result.slice(last)) === columns) return { row: 1, column: 0 };
  return undefined;
}

/** Columns of the result such that both operands, if possible, are whole, one number, one row or one column of it. */
function columnsFor(shapes: readonly Shape[], result: Shape): number {
  for (const shape of shapes) {
    const size = sizeOf(shape);
    if (size === sizeOf(result) || size === 1) continue;
    const full = [...new Array<number>(result.length - shape.length).fill(1), ...shape];
    const repeated = full.map((length, axis) => length === 1 && result[axis] !== 1);
    return repeated[0] ? sizeOf(result.slice(repeated.indexOf(false))) : sizeOf(result.slice(repeated.indexOf(true)));
  }
  // Only whole tensors and single numbers: rows as long as they come, but many enough to share.
  let columns = 1;
  for (let axis = result.length - 1; axis >= 0 && columns < 1024; axis--) columns *= result[axis];
  return columns;
}

function elementwise(operation: string, kernel: Dense, left: Operand, right: Operand, cost: number): Tensor {
  let a = toTensor(operation, "a", left);
  let b = toTensor(operation, "b", right);
  const shape = broadcastShapes(operation, a.shape, b.shape);
  const y = empty(shape);
  if (sameShape(a.shape, b.shape)) {
    launch(kernel, y.size, cost, y, a, b);
    return y;
  }
  const columns = columnsFor([a.shape, b.shape], shape);
  let aStrides = stridesOf(a.shape, shape, columns);
  let bStrides = stridesOf(b.shape, shape, columns);
  if (aStrides === undefined) {
    a = broadcastTo(a, shape);
    aStrides = { row: columns, column: 1 };
  }
  if (bStrides === undefined) {
    b = broadcastTo(b, shape);
    bStrides = { row: columns, column: 1 };
  }
  const rows = y.size === 0 ? 0 : y.size / columns;
  const name = kernel.replace("_f32", "_broadcast_f32") as keyof Pick<Kernels, "add_broadcast_f32">;
  launch(name, rows, cost * columns + 2, y, a, b, columns, aStrides.row, aStrides.column, bStrides.row, bStrides.column);
  return y;
}

/** The gradient with respect to an operand, summed over the axes along which it was repeated. */
function toOperand(dx: Tensor, x: Operand): Tensor | undefined {
  return typeof x === "number" ? undefined : sumTo(dx, x.shape);
}

/** a + b */
export const add = defineOp("add", {
  forward: (a: Operand, b: Operand) => elementwise("add", "add_f32", a, b, 0.3),
  gradients: [(dy, _y, a): Gradient => toOperand(dy, a), (dy, _y, _a, b): Gradient => toOperand(dy, b)],
});

/** a - b */
export const sub = defineOp("sub", {
  forward: (a: Operand, b: Operand) => elementwise("sub", "sub_f32", a, b, 0.3),
  gradients: [(dy, _y, a): Gradient => toOperand(dy, a), (dy, _y, _a, b): Gradient => toOperand(mul(dy, -1), b)],
});

/** a b */
export const mul = defineOp("mul", {
  forward: (a: Operand, b: Operand) => elementwise("mul", "mul_f32", a, b, 0.3),
  gradients: [(dy, _y, a, b): Gradient => toOperand(mul(dy, b), a), (dy, _y, a, b): Gradient => toOperand(mul(dy, a), b)],
});

/** a / b */
export const div = defineOp("div", {
  forward: (a: Operand, b: Operand) => elementwise("div", "div_f32", a, b, 0.4),
  gradients: [
    (dy, _y, a, b): Gradient => toOperand(div(dy, b), a),
    (dy, y, _a, b): Gradient => toOperand(mul(div(mul(dy, y), b), -1), b),
  ],
});
