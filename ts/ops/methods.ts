// The common ops as methods of tensors: x.matmul(w).relu(). Importing this file installs them.
import { stopGradient } from "../autograd/custom.ts";
import { backward } from "../autograd/grad.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import { add, div, maximum, minimum, mul, neg, sub } from "./arithmetic.ts";
import { broadcastTo, sum, tile } from "./broadcast.ts";
import { cast, equal, greater, greaterEqual, less, lessEqual, notEqual } from "./compare.ts";
import {
  abs,
  ceil,
  clip,
  cos,
  exp,
  floor,
  log,
  relu,
  round,
  sigmoid,
  sign,
  sin,
  sqrt,
  square,
  tanh,
} from "./elementwise.ts";
import { expandDims, flip, pad, reshape, slice, squeeze, transpose } from "./layout.ts";
import { matmul } from "./matmul.ts";
import { pow } from "./powers.ts";
import { all, any, argMax, argMin, logSumExp, max, mean, min, prod, std, variance } from "./reduce.ts";
import { cumprod, cumsum } from "./scan.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { argsort, sort } from "./sort.ts";

/** A function of a tensor and more, as a method of that tensor. */
type Method<F> = F extends (x: infer X, ...rest: infer Rest) => infer Y ? (this: X, ...rest: Rest) => Y : never;

/** What a function takes after its first argument. */
type Rest<F extends (...args: never[]) => unknown> = Parameters<F> extends [unknown?, ...infer R] ? R : never;

const methods = {
  abs,
  add,
  all,
  any,
  argMax,
  argMin,
  argsort,
  backward,
  broadcastTo,
  cast,
  ceil,
  clip,
  cos,
  cumprod,
  cumsum,
  div,
  equal,
  exp,
  expandDims,
  flip,
  floor,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maximum,
  mean,
  min,
  minimum,
  mul,
  neg,
  notEqual,
  pad,
  pow,
  prod,
  relu,
  reshape,
  round,
  sigmoid,
  sign,
  sin,
  slice,
  softmax,
  sort,
  sqrt,
  square,
  squeeze,
  std,
  stopGradient,
  sub,
  sum,
  tanh,
  tile,
  transpose,
  variance,
};

/** Their names. */
export const methodNames: readonly string[] = Object.keys(methods);

// The same names again, for the compiler: an interface cannot be derived from functions whose types mention it.
declare module "../tensor/tensor.ts" {
  interface Tensor<D extends Dtype = "f32"> {
    abs: Method<typeof abs>;
    add(b: Tensor<D> | number): Tensor<D>;
    all: Method<typeof all>;
    any: Method<typeof any>;
    argMax: Method<typeof argMax>;
    argMin: Method<typeof argMin>;
    argsort(...rest: Rest<typeof argsort>): Tensor<"i32">;
    backward: Method<typeof backward>;
    broadcastTo(...rest: Rest<typeof broadcastTo>): Tensor<D>;
    cast<E extends Dtype>(dtype: E): Tensor<E>;
    ceil: Method<typeof ceil>;
    clip: Method<typeof clip>;
    cos: Method<typeof cos>;
    cumprod: Method<typeof cumprod>;
    cumsum: Method<typeof cumsum>;
    div: Method<typeof div>;
    equal(b: Tensor<D> | number): Tensor<"bool">;
    exp: Method<typeof exp>;
    expandDims(...rest: Rest<typeof expandDims>): Tensor<D>;
    flip(...rest: Rest<typeof flip>): Tensor<D>;
    floor: Method<typeof floor>;
    greater(b: Tensor<D> | number): Tensor<"bool">;
    greaterEqual(b: Tensor<D> | number): Tensor<"bool">;
    less(b: Tensor<D> | number): Tensor<"bool">;
    lessEqual(b: Tensor<D> | number): Tensor<"bool">;
    log: Method<typeof log>;
    logSoftmax: Method<typeof logSoftmax>;
    logSumExp: Method<typeof logSumExp>;
    matmul: Method<typeof matmul>;
    max: Method<typeof max>;
    maximum(b: Tensor<D> | number): Tensor<D>;
    mean: Method<typeof mean>;
    min: Method<typeof min>;
    minimum(b: Tensor<D> | number): Tensor<D>;
    mul(b: Tensor<D> | number): Tensor<D>;
    neg: Method<typeof neg>;
    notEqual(b: Tensor<D> | number): Tensor<"bool">;
    pad(...rest: Rest<typeof pad>): Tensor<D>;
    pow: Method<typeof pow>;
    prod: Method<typeof prod>;
    relu: Method<typeof relu>;
    reshape(...rest: Rest<typeof reshape>): Tensor<D>;
    round: Method<typeof round>;
    sigmoid: Method<typeof sigmoid>;
    sign: Method<typeof sign>;
    sin: Method<typeof sin>;
    slice(...rest: Rest<typeof slice>): Tensor<D>;
    softmax: Method<typeof softmax>;
    sort(...rest: Rest<typeof sort>): Tensor<D>;
    sqrt: Method<typeof sqrt>;
    square: Method<typeof square>;
    squeeze(...rest: Rest<typeof squeeze>): Tensor<D>;
    std: Method<typeof std>;
    stopGradient(): Tensor<D>;
    sub(b: Tensor<D> | number): Tensor<D>;
    sum: Method<typeof sum>;
    tanh: Method<typeof tanh>;
    tile(...rest: Rest<typeof tile>): Tensor<D>;
    transpose(...rest: Rest<typeof transpose>): Tensor<D>;
    variance: Method<typeof variance>;
  }
}

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
