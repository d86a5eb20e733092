// Heddle's one import.
export { configure, type Configuration, engineInfo, type EngineInfo, memory } from "./runtime/engine.ts";
export * from "./runtime/errors.ts";
export { keep, scope } from "./tensor/scope.ts";
export type { Dtype } from "./tensor/dtype.ts";
export * from "./tensor/create.ts";
export { type AnyTensor, type Nested, Tensor } from "./tensor/tensor.ts";
export { Variable, variable } from "./tensor/variable.ts";
export { capture } from "./autograd/capture.ts";
export { checkGradient } from "./autograd/check.ts";
export { backward, grad, valueAndGrad } from "./autograd/grad.ts";
export { defineOp } from "./autograd/op.ts";
export { noGrad } from "./autograd/tape.ts";
