// The common ops as methods of tensors: x.matmul(w).relu(). Importing this file installs them.
import { backward } from "../autograd/grad.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import { add, div, maximum, minimum, mul, pow, sub } from "./binary.ts";
import { cast, equal, greater, greaterEqual, less, lessEqual, notEqual } from "./compare.ts";
import { abs, clip, cos, exp, log, neg, relu, sigmoid, sin, sqrt, square, tanh } from "./elementwise.ts";
import { broadcastTo, expandDims, flip, pad, reshape, slice, squeeze, tile, transpose } from "./layout.ts";
import { matmul } from "./matmul.ts";
import { argMax, argMin, logSumExp, max, mean, min, sum, variance } from "./reduce.ts";
import { logSoftmax, softmax } from "./softmax.ts";

/** A function of a tensor and more, as a method of that tensor. */
type Method<F> = F extends (x: infer X, ...rest: infer Rest) => infer Y ? (this: X, ...rest: Rest) => Y : never;

/** What a function takes after its first argument. */
type Rest<F extends (...args: never[]) => unknown> = Parameters<F> extends [unknown?, ...infer R] ? R : never;

const methods = {
  abs,
  add,
  argMax,
  argMin,
  backward,
  broadcastTo,
  cast,
  clip,
  cos,
  div,
  equal,
  exp,
  expandDims,
  flip,
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
  relu,
  reshape,
  sigmoid,
  sin,
  slice,
  softmax,
  sqrt,
  square,
  squeeze,
  sub,
  sum,
  tanh,
  tile,
  transpose,
  variance,
};

// The same names again, for the compiler: an interface cannot be derived from functions whose types mention it.
declare module "../tensor/tensor.ts" {
  interface Tensor<D extends Dtype = "f32"> {
    abs: Method<typeof abs>;
    add(b: Tensor<D> | number): Tensor<D>;
    argMax: Method<typeof argMax>;
    argMin: Method<typeof argMin>;
    backward: Method<typeof backward>;
    broadcastTo(...rest: Rest<typeof broadcastTo>): Tensor<D>;
    cast: Method<typeof cast>;
    clip: Method<typeof clip>;
    cos: Method<typeof cos>;
    div: Method<typeof div>;
    equal(b: Tensor<D> | number): Tensor<"bool">;
    exp: Method<typeof exp>;
    expandDims(...rest: Rest<typeof expandDims>): Tensor<D>;
    flip(...rest: Rest<typeof flip>): Tensor<D>;
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
    relu: Method<typeof relu>;
    reshape(...rest: Rest<typeof reshape>): Tensor<D>;
    sigmoid: Method<typeof sigmoid>;
    sin: Method<typeof sin>;
    slice(...rest: Rest<typeof slice>): Tensor<D>;
    softmax: Method<typeof softmax>;
    sqrt: Method<typeof sqrt>;
    square: Method<typeof square>;
    squeeze(...rest: Rest<typeof squeeze>): Tensor<D>;
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
