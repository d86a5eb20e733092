// The optimizers of the catalogue.
import { optimizers } from "heddle";
import type { OptimizerId } from "../catalogue.ts";

type Make = (options: { learningRate: number }) => optimizers.Optimizer;

const makers: { readonly [id in OptimizerId]: Make } = {
  adam: optimizers.adam,
  adamw: optimizers.adamw,
  nadam: optimizers.nadam,
  rmsprop: optimizers.rmsprop,
  momentum: (options) => optimizers.sgd({ ...options, momentum: 0.9 }),
  sgd: optimizers.sgd,
  lion: optimizers.lion,
};

export function makeOptimizer(id: OptimizerId, learningRate: number): optimizers.Optimizer {
  return makers[id]({ learningRate });
}
