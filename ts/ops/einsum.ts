// Tensor contractions, by letters (einsum) or axis numbers (tensordot), computed as matrix products where possible.
import { requireTensor, within } from "../autograd/op.ts";
import { requireCount, requireList, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape, normalizeAxis, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { diagonal } from "./diagonal.ts";
import { reshape, transpose } from "./layout.ts";
import { matmul } from "./matmul.ts";

/** Names of axes: letters, and for those that an ellipsis stands for their numbers, counted from the right. */
type Labels = readonly string[];

/** A tensor and the labels of its axes. */
interface Term {
  readonly x: Tensor;
  readonly labels: Labels;
}

/**
 * Einstein summation: the product of the operands, summed over every axis whose letter the output does not name.
 * "bij,bjk->bik" is a batch of matrix products, "ii" a trace, "i,j->ij" an outer product. "..." stands for further
 * axes, which broadcast; without "->" the output has those, then the letters that occur once, in alphabetical order, as
 * in NumPy. Operands are multiplied two at a time, first those with the smallest product.
 * Shapes: as the subscripts say.
 * Errors: ArgumentError for invalid subscripts; ShapeError for operands that do not fit them; DtypeError unless all are
 * f32.
 */
export function einsum(subscripts: string, ...operands: Tensor[]): Tensor {
  for (const x of operands) {
    requireTensor("einsum", "each operand", x);
    requireDtype("einsum", "each operand", x.dtype, "f32");
  }
  const { inputs, output } = parse(subscripts, operands);
  const sizes = sizesOf(inputs, operands);
  let terms = operands.map((x, i) => simplified({ x, labels: inputs[i] }, sizes));
  while (terms.length > 1) {
    const [i, j] = cheapest(terms, output, sizes);
    const rest = terms.filter((_, k) => k !== i && k !== j);
    const kept = new Set([...output, ...rest.flatMap(({ labels }) => labels)]);
    terms = [contract(terms[i], terms[j], kept), ...rest];
  }
  const last = summed(terms[0], new Set(output));
  return arranged(last, output);
}

/** The labels of the operands' and of the output's axes. */
function parse(subscripts: string, operands: readonly Tensor[]): { inputs: Labels[]; output: Labels } {
  const fail = (what: string): never => {
    throw new ArgumentError(`einsum: ${what}, got ${textOf(subscripts)} for ${operands.length} operands`);
  };
  if (typeof subscripts !== "string") fail("subscripts must be text");
  const [left, right, ...more] = subscripts.replaceAll(" ", "").split("->");
  const list = left.split(",");
  if (more.length > 0 || list.length !== operands.length) {
    fail("subscripts must have a part for each operand and at most one ->");
  }
  for (const part of right === undefined ? list : [...list, right]) {
    if (!/^[A-Za-z]*(\.\.\.[A-Za-z]*)?$/.test(part)) fail("a part must be of letters and at most one ellipsis (...)");
  }
  const inputs = list.map((part, i) => {
    const { rank, shape } = operands[i];
    const letters = part.replace("...", "").length;
    if (part.includes("...") ? letters > rank : letters !== rank) {
      throw new ShapeError(`einsum: "${part}" must name the axes of its operand, got shape ${formatShape(shape)}`);
    }
    return expanded(part, rank - letters);
  });
  const hidden = Math.max(...operands.map(({ rank }, i) => rank - list[i].replace("...", "").length));
  const all = inputs.flat();
  if (right === undefined) {
    const once = all.filter((label) => isLetter(label) && all.indexOf(label) === all.lastIndexOf(label));
    return { inputs, output: [...expanded("...", hidden), ...once.sort()] };
  }
  const output = expanded(right, hidden);
  if (new Set(output).size !== output.length || !output.every((label) => all.includes(label))) {
    fail("the output must name each of its axes once, and only axes of operands");
  }
  return { inputs, output };
}

/** A part's letters, with as many numbers in place of its ellipsis. */
function expanded(part: string, hidden: number): string[] {
  const [before, after] = part.split("...");
  if (after === undefined) return [...before];
  return [...before, ...Array.from({ length: hidden }, (_, i) => `${hidden - i}`), ...after];
}

function isLetter(label: string): boolean {
  return /[A-Za-z]/.test(label);
}

/** The size of each label: sizes of 1 are repeated to it. */
function sizesOf(inputs: readonly Labels[], operands: readonly Tensor[]): Map<string, number> {
  const sizes = new Map<string, number>();
  inputs.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const size = operands[i].shape[axis];
      const known = sizes.get(label) ?? 1;
      if (size !== known && size !== 1 && known !== 1) {
        const name = isLetter(label) ? label : "...";
        throw new ShapeError(`einsum: the sizes of ${name} must be equal or 1, got ${known} and ${size}`);
      }
      sizes.set(label, known === 1 ? size : known);
    });
  });
  return sizes;
}

