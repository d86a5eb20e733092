// Launches kernels of two operands with NumPy's broadcasting. Either operand may be a plain number.
import type { Kernels } from "../generated/kernels.ts";
import { ArgumentError, DtypeError } from "../runtime/errors.ts";
import { launch } from "../runtime/program.ts";
import { full } from "../tensor/create.ts";
import { type Dtype, requireDtype } from "../tensor/dtype.ts";
import { broadcastShapes, type Shape } from "../tensor/shape.ts";
import { type AnyTensor, empty, Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./layout.ts";
import { sumTo } from "./reduce.ts";

/** A tensor, or a number that stands for a tensor without axes. */
export type TensorLike<D extends Dtype = "f32"> = Tensor<D> | number;

/** The dtypes that arithmetic and comparisons know. */
export type Numeric = "f32" | "i32";

/** Kernels of two operands: their names without the dtype. */
type PairKernel =
  | "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum"
  | "equal" | "not_equal" | "less" | "less_equal";

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

/** The layout of operands that are whole, or of a result of one element. */
function denseLayout(a: AnyTensor | undefined, b: AnyTensor | undefined, size: number): Layout {
  return { rows: 1, columns: size, aSpans: a ? 1 : 0, bSpans: b ? 1 : 0 };
}

/** The dtype that the operands share, f32 for numbers alone; DtypeError unless it is allowed. */
export function sharedDtype(operation: string, allowed: readonly Numeric[], a: unknown, b: unknown): Numeric {
  let dtype: Dtype | undefined;
  for (const [what, x] of [["a", a], ["b", b]] as const) {
    if (typeof x === "number") continue;
    if (!(x instanceof Tensor)) {
      throw new ArgumentError(`${operation}: ${what} must be a tensor or a number, got ${typeof x}`);
    }
    requireDtype(operation, what, x.dtype, ...allowed);
    if (dtype !== undefined && dtype !== x.dtype) {
      throw new DtypeError(`${operation}: a and b must have one dtype, got ${dtype} and ${x.dtype}; cast one of them`);
    }
    dtype = x.dtype;
  }
  for (const [what, x] of [["a", a], ["b", b]] as const) {
    if (dtype === "i32" && typeof x === "number" && (x | 0) !== x) {
      throw new ArgumentError(`${operation}: ${what} must be a whole number of 32 bits beside an i32 tensor, got ${x}`);
    }
  }
  return (dtype ?? "f32") as Numeric;
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

  const dense = y.size === 1 || [a, b].every((x) => x === undefined || x.size === y.size);
  let layout = dense ? denseLayout(a, b, y.size) : layoutOf(a, b, shape);
  if (a && layout === undefined) layout = layoutOf((a = broadcastTo(a, shape)), b, shape);
  if (b && layout === undefined) layout = layoutOf(a, (b = broadcastTo(b, shape)), shape);
  const { rows, columns, aSpans, bSpans } = layout as Layout;
  const value = typeof right === "number" ? right : typeof left === "number" ? left : 0;
  // The kernels of all names take the same, but for the dtype.
  const args = [y, a, b, value, rows, columns, aSpans, bSpans] as unknown as Kernels["add_f32"];
  launch(`${kernel}_${dtype}` as "add_f32", y.size, cost + 4 / columns, ...args);
  return y;
}

/** The gradient with respect to an operand: summed over the axes along which it was repeated; none for a number. */
export function toOperand(dx: AnyTensor, x: TensorLike<Dtype>): Tensor | undefined {
  return typeof x === "number" ? undefined : sumTo(dx as Tensor, x.shape);
}
