// Scaled dot-product attention in fused kernels, and in basic ops where the gradient is itself differentiated, where
// the mask has a gradient, or where the probabilities are the result.
import { grad } from "../autograd/grad.ts";
import { defineOp, type Gradient, requireFloat, requireTensor } from "../autograd/op.ts";
import { isTracked } from "../autograd/tape.ts";
import { attentionOptions, rotaryOptions } from "../generated/options.ts";
import { textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { arange, tensor } from "../tensor/create.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { broadcastTo, sum } from "./broadcast.ts";
import { cast, less, lessEqual, logicalAnd, logicalOr, notEqual, where } from "./compare.ts";
import { cos, sin } from "./elementwise.ts";
import { reshape, transpose } from "./layout.ts";
import { requireIndices } from "./lower/indices.ts";
import { denseStrides } from "./lower/strided-copy.ts";
import { matmul } from "./matmul.ts";
import { softmax } from "./softmax.ts";

/** Options of {@link attention}. */
export interface AttentionOptions {
  /** Factor of q . k, above 0; default 1 / sqrt(headDim). */
  scale?: number;
  /** Whether queries see no keys after their own position; default false. */
  causal?: boolean;
  /** How many keys before and after its own position a query sees; default all. */
  window?: number;
  /** How many first keys are seen by all queries, and first positions see all keys; default 0. */
  globalTokens?: number;
  /**
   * bool, true where a query sees a key, or f32, added to the scaled scores; broadcasts to [batch, heads, queries,
   * keys]. Default: none.
   */
  mask?: Tensor<"bool"> | Tensor;
  /** Position of the first query among the keys, a tensor of one element; default 0. */
  position?: Tensor<"i32">;
}

/**
 * Scaled dot-product attention, softmax(scale q k^T + mask) v, in a fused kernel. keyHeads must divide heads:
 * neighbouring query heads share a key head (grouped queries). A query that sees no key gives zeros, and keys that are
 * not seen do not count, even if NaN. Memory is linear in the length; with a window, time is too.
 * Shapes: q `[batch, queries, heads, headDim]`, k `[batch, keys, keyHeads, headDim]`, v
 * `[batch, keys, keyHeads, valueDim]` -> `[batch, queries, heads, valueDim]`.
 * Errors: ShapeError for shapes that do not fit; DtypeError unless q, k, v are f32 and the mask bool or f32;
 * ArgumentError for options out of range. Sources: Vaswani et al. 2017; Dao et al. 2022; Beltagy et al. 2020 (window,
 * globalTokens).
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  const sight = sightOf("attention", q, k, options);
  requireValues("attention", k, v);
  const { mask, position } = options;
  // The kernel has no gradient for a mask: a trained one goes through basic ops.
  if (mask && isTracked(mask)) return composed(q, k, v, mask, position, sight);
  const rows = [q.shape[0], q.shape[2], q.shape[1]];
  // Filled by the forward pass and kept for the gradient.
  return attend(q, k, v, mask && wholeRows(mask, k.shape[1]), position, empty(rows), empty(rows), sight);
}

/**
 * The attention weights, softmax(scale q k^T + mask), [batch, heads, queries, keys]. Takes
 * what `attention` takes but for v. Errors: ShapeError, DtypeError, ArgumentError.
 * @internal
 */
export function attentionScores(q: Tensor, k: Tensor, options: AttentionOptions = {}): Tensor {
  const sight = sightOf("attentionScores", q, k, options);
  return probabilities(q, k, options.mask, options.position, sight);
}

/**
 * Values weighted by scores: [batch, heads, queries, keys] x [batch, keys, keyHeads, valueDim] -> [batch, queries, heads,
 * valueDim]. Errors: ShapeError, DtypeError.
 * @internal
 */
export function attentionValues(scores: Tensor, v: Tensor): Tensor {
  requireFloat("attentionValues", "scores", scores);
  requireFloat("attentionValues", "v", v);
  const [batch, heads, queries, keys] = scores.shape;
  const [, , keyHeads, valueDim] = v.shape;
  if (scores.rank !== 4 || v.rank !== 4 || v.shape[0] !== batch || v.shape[1] !== keys || heads % keyHeads !== 0) {
    throw new ShapeError(
      "attentionValues: scores must be [batch, heads, queries, keys] and v [batch, keys, keyHeads, valueDim], " +
        `got ${formatShape(scores.shape)} and ${formatShape(v.shape)}`,
    );
  }
  const grouped = reshape(scores, [batch, keyHeads, (heads / keyHeads) * queries, keys]) as Tensor;
  const y = matmul(grouped, transpose(v, [0, 2, 1, 3]) as Tensor) as Tensor;
  return transpose(reshape(y, [batch, heads, queries, valueDim]), [0, 2, 1, 3]) as Tensor;
}

/** Visibility and scale of the scores, as the kernels take them. */
interface Sight {
  readonly scale: number;
  /** How many keys before and after its own position a query sees; with 0 after it, attention is causal. */
  readonly before: number;
  readonly after: number;
  readonly globals: number;
}

/** Beyond all keys. */
const UNBOUNDED = 2 ** 30;

function sightOf(operation: string, q: Tensor, k: Tensor, options: AttentionOptions): Sight {
  checkOptions(operation, options, attentionOptions);
  requireFloat(operation, "q", q);
  requireFloat(operation, "k", k);
  const [batch, queries, heads, dim] = q.shape;
  const fits =
    q.rank === 4 &&
    k.rank === 4 &&
    k.shape[0] === batch &&
    k.shape[3] === dim &&
    dim > 0 &&
    k.shape[2] > 0 &&
    heads > 0;
  if (!fits || heads % k.shape[2] !== 0) {
    throw new ShapeError(
      `${operation}: q must be [batch, queries, heads, headDim] and k [batch, keys, keyHeads, headDim], keyHeads ` +
        `dividing heads, got ${formatShape(q.shape)} and ${formatShape(k.shape)}`,
    );
  }
  const { scale = 1 / Math.sqrt(dim), causal = false, window = UNBOUNDED, globalTokens = 0, mask, position } = options;
  if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) {
    throw new ArgumentError(`${operation}: scale must be above 0, got ${textOf(scale)}`);
  }
  if (!(Number.isInteger(window) && window >= 1)) {
    throw new ArgumentError(`${operation}: window must be a whole number of at least 1, got ${textOf(window)}`);
  }
  if (!(Number.isInteger(globalTokens) && globalTokens >= 0)) {
    throw new ArgumentError(`${operation}: globalTokens must be a whole number of at least 0, got ${globalTokens}`);
  }
  if (mask !== undefined) requireMask(operation, mask, [batch, heads, queries, k.shape[1]]);
  if (position !== undefined) {
    requireTensor(operation, "position", position);
    requireDtype(operation, "position", position.dtype, "i32");
    if (position.size !== 1) {
      throw new ShapeError(`${operation}: position must be one number, got shape ${formatShape(position.shape)}`);
    }
  }
  const before = Math.min(window, UNBOUNDED);
  return { scale, before, after: causal ? 0 : before, globals: Math.min(globalTokens, UNBOUNDED) };
}

