// The optimizers, and finding them by name.
import { lookUp } from "../layers/config.ts";
import { Adam, type AdamOptions, AdamW } from "./adam.ts";
import { Optimizer } from "./optimizer.ts";
import { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
import { SGD, type SGDOptions } from "./sgd.ts";

export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { type Collection, Optimizer, type OptimizerOptions } from "./optimizer.ts";
export { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
export { SGD, type SGDOptions } from "./sgd.ts";

/** Stochastic gradient descent; see `SGD`. */
export const sgd = (options?: SGDOptions): SGD => new SGD(options);
/** Root mean square propagation; see `RMSprop`. */
export const rmsprop = (options?: RMSpropOptions): RMSprop => new RMSprop(options);
/** Adaptive moments; see `Adam`. */
export const adam = (options?: AdamOptions): Adam => new Adam(options);
/** Adam with decoupled weight decay; see `AdamW`. */
export const adamw = (options?: AdamOptions): AdamW => new AdamW(options);

const makers = { sgd, rmsprop, adam, adamw };

/** The optimizers that have a name. */
export type OptimizerName = keyof typeof makers;

/** The optimizer itself, or a new one of that name with its defaults. ArgumentError, listing the names, for others. */
export function getOptimizer(optimizer: Optimizer | OptimizerName): Optimizer {
  return optimizer instanceof Optimizer ? optimizer : lookUp<() => Optimizer>("optimizer", optimizer, makers)();
}
