// Launches of binary kernels with NumPy's broadcasting. Either operand may be a plain number.

import type { Op } from "../../autograd/op.ts";
import type { Kernels } from "../../generated/kernels.ts";
import { typeOf } from "../../runtime/arguments.ts";
import { ArgumentError, DtypeError } from "../../runtime/errors.ts";
import { launch } from "../../runtime/launch.ts";
import { full } from "../../tensor/create.ts";
import { type Dtype, requireDtype } from "../../tensor/dtype.ts";
import { broadcastShapes, type Shape, sizeOf } from "../../tensor/shape.ts";
import { type AnyTensor, alias, empty, Tensor } from "../../tensor/tensor.ts";
import { copyBroadcast } from "./strided-copy.ts";

/** A tensor, or a number that stands for a tensor without axes. */
export type TensorLike<D extends Dtype = "f32"> = Tensor<D> | number;

/** The dtypes that arithmetic and comparisons know. */
export type Numeric = "f32" | "i32";

/** Arithmetic of two operands of one dtype, either of which may be a plain number. */
export type Arithmetic = Op<<D extends Numeric = "f32">(a: TensorLike<D>, b: TensorLike<D>) => Tensor<D>>;

/** Comparison of two operands, either of which may be a plain number. */
export type Comparison = Op<<D extends Dtype>(a: TensorLike<D>, b: TensorLike<D>) => Tensor<"bool">>;

/** Kernels of two operands: their names without the dtype. */
type PairKernel =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "pow"
  | "maximum"
  | "minimum"
  | "equal"
  | "not_equal"
  | "less"
  | "less_equal"
  | "mod"
  | "floor_divide"
  | "atan2"
  | "hypot"
  | "log_add_exp";

/**
 * The result as [planes, rows, columns], and which axes an operand spans (bits: 1 columns, 2 rows, 4 planes). Along the
 * others it is repeated.
 */
interface Layout {
  readonly rows: number;
  readonly columns: number;
  readonly aSpans: number;
  readonly bSpans: number;
}

const A = 1;
const B = 2;

/** The layout, unless there are more than three axes after joining neighbours that the same operands span. */
function layoutOf(a: AnyTensor | undefined, b: AnyTensor | undefined, result: Shape): Layout | undefined {
  const size = sizeOf(result);
  if ((a === undefined || a.size === size) && (b === undefined || b.size === size)) {
    return { rows: 1, columns: size, aSpans: a ? 1 : 0, bSpans: b ? 1 : 0 };
  }
  const lengths: number[] = [];
  const spans: number[] = [];
  for (let axis = 1; axis <= result.length; axis++) {
    const length = result[result.length - axis];
    if (length === 1) continue;
    const span = (a?.shape[a.rank - axis] === length ? A : 0) | (b?.shape[b.rank - axis] === length ? B : 0);
    const last = lengths.length - 1;
    if (spans[last] === span) lengths[last] *= length;
    else {
      lengths.push(length);
      spans.push(span);
    }
  }
  if (lengths.length > 3) return undefined;
  const bits = (operand: number): number => spans.reduce((sum, span, i) => sum | (span & operand ? 1 << i : 0), 0);
  return { columns: lengths[0], rows: lengths[1] ?? 1, aSpans: bits(A), bSpans: bits(B) };
}

/** A shorter row, repeated down a tensor, is first lengthened: the kernels are slow at starting a row. */
const SHORT_ROW = 32;
/** To about so many numbers. */
const LONG_ROW = 1024;

/** The row x, repeated one after the other. The last repetition may reach beyond the tensor, where no one reads it. */
function lengthened(x: AnyTensor, columns: number): AnyTensor {
  return copyBroadcast("broadcastTo", alias(x, [columns]), [Math.ceil(LONG_ROW / columns), columns]);
}

/** The dtype that the operands share, f32 for numbers alone; DtypeError unless it is allowed. */
export function sharedDtype(operation: string, allowed: readonly Numeric[], a: unknown, b: unknown): Numeric {
  const left = dtypeOf(operation, "a", a, allowed);
  const right = dtypeOf(operation, "b", b, allowed);
  if (left !== undefined && right !== undefined && left !== right) {
    throw new DtypeError(`${operation}: a and b must have one dtype, got ${left} and ${right}; cast one of them`);
  }
  const number = typeof a === "number" ? a : b;
  if ((left ?? right) === "i32" && typeof number === "number" && (number | 0) !== number) {
    throw new ArgumentError(
      `${operation}: a number beside an i32 tensor must be a whole one of 32 bits, got ${number}`,
    );
  }
  return left ?? right ?? "f32";
}

/** The dtype of a tensor, undefined for a number. */
function dtypeOf(operation: string, what: string, x: unknown, allowed: readonly Numeric[]): Numeric | undefined {
  if (typeof x === "number") return undefined;
  if (!(x instanceof Tensor)) {
    throw new ArgumentError(`${operation}: ${what} must be a tensor or a number, got ${typeOf(x)}`);
  }
  requireDtype(operation, what, x.dtype, ...allowed);
  return x.dtype;
}

/** The result of a kernel of two operands; `cost` is nanoseconds for an element. Its dtype is theirs unless given. */
export function launchPair<R extends Dtype>(
  operation: string,
  kernel: PairKernel,
  left: TensorLike<Dtype>,
  right: TensorLike<Dtype>,
  cost: number,
  allowed: readonly Numeric[],
  resultDtype?: R,
): Tensor<R> {
  const dtype = sharedDtype(operation, allowed, left, right);
  let a = typeof left === "number" ? undefined : left;
  let b = typeof right === "number" ? undefined : right;
  if (a === undefined && b === undefined) a = full([], left as number);
  const shape = a && b ? broadcastShapes(operation, a.shape, b.shape) : ((a ?? b) as AnyTensor).shape;
  const y = empty(shape, resultDtype ?? (dtype as Dtype as R));
  if (y.size === 0) return y;

  let layout = layoutOf(a, b, shape);
  if (a && layout === undefined) layout = layoutOf((a = copyBroadcast(operation, a, shape)), b, shape);
  if (b && layout === undefined) layout = layoutOf(a, (b = copyBroadcast(operation, b, shape)), shape);
  const { rows, aSpans, bSpans } = layout as Layout;
  let { columns } = layout as Layout;
  if (columns < SHORT_ROW && rows * columns === y.size && y.size > LONG_ROW) {
    if (a && aSpans === 1 && bSpans === 3) columns = (a = lengthened(a, columns)).size;
    else if (b && bSpans === 1 && aSpans === 3) columns = (b = lengthened(b, columns)).size;
  }
  const value = typeof right === "number" ? right : typeof left === "number" ? left : 0;
  // The kernels of all names take the same, but for the dtype.
  const args = [y, a, b, value, rows, columns, aSpans, bSpans] as unknown as Kernels["add_f32"];
  launch(`${kernel}_${dtype}` as "add_f32", y.size, cost + 4 / columns, ...args);
  return y;
}
