// A random program: tensors that go in, and ops that each make one more value of those before it.
import { add, mul, sum } from "../../../ts/ops/public.ts";
import { DtypeError, ShapeError } from "../../../ts/runtime/errors.ts";
import { tensor } from "../../../ts/tensor/create.ts";
import type { Dtype, TypedArray } from "../../../ts/tensor/dtype.ts";
import { scope } from "../../../ts/tensor/scope.ts";
import { formatShape, type Shape, sizeOf } from "../../../ts/tensor/shape.ts";
import type { AnyTensor, Tensor } from "../../../ts/tensor/tensor.ts";
import { type Variable, variable } from "../../../ts/tensor/variable.ts";
import type { Random } from "../harness/random.ts";
import { makers } from "./makers.ts";

/** How a leaf comes in: as an argument, as a variable that is updated, or made inside the step. */
export type LeafKind = "input" | "variable" | "constant";

export interface Leaf {
  readonly kind: LeafKind;
  readonly shape: Shape;
  readonly dtype: Dtype;
  readonly low: number;
  readonly high: number;
}

export interface Op {
  readonly text: string;
  readonly apply: (values: readonly AnyTensor[]) => AnyTensor;
}

export interface RandomProgram {
  /** In the order of their values. */
  readonly nodes: readonly (Leaf | Op)[];
  /** The values that it returns. */
  readonly outputs: readonly number[];
}

/** Numbers of one tensor at most: most are small, so that thousands of programs run in a minute. */
const MOST_NUMBERS = 30_000;

/** A program in the making: what a maker of ops sees of it. */
export class Draft {
  readonly random: Random;
  readonly nodes: (Leaf | Op)[] = [];
  readonly values: AnyTensor[] = [];

  constructor(random: Random) {
    this.random = random;
  }

  /** The number of a value that fits, more often one of the latest; undefined where none does. */
  find(fits: (x: AnyTensor) => boolean): number | undefined {
    const found = this.values.flatMap((x, i) => (fits(x) ? [i] : []));
    if (found.length === 0) return undefined;
    return this.random.chance(0.5) ? found[found.length - 1] : this.random.pick(found);
  }

  /** The number of a new leaf: f32 ones are often variables, whole numbers never. */
  leaf(shape: Shape, options: { dtype?: Dtype; low?: number; high?: number } = {}): number {
    const {
      dtype = "f32",
      low = dtype === "f32" ? -2 : 0,
      high = dtype === "bool" ? 2 : dtype === "f32" ? 2 : 5,
    } = options;
    const kinds: LeafKind[] = dtype === "f32" ? ["input", "variable", "variable", "constant"] : ["input", "constant"];
    const leaf: Leaf = { kind: this.random.pick(kinds), shape, dtype, low, high };
    this.nodes.push(leaf);
    this.values.push(tensor(numbersFor(leaf, this.random), { shape, dtype }));
    return this.values.length - 1;
  }
}

/** A new program of some of the makers' ops. */
export function makeProgram(random: Random): RandomProgram {
  return scope(() => {
    const draft = new Draft(random);
    for (let i = random.whole(1, 3); i > 0; i--) draft.leaf(randomShape(random));
    const wanted = random.whole(2, 12);
    const made: number[] = [];
    for (let attempt = 0; made.length < wanted && attempt < 60; attempt++) {
      const op = random.pick(makers)(draft);
      if (op === undefined) continue;
      let value: AnyTensor;
      try {
        value = op.apply(draft.values);
      } catch (error) {
        // Not all of a maker's choices fit.
        if (error instanceof ShapeError || error instanceof DtypeError) continue;
        throw new Error(`${op.text} threw ${error}`, { cause: error });
      }
      if (value.size > MOST_NUMBERS) continue;
      made.push(draft.values.length);
      draft.nodes.push(op);
      draft.values.push(value);
    }
    if (made.length === 0) made.push(0);
    const others = random.shuffled(made).slice(0, random.whole(0, 2));
    return { nodes: draft.nodes, outputs: [...new Set([made[made.length - 1], ...others])] };
  });
}

const isLeaf = (node: Leaf | Op): node is Leaf => "kind" in node;

/** What a program's leaves are of one kind. */
export function leavesOf({ nodes }: RandomProgram, kind: LeafKind): Leaf[] {
  return nodes.filter((node): node is Leaf => isLeaf(node) && node.kind === kind);
}

/** New numbers for a leaf. */
export function numbersFor({ shape, dtype, low, high }: Leaf, random: Random): TypedArray {
  const size = sizeOf(shape);
  if (dtype === "f32") return random.floats(size, low, high);
  const numbers = Array.from({ length: size }, () => random.whole(low, high - 1));
  return dtype === "i32" ? Int32Array.from(numbers) : Uint8Array.from(numbers);
}

export function tensorsFor(leaves: readonly Leaf[], random: Random): AnyTensor[] {
  return leaves.map((leaf) => tensor(numbersFor(leaf, random), { shape: leaf.shape, dtype: leaf.dtype }));
}

export function variablesFor(leaves: readonly Leaf[], random: Random): Variable[] {
  return leaves.map((leaf) => scope(() => variable(tensor(numbersFor(leaf, random), { shape: leaf.shape }) as Tensor)));
}

/** The program's outputs of these inputs and variables. */
export function evaluate(
  program: RandomProgram,
  constants: readonly TypedArray[],
  inputs: readonly AnyTensor[],
  variables: readonly AnyTensor[],
): AnyTensor[] {
  const given = { input: [...inputs], variable: [...variables] };
  let constant = 0;
  const values: AnyTensor[] = [];
  for (const node of program.nodes) {
    if (!isLeaf(node)) values.push(node.apply(values));
    else if (node.kind === "constant") {
      values.push(tensor(constants[constant++], { shape: node.shape, dtype: node.dtype }));
    } else values.push(given[node.kind].shift() as AnyTensor);
  }
  return program.outputs.map((i) => values[i]);
}

/** One number of all outputs with floating-point numbers. */
export function lossOf(outputs: readonly AnyTensor[]): Tensor {
  return outputs
    .filter((x) => x.dtype === "f32")
    .map((x) => sum(mul(x as Tensor, 0.37)))
    .reduce((a, b) => add(a, b), tensor(0));
}

/** What a program does, a line for each value. */
export function describe({ nodes, outputs }: RandomProgram): string {
  const lines = nodes.map((node, i) => {
    const what = isLeaf(node) ? `${node.kind} ${node.dtype} ${formatShape(node.shape)}` : node.text;
    return `  ${i}: ${what}`;
  });
  return [...lines, `  returns ${outputs.join(", ")}`].join("\n");
}

/** Mostly small, of any rank to 4, with lengths that vectors do not divide, seldom with none or one number. */
export function randomShape(random: Random, rank = random.whole(0, 4)): number[] {
  const longest = [1, 300, 40, 12, 7][rank] ?? 5;
  return Array.from({ length: rank }, () =>
    random.chance(0.02) ? 0 : random.chance(0.1) ? 1 : random.whole(1, longest),
  );
}