function requireMask(operation: string, mask: AnyTensor, scores: Shape): void {
  requireTensor(operation, "mask", mask);
  requireDtype(operation, "mask", mask.dtype, "bool", "f32");
  const skipped = scores.length - mask.rank;
  if (skipped < 0 || mask.shape.some((length, axis) => length !== 1 && length !== scores[axis + skipped])) {
    throw new ShapeError(
      `${operation}: mask must broadcast to [batch, heads, queries, keys] = ${formatShape(scores)}, ` +
        `got ${formatShape(mask.shape)}`,
    );
  }
}

function requireValues(operation: string, k: Tensor, v: Tensor): void {
  requireFloat(operation, "v", v);
  if (v.rank !== 4 || [0, 1, 2].some((axis) => v.shape[axis] !== k.shape[axis])) {
    throw new ShapeError(
      `${operation}: v must be [batch, keys, keyHeads, valueDim] for k ${formatShape(k.shape)}, ` +
        `got ${formatShape(v.shape)}`,
    );
  }
}

type Mask = Tensor<"bool"> | Tensor | undefined;
type Position = Tensor<"i32"> | undefined;

/** Fused attention. `peak` and `reciprocal` hold each row's maximum score and 1 / sum of e^(score - peak). */
const attend = defineOp("attention", {
  forward(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Mask,
    position: Position,
    peak: Tensor,
    reciprocal: Tensor,
    sight: Sight,
  ) {
    const [batch, queries, heads, dim] = q.shape;
    const valueDim = v.shape[3];
    const y = empty([batch, queries, heads, valueDim]);
    const units = batch * heads * Math.ceil(queries / BLOCK_QUERIES);
    const scores = Math.min(queries, BLOCK_QUERIES) * seenKeys(k, sight);
    const cost = 200 + scores * (1.5 + 0.04 * (dim + valueDim));
    if (y.size > 0)
      launch("attention_f32", units, cost, y, peak, reciprocal, ...operands(q, k, v, mask, position, sight));
    return y;
  },
  gradients(dy, y, q, k, v, mask, position, peak, reciprocal, sight): Gradient[] {
    if ([dy, q, k, v].some((x) => isTracked(x))) return gradientsOfFormula(dy, q, k, v, mask, position, sight);
    const [batch, queries, heads, dim] = q.shape;
    const [, , keyHeads, valueDim] = v.shape;
    const [dq, dk, dv] = [empty(q.shape), empty(k.shape), empty(v.shape)];
    const scores = (heads / keyHeads) * queries * seenKeys(k, sight);
    const cost = 200 + scores * (1.8 + 0.04 * (3 * dim + 2 * valueDim));
    const given = operands(q, k, v, mask, position, sight);
    launch("attention_grad_f32", batch * keyHeads, cost, dq, dk, dv, dy, y, peak, reciprocal, ...given);
    return [dq, dk, dv];
  },
});

