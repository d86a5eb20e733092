// The optimizers, and finding them by name.
import { lookUp } from "../layers/config.ts";
import { Adam, AdamW } from "./adam.ts";
import { Optimizer } from "./optimizer.ts";
import { RMSprop } from "./rmsprop.ts";
import { SGD } from "./sgd.ts";

export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { type Collection, Optimizer, type OptimizerOptions } from "./optimizer.ts";
export { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
export { SGD, type SGDOptions } from "./sgd.ts";

const makers = {
  sgd: () => new SGD(),
  rmsprop: () => new RMSprop(),
  adam: () => new Adam(),
  adamw: () => new AdamW(),
};

/** The optimizers that have a name. */
export type OptimizerName = keyof typeof makers;

/** The optimizer itself, or a new one of that name with its defaults. ArgumentError, listing the names, for others. */
export function getOptimizer(optimizer: Optimizer | OptimizerName): Optimizer {
  return optimizer instanceof Optimizer ? optimizer : lookUp<() => Optimizer>("optimizer", optimizer, makers)();
}