/** A term in which no label occurs twice, and none has size 1 that has another size elsewhere. */
function simplified({ x, labels }: Term, sizes: ReadonlyMap<string, number>): Term {
  const twice = labels.findIndex((label, axis) => labels.indexOf(label) !== axis);
  if (twice >= 0) {
    const first = labels.indexOf(labels[twice]);
    if (x.shape[first] !== x.shape[twice]) {
      throw new ShapeError(
        `einsum: axes of one operand with one letter must have one size, got ${formatShape(x.shape)} for ${labels.join("")}`,
      );
    }
    const rest = labels.filter((_, axis) => axis !== first && axis !== twice);
    return simplified({ x: diagonal(x, 0, first, twice), labels: [...rest, labels[twice]] }, sizes);
  }
  const isKept = (axis: number): boolean => x.shape[axis] === sizes.get(labels[axis]);
  if (labels.every((_, axis) => isKept(axis))) return { x, labels };
  const shape = x.shape.filter((_, axis) => isKept(axis));
  return { x: reshape(x, shape) as Tensor, labels: labels.filter((_, axis) => isKept(axis)) };
}

/** The two terms whose product is smallest, the first of equal ones. */
function cheapest(terms: readonly Term[], output: Labels, sizes: ReadonlyMap<string, number>): [number, number] {
  let best: [number, number] = [0, 1];
  let least = Number.POSITIVE_INFINITY;
  for (let j = 1; j < terms.length; j++) {
    for (let i = 0; i < j; i++) {
      const kept = new Set([...output, ...terms.filter((_, k) => k !== i && k !== j).flatMap(({ labels }) => labels)]);
      const labels = new Set([...terms[i].labels, ...terms[j].labels].filter((label) => kept.has(label)));
      const size = [...labels].reduce((product, label) => product * (sizes.get(label) ?? 1), 1);
      if (size < least) {
        least = size;
        best = [i, j];
      }
    }
  }
  return best;
}

/** The term summed over axes that are not kept. */
function summed({ x, labels }: Term, kept: ReadonlySet<string>): Term {
  const axes = labels.flatMap((label, axis) => (kept.has(label) ? [] : [axis]));
  return axes.length === 0 ? { x, labels } : { x: sum(x, axes), labels: labels.filter((label) => kept.has(label)) };
}

/** The tensor with its axes in another order; itself if they are in it. */
function arranged({ x, labels }: Term, order: Labels): Tensor {
  if (order.every((label, axis) => label === labels[axis])) return x;
  return transpose(
    x,
    order.map((label) => labels.indexOf(label)),
  ) as Tensor;
}

/** The product of two terms, summed over what is not kept: a matrix product if there is something to sum over. */
function contract(a: Term, b: Term, kept: ReadonlySet<string>): Term {
  const left = summed(a, new Set([...kept, ...b.labels]));
  const right = summed(b, new Set([...kept, ...a.labels]));
  const inBoth = left.labels.filter((label) => right.labels.includes(label));
  const batch = inBoth.filter((label) => kept.has(label));
  const depth = inBoth.filter((label) => !kept.has(label));
  const rows = left.labels.filter((label) => !inBoth.includes(label));
  const columns = right.labels.filter((label) => !inBoth.includes(label));
  const labels = [...batch, ...rows, ...columns];
  const sizes = ({ x, labels }: Term, wanted: Labels): number[] =>
    wanted.map((label) => x.shape[labels.indexOf(label)]);
  const [batchSizes, rowSizes, columnSizes] = [sizes(left, batch), sizes(left, rows), sizes(right, columns)];
  if (depth.length === 0) {
    const x = reshape(arranged(left, [...batch, ...rows]), [...batchSizes, ...rowSizes, ...columns.map(() => 1)]);
    const y = reshape(arranged(right, [...batch, ...columns]), [...batchSizes, ...rows.map(() => 1), ...columnSizes]);
    return { x: mul(x as Tensor, y as Tensor), labels };
  }
  const [m, n, k] = [rowSizes, columnSizes, sizes(left, depth)].map(sizeOf);
  // Transposed matrices are read in place.
  const transposeA = isOrder(left.labels, [...batch, ...depth, ...rows]);
  const transposeB = isOrder(right.labels, [...batch, ...columns, ...depth]);
  const x = arranged(left, transposeA ? left.labels : [...batch, ...rows, ...depth]);
  const y = arranged(right, transposeB ? right.labels : [...batch, ...depth, ...columns]);
  const leading = batch.length > 0 ? [sizeOf(batchSizes)] : [];
  const product = matmul(
    reshape(x, [...leading, ...(transposeA ? [k, m] : [m, k])]) as Tensor,
    reshape(y, [...leading, ...(transposeB ? [n, k] : [k, n])]) as Tensor,
    { transposeA, transposeB },
  );
  return { x: reshape(product, [...batchSizes, ...rowSizes, ...columnSizes]) as Tensor, labels };
}

