// The optimizers of the catalogue.
import { optimizers } from "heddle";
import { optimizers as catalogue, type OptimizerEntry, type OptimizerId } from "../catalogue.ts";

export function makeOptimizer(id: OptimizerId, learningRate: number): optimizers.Optimizer {
  const { kind, config }: OptimizerEntry = catalogue[id];
  return optimizers.fromConfig({ kind, config: { ...config, learningRate } });
}
