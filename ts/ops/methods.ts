// The commonest ops as methods of tensors, x.matmul(w).relu(): whatever stands in the interface below. Importing this file
// installs them; the build finds the functions of these names (ts/generated/methods.ts).
import type { backward } from "../autograd/grad.ts";
import { methods } from "../generated/methods.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import type * as ops from "./public.ts";

/** A function of a tensor and more, as a method of that tensor. */
type Method<F> = F extends (x: infer X, ...rest: infer Rest) => infer Y ? (this: X, ...rest: Rest) => Y : never;

/** What a function takes after its first argument. */
type Rest<F extends (...args: never[]) => unknown> = Parameters<F> extends [unknown?, ...infer R] ? R : never;

declare module "../tensor/tensor.ts" {
  interface Tensor<D extends Dtype = "f32"> {
    abs: Method<typeof ops.abs>;
    add(b: Tensor<D> | number): Tensor<D>;
    all: Method<typeof ops.all>;
    any: Method<typeof ops.any>;
    argMax: Method<typeof ops.argMax>;
    argMin: Method<typeof ops.argMin>;
    argsort(...rest: Rest<typeof ops.argsort>): Tensor<"i32">;
    at(...rest: Rest<typeof ops.at>): Tensor<D>;
    backward: Method<typeof backward>;
    broadcastTo(...rest: Rest<typeof ops.broadcastTo>): Tensor<D>;
    cast<E extends Dtype>(dtype: E): Tensor<E>;
    ceil: Method<typeof ops.ceil>;
    clip: Method<typeof ops.clip>;
    cos: Method<typeof ops.cos>;
    cumprod: Method<typeof ops.cumprod>;
    cumsum: Method<typeof ops.cumsum>;
    div: Method<typeof ops.div>;
    equal(b: Tensor<D> | number): Tensor<"bool">;
    exp: Method<typeof ops.exp>;
    expandDims(...rest: Rest<typeof ops.expandDims>): Tensor<D>;
    flip(...rest: Rest<typeof ops.flip>): Tensor<D>;
    floor: Method<typeof ops.floor>;
    greater(b: Tensor<D> | number): Tensor<"bool">;
    greaterEqual(b: Tensor<D> | number): Tensor<"bool">;
    less(b: Tensor<D> | number): Tensor<"bool">;
    lessEqual(b: Tensor<D> | number): Tensor<"bool">;
    log: Method<typeof ops.log>;
    logSoftmax: Method<typeof ops.logSoftmax>;
    logSumExp: Method<typeof ops.logSumExp>;
    matmul: Method<typeof ops.matmul>;
    max: Method<typeof ops.max>;
    maximum(b: Tensor<D> | number): Tensor<D>;
    mean: Method<typeof ops.mean>;
    min: Method<typeof ops.min>;
    minimum(b: Tensor<D> | number): Tensor<D>;
    mul(b: Tensor<D> | number): Tensor<D>;
    neg: Method<typeof ops.neg>;
    notEqual(b: Tensor<D> | number): Tensor<"bool">;
    pad(...rest: Rest<typeof ops.pad>): Tensor<D>;
    pow: Method<typeof ops.pow>;
    prod: Method<typeof ops.prod>;
    relu: Method<typeof ops.relu>;
    reshape(...rest: Rest<typeof ops.reshape>): Tensor<D>;
    round: Method<typeof ops.round>;
    sigmoid: Method<typeof ops.sigmoid>;
    sign: Method<typeof ops.sign>;
    sin: Method<typeof ops.sin>;
    slice(...rest: Rest<typeof ops.slice>): Tensor<D>;
    softmax: Method<typeof ops.softmax>;
    sort(...rest: Rest<typeof ops.sort>): Tensor<D>;
    sqrt: Method<typeof ops.sqrt>;
    square: Method<typeof ops.square>;
    squeeze(...rest: Rest<typeof ops.squeeze>): Tensor<D>;
    std: Method<typeof ops.std>;
    stopGradient(): Tensor<D>;
    sub(b: Tensor<D> | number): Tensor<D>;
    sum: Method<typeof ops.sum>;
    tanh: Method<typeof ops.tanh>;
    tile(...rest: Rest<typeof ops.tile>): Tensor<D>;
    transpose(...rest: Rest<typeof ops.transpose>): Tensor<D>;
    variance: Method<typeof ops.variance>;
  }
}

export { methods };

/** Their names. */
export const methodNames: readonly string[] = Object.keys(methods);

for (const [name, method] of Object.entries(methods)) {
  const call = method as (x: unknown, ...rest: unknown[]) => unknown;
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value(this: unknown, ...rest: unknown[]) {
      return call(this, ...rest);
    },
  });
}
