// Recurrent layers over whole sequences. Inputs come projected: multiplied with the kernel beforehand, in one product
// for all time steps. Where a gradient is itself differentiated, it is computed step by step in basic ops instead of
// the fused kernels.
import { grad } from "../autograd/grad.ts";
import { defineOp, type Gradient, requireFloat, requireTensor } from "../autograd/op.ts";
import { anyTracked } from "../autograd/tape.ts";
import { lstmSequenceOptions, recurrentOptions } from "../generated/options.ts";
import { ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { zeros } from "../tensor/create.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { where } from "./compare.ts";
import { sigmoid, tanh } from "./elementwise.ts";
import { reshape, split, stack, unstack } from "./layout.ts";
import { requireBias } from "./lower/epilogue.ts";
import { matmul } from "./matmul.ts";

/** A tensor, or nothing where it is left out. */
type Optional = Tensor | undefined;
type Mask = Tensor<"bool"> | undefined;

/** Options of {@link lstm}, {@link gru} and {@link simpleRnn}. */
export interface RecurrentOptions {
  /** Whether the hidden states of all steps, [batch, time, units], are returned instead of the last; default false. */
  returnSequences?: boolean;
}

/** Options of {@link lstm}. */
export interface LstmSequenceOptions extends RecurrentOptions {
  /** Whether one more row holds the last cell state: [batch, 2, units], or [batch, time + 1, units]; default false. */
  returnCell?: boolean;
}

/**
 * Long short-term memory, fused over all steps: i, f, g, o = projected_t + h kernel, g through tanh, the others through
 * the sigmoid; cell = f cell + i g, h = o tanh(cell). projected is x times the input kernel, plus bias. hidden and
 * cell, the initial states, default to zeros; mask, default none, is false where a step leaves the states as they are.
 * Shapes: projected `[batch, time, 4 units]`, kernel `[units, 4 units]`, hidden and cell `[batch, units]`, bool mask
 * `[batch, time]` -> `[batch, units]`, or as options say.
 * Errors: ShapeError for shapes that do not fit and no steps; DtypeError unless tensors are f32 and the mask bool.
 * Source: Hochreiter and Schmidhuber 1997.
 */
export function lstm(
  projected: Tensor,
  kernel: Tensor,
  hidden?: Tensor,
  cell?: Tensor,
  mask?: Tensor<"bool">,
  options: LstmSequenceOptions = {},
): Tensor {
  checkOptions("lstm", options, lstmSequenceOptions);
  checkArguments("lstm", 4, projected, kernel, { hidden, cell }, mask);
  const memory = remember(projected, kernel, 4, [projected, kernel, hidden, cell]);
  const cells = empty([projected.shape[0], memory.isKept ? projected.shape[1] + 1 : 1, kernel.shape[0]]);
  return lstmSequence(projected, kernel, hidden, cell, mask, options, { ...memory, cells });
}

const lstmSequence = defineOp("lstm", {
  forward(
    projected: Tensor,
    kernel: Tensor,
    hidden: Optional,
    cell: Optional,
    mask: Mask,
    options: LstmSequenceOptions,
    { isKept, gates, previous, cells }: LstmMemory,
  ) {
    const { batch, time, units, outputs, rows, blockRows, work } = sizesOf(projected, kernel, options);
    const states = empty(statesShape(batch, rows, units, options));
    const packed = pack(kernel);
    const made = [states, gates, previous, cells] as const;
    const sizes = [batch, time, units, outputs, rows, Number(isKept), blockRows] as const;
    launch("lstm_f32", ...work, ...made, projected, packed, hidden, cell, mask, ...sizes);
    packed.dispose();
    return states;
  },
  gradients(dy, _y, projected, kernel, hidden, cell, mask, options, { gates, previous, cells }): Gradient[] {
    const given = { projected, kernel, hidden, cell };
    if (anyTracked(dy, ...Object.values(given))) return gradientsOfSteps(dy, given, (x) => lstmSteps(x, mask, options));
    const { batch, time, units, outputs, rows, blockRows, work } = sizesOf(projected, kernel, options);
    const dprojected = empty(projected.shape);
    const [dhidden, dcell, carry] = [0, 1, 2].map(() => empty([batch, units]));
    const packed = pack(kernel, true);
    const sizes = [batch, time, units, outputs, rows, Number(hidden !== undefined), blockRows] as const;
    launch("lstm_grad_f32", ...work, dprojected, dhidden, dcell, carry, dy, gates, cells, packed, mask, ...sizes);
    for (const x of [packed, carry]) x.dispose();
    return [dprojected, kernelGradient(previous, dprojected), dhidden, dcell];
  },
});

/**
 * Gated recurrent units, fused over all steps: z, r = sigmoid(projected_t + p), p = h kernel + bias, g =
 * tanh(projected_g + r p_g), h = z h + (1 - z) g. projected is x times the input kernel, plus its bias. bias and hidden
 * default to zeros; mask, default none, is false where a step leaves the state as it is.
 * Shapes: projected `[batch, time, 3 units]` in the order z, r, g, kernel `[units, 3 units]`, bias `[3 units]`, hidden
 * `[batch, units]`, bool mask `[batch, time]` -> `[batch, units]`, or `[batch, time, units]` with returnSequences.
 * Errors: ShapeError for shapes that do not fit and no steps; DtypeError unless tensors are f32 and the mask bool.
 * Source: Cho et al. 2014, in the form of cuDNN, Keras and PyTorch.
 */
export function gru(
  projected: Tensor,
  kernel: Tensor,
  bias?: Tensor,
  hidden?: Tensor,
  mask?: Tensor<"bool">,
  options: RecurrentOptions = {},
): Tensor {
  checkOptions("gru", options, recurrentOptions);
  checkArguments("gru", 3, projected, kernel, { hidden }, mask);
  requireBias("gru", bias, kernel.shape[1]);
  const memory = remember(projected, kernel, 4, [projected, kernel, bias, hidden]);
  return gruSequence(projected, kernel, bias, hidden, mask, options, memory);
}

const gruSequence = defineOp("gru", {
  forward(
    projected: Tensor,
    kernel: Tensor,
    bias: Optional,
    hidden: Optional,
    mask: Mask,
    options: RecurrentOptions,
    { isKept, gates, previous }: Memory,
  ) {
    const { batch, time, units, outputs, blockRows, work } = sizesOf(projected, kernel, options);
    const states = empty(statesShape(batch, outputs, units, options));
    const packed = pack(kernel);
    const made = [states, gates, previous] as const;
    const sizes = [batch, time, units, outputs, Number(isKept), blockRows] as const;
    launch("gru_f32", ...work, ...made, projected, packed, bias, hidden, mask, ...sizes);
    packed.dispose();
    return states;
  },
  gradients(dy, _y, projected, kernel, bias, hidden, mask, options, { gates, previous }): Gradient[] {
    const given = { projected, kernel, bias, hidden };
    if (anyTracked(dy, ...Object.values(given))) return gradientsOfSteps(dy, given, (x) => gruSteps(x, mask, options));
    const { batch, time, units, outputs, blockRows, work } = sizesOf(projected, kernel, options);
    const [dprojected, dproduct] = [empty(projected.shape), empty(projected.shape)];
    const [dhidden, carry] = [empty([batch, units]), empty([batch, units])];
    const packed = pack(kernel, true);
    const made = [dprojected, dproduct, dhidden, carry] as const;
    const sizes = [batch, time, units, outputs, Number(hidden !== undefined), blockRows] as const;
    launch("gru_grad_f32", ...work, ...made, dy, gates, previous, packed, mask, ...sizes);
    for (const x of [packed, carry]) x.dispose();
    return [dprojected, kernelGradient(previous, dproduct), bias && sum(dproduct, [0, 1]), dhidden];
  },
});

/**
 * Simple recurrence, fused over all steps: h = tanh(projected_t + h kernel). projected is x times the input kernel,
 * plus bias. hidden defaults to zeros; mask, default none, is false where a step leaves the state as it is.
 * Shapes: projected `[batch, time, units]`, kernel `[units, units]`, hidden `[batch, units]`, bool mask `[batch, time]`
 * -> `[batch, units]`, or `[batch, time, units]` with returnSequences.
 * Errors: ShapeError for shapes that do not fit and no steps; DtypeError unless tensors are f32 and the mask bool.
 * Source: Elman 1990.
 */
export function simpleRnn(
  projected: Tensor,
  kernel: Tensor,
  hidden?: Tensor,
  mask?: Tensor<"bool">,
  options: RecurrentOptions = {},
): Tensor {
  checkOptions("simpleRnn", options, recurrentOptions);
  checkArguments("simpleRnn", 1, projected, kernel, { hidden }, mask);
  const memory = remember(projected, kernel, 1, [projected, kernel, hidden]);
  return simpleSequence(projected, kernel, hidden, mask, options, memory);
}

const simpleSequence = defineOp("simpleRnn", {
  forward(
    projected: Tensor,
    kernel: Tensor,
    hidden: Optional,
    mask: Mask,
    options: RecurrentOptions,
    { isKept, gates, previous }: Memory,
  ) {
    const { batch, time, units, outputs, blockRows, work } = sizesOf(projected, kernel, options);
    const states = empty(statesShape(batch, outputs, units, options));
    const packed = pack(kernel);
    const sizes = [batch, time, units, outputs, Number(isKept), blockRows] as const;
    launch("simple_rnn_f32", ...work, states, gates, previous, projected, packed, hidden, mask, ...sizes);
    packed.dispose();
    return states;
  },
  gradients(dy, _y, projected, kernel, hidden, mask, options, { gates, previous }): Gradient[] {
    const given = { projected, kernel, hidden };
    if (anyTracked(dy, ...Object.values(given)))
      return gradientsOfSteps(dy, given, (x) => simpleSteps(x, mask, options));
    const { batch, time, units, outputs, blockRows, work } = sizesOf(projected, kernel, options);
    const dprojected = empty(projected.shape);
    const [dhidden, carry] = [empty([batch, units]), empty([batch, units])];
    const packed = pack(kernel, true);
    const sizes = [batch, time, units, outputs, Number(hidden !== undefined), blockRows] as const;
    launch("simple_rnn_grad_f32", ...work, dprojected, dhidden, carry, dy, gates, packed, mask, ...sizes);
    for (const x of [packed, carry]) x.dispose();
    return [dprojected, kernelGradient(previous, dprojected), dhidden];
  },
});

/** Memory of the forward pass: of all steps for the gradient, or of the current step. */
interface Memory {
  readonly isKept: boolean;
  /** [batch, steps, gates units] */
  readonly gates: Tensor;
  /** The hidden states before each step, [batch, steps, units]. */
  readonly previous: Tensor;
}

interface LstmMemory extends Memory {
  /** The cell states before each step and after the last, [batch, steps + 1, units]; of the step at hand one. */
  readonly cells: Tensor;
}

function remember(projected: Tensor, kernel: Tensor, gates: number, inputs: readonly Optional[]): Memory {
  const [batch, time] = projected.shape;
  const [units] = kernel.shape;
  const isKept = anyTracked(...inputs);
  const steps = isKept ? time : 1;
  return {
    isKept,
    gates: empty([batch, steps, gates * units]),
    previous: empty([batch, steps, units]),
  };
}

function checkArguments(
  operation: string,
  gates: number,
  projected: Tensor,
  kernel: Tensor,
  states: Readonly<Record<string, Optional>>,
  mask: Mask,
): void {
  requireFloat(operation, "projected", projected);
  requireFloat(operation, "kernel", kernel);
  const [units, columns] = kernel.shape;
  if (kernel.rank !== 2 || columns !== gates * units) {
    const times = gates === 1 ? "" : `${gates} `;
    throw new ShapeError(`${operation}: kernel must be [units, ${times}units], got ${formatShape(kernel.shape)}`);
  }
  const [batch, time] = projected.shape;
  if (projected.rank !== 3 || projected.shape[2] !== columns || time === 0) {
    throw new ShapeError(
      `${operation}: projected must be [batch, time, ${columns}] with at least one step, ` +
        `got ${formatShape(projected.shape)}`,
    );
  }
  for (const [what, state] of Object.entries(states)) {
    if (state === undefined) continue;
    requireFloat(operation, what, state);
    requireShape(operation, what, state.shape, [batch, units]);
  }
  if (mask === undefined) return;
  requireTensor(operation, "mask", mask);
  requireDtype(operation, "mask", mask.dtype, "bool");
  requireShape(operation, "mask", mask.shape, [batch, time]);
}

function requireShape(operation: string, what: string, shape: Shape, expected: Shape): void {
  if (sameShape(shape, expected)) return;
  throw new ShapeError(`${operation}: ${what} must have shape ${formatShape(expected)}, got ${formatShape(shape)}`);
}

/** Examples that one thread takes through all steps: few enough that many threads find work. */
const LEAST_ROWS = 8;
const MOST_ROWS = 96;
const ENOUGH_BLOCKS = 16;
const NANOSECONDS_PER_MULTIPLICATION = 0.04;
const NANOSECONDS_PER_GATE = 2;

function sizesOf(projected: Tensor, kernel: Tensor, options: LstmSequenceOptions) {
  const [batch, time, columns] = projected.shape;
  const [units] = kernel.shape;
  const outputs = options.returnSequences ? time : 1;
  const blockRows = Math.min(Math.max(4 * Math.ceil(batch / ENOUGH_BLOCKS / 4), LEAST_ROWS), MOST_ROWS);
  const nanoseconds = columns * (units * NANOSECONDS_PER_MULTIPLICATION + NANOSECONDS_PER_GATE);
  return {
    batch,
    time,
    units,
    outputs,
    /** Rows of the states of one example. */
    rows: options.returnCell ? outputs + 1 : outputs,
    blockRows,
    /** Units of work, nanoseconds of one. */
    work: [Math.ceil(batch / blockRows), time * blockRows * nanoseconds] as const,
  };
}

function statesShape(batch: number, rows: number, units: number, options: LstmSequenceOptions): Shape {
  return options.returnSequences || options.returnCell ? [batch, rows, units] : [batch, units];
}

/** The recurrent kernel, or its transpose, as a product reads it. */
function pack(kernel: Tensor, isTransposed = false): Tensor {
  const [units, columns] = kernel.shape;
  const [depth, width] = isTransposed ? [columns, units] : [units, columns];
  const panels = Math.ceil(width / 8);
  const packed = empty([panels, depth, 8]);
  const [row, column] = isTransposed ? [1, columns] : [columns, 1];
  launch("matmul_pack_f32", panels, depth, packed, kernel, width, depth, 0, row, column);
  return packed;
}

/** The gradient of the recurrent kernel: one product over all steps of all examples. */
function kernelGradient(previous: Tensor, dproduct: Tensor): Tensor {
  const flat = (x: Tensor): Tensor => reshape(x, [x.shape[0] * x.shape[1], x.shape[2]]);
  return matmul(flat(previous), flat(dproduct), { transposeA: true });
}

/** The gradients, made of basic ops, of what is given, in its order. */
function gradientsOfSteps(
  dy: Tensor,
  given: Readonly<Record<string, Optional>>,
  steps: (given: Readonly<Record<string, Tensor>>) => Tensor,
): Gradient[] {
  const present = Object.fromEntries(Object.entries(given).filter((entry): entry is [string, Tensor] => !!entry[1]));
  const gradients = grad((x: Record<string, Tensor>) => sum(mul(steps(x), dy)))(present);
  return Object.keys(given).map((name) => gradients[name]);
}

/** The states after each step, the hidden one first; a masked step leaves them as they are. */
function run(
  projected: Tensor,
  start: readonly Tensor[],
  mask: Mask,
  options: LstmSequenceOptions,
  step: (x: Tensor, states: readonly Tensor[]) => readonly Tensor[],
): Tensor {
  const masks = mask && unstack(reshape(mask, [...mask.shape, 1]), 1);
  let states = start;
  const hidden = unstack(projected, 1).map((x, t) => {
    const next = step(x, states);
    states = masks ? next.map((state, i) => where(masks[t], state, states[i])) : next;
    return states[0];
  });
  const last = options.returnCell ? [states[1]] : [];
  if (options.returnSequences) return stack([...hidden, ...last], 1);
  return options.returnCell ? stack([states[0], ...last], 1) : states[0];
}

function startOf(projected: Tensor, kernel: Tensor): Tensor {
  return zeros([projected.shape[0], kernel.shape[0]]);
}

function lstmSteps(given: Readonly<Record<string, Tensor>>, mask: Mask, options: LstmSequenceOptions): Tensor {
  const { projected, kernel, hidden = startOf(projected, kernel), cell = startOf(projected, kernel) } = given;
  return run(projected, [hidden, cell], mask, options, (x, [h, c]) => {
    const [i, f, g, o] = split(add(x, matmul(h, kernel)), 4, 1);
    const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return [mul(sigmoid(o), tanh(next)), next];
  });
}

function gruSteps(given: Readonly<Record<string, Tensor>>, mask: Mask, options: RecurrentOptions): Tensor {
  const { projected, kernel, bias, hidden = startOf(projected, kernel) } = given;
  return run(projected, [hidden], mask, options, (x, [h]) => {
    const product = matmul(h, kernel);
    const [pz, pr, pg] = split(bias ? add(product, bias) : product, 3, 1);
    const [xz, xr, xg] = split(x, 3, 1);
    const z = sigmoid(add(xz, pz));
    const g = tanh(add(xg, mul(sigmoid(add(xr, pr)), pg)));
    return [add(g, mul(z, sub(h, g)))];
  });
}

function simpleSteps(given: Readonly<Record<string, Tensor>>, mask: Mask, options: RecurrentOptions): Tensor {
  const { projected, kernel, hidden = startOf(projected, kernel) } = given;
  return run(projected, [hidden], mask, options, (x, [h]) => [tanh(add(x, matmul(h, kernel)))]);
}