function isOrder(labels: Labels, order: Labels): boolean {
  return order.every((label, axis) => label === labels[axis]);
}

/**
 * Sum of products over pairs of axes: a's, and in the same order b's; a number n, default 2, stands for a's last n and
 * b's first n axes.
 * Shapes: `[...a, ...axes]`, `[...axes, ...b]` -> `[...a, ...b]`.
 * Errors: ArgumentError for axes out of range; ShapeError unless the axes' sizes agree; DtypeError unless both are f32.
 */
export function tensordot(
  a: Tensor,
  b: Tensor,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor {
  return within("tensordot", () => {
    requireTensor("tensordot", "a", a);
    requireTensor("tensordot", "b", b);
    if (typeof axes === "number") requireCount("tensordot", "axes", axes, 0, Math.min(a.rank, b.rank));
    const count = (length: number, from: number): number[] => Array.from({ length }, (_, i) => from + i);
    const pairs = typeof axes === "number" ? [count(axes, a.rank - axes), count(axes, 0)] : axes;
    for (const i of [0, 1]) requireList("tensordot", "axes' parts", pairs?.[i]);
    const [left, right] = [a, b].map((x, i) => pairs[i].map((axis) => normalizeAxis("tensordot", axis, x.rank)));
    const sizes = [left.map((axis) => a.shape[axis]), right.map((axis) => b.shape[axis])];
    if (formatShape(sizes[0]) !== formatShape(sizes[1])) {
      throw new ShapeError(
        `tensordot: the axes' sizes must agree, got ${formatShape(sizes[0])} and ${formatShape(sizes[1])}`,
      );
    }
    const aLabels = a.shape.map((_, axis) => `a${axis}`);
    const bLabels = b.shape.map((_, axis) => (right.includes(axis) ? `a${left[right.indexOf(axis)]}` : `b${axis}`));
    const kept = [...aLabels, ...bLabels].filter((label) => !(aLabels.includes(label) && bLabels.includes(label)));
    return contract({ x: a, labels: aLabels }, { x: b, labels: bLabels }, new Set(kept)).x;
  });
}

/**
 * Dot product over a's last axis and b's second last, or its only one, as in NumPy; a scalar multiplies.
 * Shapes: `[..., n]`, `[n]` -> `[...]`; `[...a, n]`, `[...b, n, m]` -> `[...a, ...b, m]`.
 * Errors: ShapeError unless these sizes agree; DtypeError unless both are f32, or scalars of one dtype.
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  return within("dot", () => {
    requireTensor("dot", "a", a);
    requireTensor("dot", "b", b);
    if (a.rank === 0 || b.rank === 0) return mul(a, b);
    return tensordot(a, b, [[a.rank - 1], [Math.max(b.rank - 2, 0)]]);
  });
}

/**
 * Dot product of all elements, whatever the shapes.
 * Shapes: two tensors of as many elements -> `[]`.
 * Errors: ShapeError unless the numbers of elements agree; DtypeError unless both are f32.
 */
export function vdot(a: Tensor, b: Tensor): Tensor {
  return within("vdot", () => {
    requireTensor("vdot", "a", a);
    requireTensor("vdot", "b", b);
    return tensordot(reshape(a, [a.size]) as Tensor, reshape(b, [b.size]) as Tensor, 1);
  });
}

/**
 * Outer product a[i] b[j] of the flattened tensors.
 * Shapes: n elements, m elements -> `[n, m]`.
 * Errors: DtypeError unless both are f32 or both i32.
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  return within("outer", () => {
    requireTensor("outer", "a", a);
    requireTensor("outer", "b", b);
    return mul(reshape(a, [a.size, 1]) as Tensor, reshape(b, [1, b.size]) as Tensor);
  });
}