/** Queries and keys of a block: two tiles of scores fit into a thread's scratch memory beside what products need. */
const BLOCK_QUERIES = 64;
const BLOCK_KEYS = 256;

/** An estimate of how many keys a block of queries attends to. */
function seenKeys(k: Tensor, sight: Sight): number {
  return Math.min(k.shape[1], sight.before + sight.after + sight.globals + BLOCK_QUERIES);
}

/** The arguments that both kernels share. */
function operands(q: Tensor, k: Tensor, v: Tensor, mask: Mask, position: Position, sight: Sight) {
  const [, queries, heads, dim] = q.shape;
  const [, keys, keyHeads, valueDim] = v.shape;
  const { scale, before, after, globals } = sight;
  const sizes = [queries, keys, heads, keyHeads, dim, valueDim, scale, before, after, globals] as const;
  return [q, k, v, position, ...maskOperands(mask), ...sizes, BLOCK_QUERIES, BLOCK_KEYS] as const;
}

/** The mask, broadcast along keys. */
function wholeRows(mask: Tensor<"bool"> | Tensor, keys: number): Mask {
  return mask.shape.at(-1) === keys ? mask : (broadcastTo(mask as Tensor, [...mask.shape.slice(0, -1), keys]) as Mask);
}

/** The mask as bool or f32 operand, and its strides of batch, head and query. */
function maskOperands(mask: Mask) {
  if (mask === undefined) return [undefined, undefined, 0, 0, 0] as const;
  const shape = [1, 1, 1, 1, ...mask.shape].slice(-4);
  const [batch, head, row] = denseStrides(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
  const allowed = mask.dtype === "bool" ? (mask as Tensor<"bool">) : undefined;
  const bias = mask.dtype === "f32" ? (mask as Tensor) : undefined;
  return [allowed, bias, batch, head, row] as const;
}

/** Attention in basic ops. */
function composed(q: Tensor, k: Tensor, v: Tensor, mask: Mask, position: Position, sight: Sight): Tensor {
  return attentionValues(probabilities(q, k, mask, position, sight), v);
}

function gradientsOfFormula(
  dy: Tensor,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  mask: Mask,
  position: Position,
  sight: Sight,
): Tensor[] {
  const weighted = ([q, k, v]: readonly Tensor[]): Tensor => sum(mul(composed(q, k, v, mask, position, sight), dy));
  return grad(weighted)([q, k, v]) as Tensor[];
}

/** The probabilities [batch, heads, queries, keys] in basic ops. */
function probabilities(q: Tensor, k: Tensor, mask: Mask, position: Position, sight: Sight): Tensor {
  const [batch, queries, heads, dim] = q.shape;
  const [, keys, keyHeads] = k.shape;
  const left = reshape(transpose(q, [0, 2, 1, 3]), [batch, keyHeads, (heads / keyHeads) * queries, dim]) as Tensor;
  const products = matmul(left, transpose(k, [0, 2, 1, 3]) as Tensor, { transposeB: true });
  let scores = mul(reshape(products, [batch, heads, queries, keys]) as Tensor, sight.scale);
  if (mask?.dtype === "f32") scores = add(scores, mask as Tensor);
  let seen = seenMask(queries, keys, position, sight);
  const allowed = mask?.dtype === "f32" ? notEqual(mask as Tensor, -Infinity) : (mask as Tensor<"bool"> | undefined);
  if (allowed !== undefined) seen = seen ? logicalAnd(seen, allowed) : allowed;
  if (seen === undefined) return softmax(scores);
  // Not -Infinity: a row without visible keys would be NaN instead of zeros.
  return where(seen, softmax(where(seen, scores, -1e30)), 0);
}

/** Whether query i sees key j, [queries, keys]; undefined where all do. */
function seenMask(queries: number, keys: number, position: Position, sight: Sight): Tensor<"bool"> | undefined {
  const { before, after, globals } = sight;
  if (after === UNBOUNDED) return undefined;
  const column = reshape(arange(queries, undefined, 1, "i32"), [queries, 1]) as Tensor<"i32">;
  const at = position === undefined ? column : add(column, position);
  const key = arange(keys, undefined, 1, "i32");
  let seen = logicalAnd(lessEqual(key, add(at, after)), lessEqual(sub(at, before), key));
  if (globals > 0) seen = logicalOr(seen, logicalOr(less(key, globals), less(at, globals)));
  return after === 0 ? logicalAnd(seen, lessEqual(key, at)) : seen;
}

/** Options of {@link rotary}. */
export interface RotaryOptions {
  /** Position of the first step, one element, or of each step, [time] or [batch, time]; default 0. */
  position?: Tensor<"i32">;
  /** Upper bound of the wavelengths of the rotations; default 10,000. */
  maxWavelength?: number;
}

/**
 * Rotary position embedding: rotates features i and i + headDim / 2 together by t maxWavelength^(-2 i / headDim), t the
 * step's position, so that products of queries and keys depend on their distance alone.
 * Shapes: `[batch, time, heads, headDim]` -> the same, headDim even.
 * Errors: ShapeError for another rank, an odd headDim or positions of another shape; DtypeError unless x is f32 and
 * positions i32. Source: Su et al. 2021, RoFormer.
 */
export function rotary(x: Tensor, options: RotaryOptions = {}): Tensor {
  const { position, maxWavelength = 10_000 } = checkOptions("rotary", options, rotaryOptions);
  requireFloat("rotary", "x", x);
  if (x.rank !== 4 || x.shape[3] % 2 !== 0) {
    throw new ShapeError(`rotary: x must be [batch, time, heads, even headDim], got ${formatShape(x.shape)}`);
  }
  const [batch, time, , dim] = x.shape;
  if (position !== undefined) {
    requireTensor("rotary", "position", position);
    requireDtype("rotary", "position", position.dtype, "i32");
    if (position.size !== 1 && ![[time], [batch, time]].some((shape) => sameShape(shape, position.shape))) {
      throw new ShapeError(
        `rotary: position must be one number, or [time] or [batch, time] for x ${formatShape(x.shape)}, ` +
          `got shape ${formatShape(position.shape)}`,
      );
    }
  }
  const half = dim / 2;
  const frequencies = tensor(Float64Array.from({ length: half }, (_, i) => maxWavelength ** (-i / half)));
  const at = positions(time, position);
  const angles = mul(reshape(at, [at.size, 1]) as Tensor, frequencies);
  return rotate(x, cos(angles), sin(angles), 1);
}

/** The positions of `time` rows, the first at `position` or each at one of its numbers, as f32. @internal */
export function positions(time: number, position?: Tensor<"i32">): Tensor {
  if (position === undefined) return arange(time);
  const given = cast(position, "f32") as Tensor;
  return position.size === 1 ? add(arange(time), reshape(given, [1]) as Tensor) : given;
}

const rotate = defineOp("rotary", {
  forward(x: Tensor, cosines: Tensor, sines: Tensor, turn: 1 | -1) {
    const [batch, time, heads, dim] = x.shape;
    const y = empty(x.shape);
    const [angles] = cosines.shape; // for the rows of one example, or of all
    launch("rotary_f32", batch * time * heads, 3 + 0.3 * dim, y, x, cosines, sines, angles, heads, dim, turn);
    return y;
  },
  gradients: [(dy, _y, _x, cosines, sines, turn): Tensor => rotate(dy, cosines, sines, turn === 1 ? -1 : 1)],
});

/**
 * Writes the rows of x [batch, time, ...] into those of `buffer` [batch, length, ...] from `position` on, in place: how
 * a key-value cache grows. Errors: ShapeError, DtypeError; ArgumentError for rows that would lie before or behind it.
 * @internal
 */
export function writeRows(buffer: Variable, x: Tensor, position: Tensor<"i32">): void {
  requireFloat("writeRows", "buffer", buffer);
  requireFloat("writeRows", "x", x);
  requireTensor("writeRows", "position", position);
  requireDtype("writeRows", "position", position.dtype, "i32");
  const [batch, length, ...row] = buffer.shape;
  const [own, time, ...numbers] = x.shape;
  if (x.rank < 2 || own !== batch || !sameShape(row, numbers) || position.size !== 1) {
    throw new ShapeError(
      "writeRows: x must be [batch, time, ...] and buffer [batch, length, ...], " +
        `got ${formatShape(x.shape)} and ${formatShape(buffer.shape)}`,
    );
  }
  requireIndices("writeRows", "position", position, length - time + 1);
  const width = sizeOf(row);
  launch("write_rows_f32", batch * time, 5 + 0.1 * width, buffer, x, position, time, length, width);
}

/** The most rows of which 16 elements each fit into a thread's scratch memory. */
const MOST_ROWS = 8192;

/**
 * Row b of each buffer [batch, ...] becomes what its row indices[b] was, in place: of beams, those that go on. Of each
 * example of a buffer the first share `filled` counts, where it has as many examples. Errors: ShapeError, DtypeError; ArgumentError for indices of no row.
 * @internal
 */
export function reorderRows(
  operation: string,
  batch: number,
  buffers: readonly (readonly [buffer: Variable, filled: number])[],
  indices: Tensor<"i32">,
): void {
  requireIndices(operation, "indices", indices, batch);
  if (!sameShape(indices.shape, [batch]) || batch > MOST_ROWS) {
    const must = `must be one for each of ${batch} rows, at most ${MOST_ROWS}`;
    throw new ShapeError(`${operation}: indices ${must}, got shape ${formatShape(indices.shape)}`);
  }
  for (const [buffer, filled] of buffers) {
    const row = buffer.size / batch;
    const width = buffer.shape[0] === batch ? row * filled : row;
    launch("reorder_rows_f32", Math.ceil(width / 16), batch * 4, buffer, indices, batch, row, width);
  }
}
