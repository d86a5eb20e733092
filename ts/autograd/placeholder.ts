// A tensor to come: it has a shape and a dtype but no values. Ops applied to it are noted, not run; by whom, subclasses know.
import type { Dtype } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";

/** What ops may be applied to before there are values. */
export abstract class Placeholder {
  abstract readonly shape: Shape;
  abstract readonly dtype: Dtype;
  /** Notes that a function called `name` will be applied to these arguments, itself among them; what it will return. */
  abstract draw(name: string, f: (...args: never[]) => unknown, args: readonly unknown[]): Placeholder;
}

/** The arguments of an op, of which any may be a placeholder, alone or in a list. */
export type Drawn<Args extends readonly unknown[]> = { [I in keyof Args]: Args[I] | Placeholder };

/** What an op is beside a function of tensors: a function of placeholders, or of a placeholder after a tensor or number. */
export interface Drawing<Args extends readonly unknown[]> {
  <S extends Placeholder>(
    x: S | readonly [S, ...(S | AnyTensor)[]] | readonly S[],
    ...rest: Args extends readonly [unknown?, ...infer Rest] ? Drawn<Rest> : never
  ): S;
  <S extends Placeholder>(
    a: AnyTensor | number,
    b: S,
    ...rest: Args extends readonly [unknown?, unknown?, ...infer Rest] ? Drawn<Rest> : never
  ): S;
}
