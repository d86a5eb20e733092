// The optimizers, and finding them by name.
import { lookUp } from "../layers/config.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { Adafactor, type AdafactorOptions } from "./adafactor.ts";
import { Adadelta, type AdadeltaOptions, Adagrad, type AdagradOptions, Ftrl, type FtrlOptions } from "./adagrad.ts";
import { Adam, Adamax, type AdamOptions, AdamW, type MomentOptions, Nadam } from "./adam.ts";
import { Lamb } from "./lamb.ts";
import { Lion, type LionOptions } from "./lion.ts";
import { Muon, type MuonOptions } from "./muon.ts";
import { Optimizer } from "./optimizer.ts";
import { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
import { SGD, type SGDOptions } from "./sgd.ts";

export { Adafactor, type AdafactorOptions } from "./adafactor.ts";
export { Adadelta, type AdadeltaOptions, Adagrad, type AdagradOptions, Ftrl, type FtrlOptions } from "./adagrad.ts";
export { Adam, Adamax, type AdamOptions, AdamW, MomentOptimizer, type MomentOptions, Nadam } from "./adam.ts";
export type { ClippingOptions } from "./clipping.ts";
export type { ParameterGroup } from "./groups.ts";
export { Lamb } from "./lamb.ts";
export { Lion, type LionOptions } from "./lion.ts";
export { LossScaleOptimizer, type LossScaleOptions } from "./loss-scale.ts";
export { Muon, type MuonOptions } from "./muon.ts";
export {
  type Collection,
  type ExclusionOptions,
  Optimizer,
  type OptimizerOptions,
  type Outer,
  type Slots,
  slotsLike,
  type Update,
} from "./optimizer.ts";
export type { LearningRate, Schedule } from "./rate.ts";
export { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
export { SGD, type SGDOptions } from "./sgd.ts";

/** Stochastic gradient descent; see `SGD`. */
export const sgd = (options?: SGDOptions): SGD => new SGD(options);
/** Root mean square propagation; see `RMSprop`. */
export const rmsprop = (options?: RMSpropOptions): RMSprop => new RMSprop(options);
/** Adaptive gradients; see `Adagrad`. */
export const adagrad = (options?: AdagradOptions): Adagrad => new Adagrad(options);
/** Adaptive gradients within a window; see `Adadelta`. */
export const adadelta = (options?: AdadeltaOptions): Adadelta => new Adadelta(options);
/** Adaptive moments; see `Adam`. */
export const adam = (options?: AdamOptions): Adam => new Adam(options);
/** Adam with decoupled weight decay; see `AdamW`. */
export const adamw = (options?: AdamOptions): AdamW => new AdamW(options);
/** Adam by the greatest gradients; see `Adamax`. */
export const adamax = (options?: MomentOptions): Adamax => new Adamax(options);
/** Adam with Nesterov's momentum; see `Nadam`. */
export const nadam = (options?: MomentOptions): Nadam => new Nadam(options);
/** Steps by a momentum's sign; see `Lion`. */
export const lion = (options?: LionOptions): Lion => new Lion(options);
/** Adam's steps scaled to each variable's norm; see `Lamb`. */
export const lamb = (options?: MomentOptions): Lamb => new Lamb(options);
/** Adam with little memory; see `Adafactor`. */
export const adafactor = (options?: AdafactorOptions): Adafactor => new Adafactor(options);
/** "Follow the regularized leader"; see `Ftrl`. */
export const ftrl = (options?: FtrlOptions): Ftrl => new Ftrl(options);
/** Orthogonal momentum for matrices; see `Muon`. */
export const muon = (options?: MuonOptions): Muon => new Muon(options);

/** The optimizers that have a name. */
export type OptimizerName =
  | "sgd"
  | "rmsprop"
  | "adagrad"
  | "adadelta"
  | "adam"
  | "adamw"
  | "adamax"
  | "nadam"
  | "lion"
  | "lamb"
  | "adafactor"
  | "ftrl"
  | "muon";

const makers: { readonly [name in OptimizerName]: (options?: object) => Optimizer } = {
  sgd,
  rmsprop,
  adagrad,
  adadelta,
  adam,
  adamw,
  adamax,
  nadam,
  lion,
  lamb,
  adafactor,
  ftrl,
  muon,
};

/** The optimizer itself, or a new one of that name with these options. ArgumentError, listing the names, for others. */
export function getOptimizer(optimizer: Optimizer | OptimizerName, options?: object): Optimizer {
  if (typeof optimizer === "function") {
    throw new ArgumentError("optimizer: it must be a name or an optimizer, got a function; call it, as in adam()");
  }
  return optimizer instanceof Optimizer ? optimizer : lookUp("optimizer", optimizer, makers)(options);
}
