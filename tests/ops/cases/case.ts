// A row of the op table: one way to call an op, what goes in and what must come out. tests/ops/ops.test.ts derives the
// tests from it.

import type * as seen from "../../../ts/ops/public.ts";
import type { Dtype } from "../../../ts/tensor/dtype.ts";
import type { AnyTensor } from "../../../ts/tensor/tensor.ts";
import type { NdArray } from "../reference.ts";

/** One input: values spread over [low, high) unless given. */
export interface Input {
  readonly shape: readonly number[];
  /** Default f32; integers are rounded down. */
  readonly dtype?: Dtype;
  /** Default -2. */
  readonly low?: number;
  /** Default 2. */
  readonly high?: number;
  readonly values?: readonly number[];
}

export interface Case {
  /** What is special about it; shown in the test's name. */
  readonly name?: string;
  readonly inputs: readonly Input[];
  /** Calls the op. */
  readonly run: (...inputs: never[]) => AnyTensor;
  /** The same, naively, in float64. */
  readonly reference: (...inputs: NdArray[]) => NdArray;
  /** Largest |value - reference| / (1 + |reference|); default 2e-6. */
  readonly tolerance?: number;
  /** Inputs to take gradients of; default: all of dtype f32. An empty list for what has no gradient. */
  readonly gradients?: readonly number[];
  /** Largest |gradient - difference| / (1 + |difference|); default 1e-4. */
  readonly gradientTolerance?: number;
  /** Whether the gradient's gradient is checked too; default true. False only where a difference steps over a kink. */
  readonly second?: boolean;
  /** Whether the op gives the same values when called again; default true. False for random ops. */
  readonly repeatable?: boolean;
}

/** Type help for a row: the inputs' types are those the op takes. */
export function row<T extends AnyTensor[]>(definition: Omit<Case, "run"> & { run: (...inputs: T) => AnyTensor }): Case {
  return definition as unknown as Case;
}

/** What of a file of ts/ops must have rows: what people see of it and every op, where they return tensors. */
export type RowsOf<M> = {
  [K in keyof M]: M[K] extends (...args: never[]) => AnyTensor | AnyTensor[]
    ? K extends keyof typeof seen
      ? K
      : M[K] extends { readonly opName: string }
        ? K
        : never
    : never;
}[keyof M];
