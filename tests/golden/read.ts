// Reading what the scripts of this folder have computed.
import { readFileSync } from "node:fs";
import { tensor } from "../../ts/tensor/create.ts";
import type { Dtype } from "../../ts/tensor/dtype.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";

/** A tensor as the scripts write it; of f32 where they do not say. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype?: Dtype;
}

/** What was written to the file of this name. */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), "utf8"));
}

export function toTensor<D extends Dtype = "f32">({ shape, data, dtype = "f32" }: Values): Tensor<D> {
  return tensor([...data], { shape, dtype: dtype as D });
}
