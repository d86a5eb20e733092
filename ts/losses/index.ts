// The losses, and finding them by name.
import { asFunction, lookUp } from "../layers/config.ts";
import {
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalGeneralizedCrossEntropy,
  klDivergence,
  sparseCategoricalCrossentropy,
} from "./crossentropy.ts";
import { ctc } from "./ctc.ts";
import { categoricalHinge, hinge, squaredHinge } from "./hinge.ts";
import type { Loss } from "./loss.ts";
import { circle, contrastive, tripletMargin, tripletSemiHard } from "./metric-learning.ts";
import { dice, tversky } from "./overlap.ts";
import {
  cosineSimilarity,
  huber,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
} from "./regression.ts";

export * from "./crossentropy.ts";
export * from "./ctc.ts";
export * from "./hinge.ts";
export {
  type Bounds,
  type Counted,
  defineLoss,
  type Loss,
  type LossDetails,
  type LossFunction,
  type Reduction,
  type ReductionOptions,
  reduceLoss,
  type TargetsCheck,
} from "./loss.ts";
export * from "./metric-learning.ts";
export * from "./overlap.ts";
export {
  type CosineOptions,
  cosineSimilarity,
  type HuberOptions,
  huber,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
} from "./regression.ts";
export { checkLabels, type Labels, type TargetRange } from "./targets.ts";

/** The names of the losses. */
export type LossName =
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "meanAbsolutePercentageError"
  | "meanSquaredLogarithmicError"
  | "huber"
  | "logCosh"
  | "poisson"
  | "cosineSimilarity"
  | "binaryCrossentropy"
  | "binaryFocalCrossentropy"
  | "categoricalCrossentropy"
  | "categoricalFocalCrossentropy"
  | "sparseCategoricalCrossentropy"
  | "categoricalGeneralizedCrossEntropy"
  | "klDivergence"
  | "hinge"
  | "squaredHinge"
  | "categoricalHinge"
  | "dice"
  | "tversky"
  | "ctc"
  | "circle"
  | "contrastive"
  | "tripletMargin"
  | "tripletSemiHard"
  | "mse"
  | "mae"
  | "mape"
  | "msle"
  | "bce"
  | "kld";

const losses: { readonly [name in LossName]: Loss } = {
  meanSquaredError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredLogarithmicError,
  huber,
  logCosh,
  poisson,
  cosineSimilarity,
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  sparseCategoricalCrossentropy,
  categoricalGeneralizedCrossEntropy,
  klDivergence,
  hinge,
  squaredHinge,
  categoricalHinge,
  dice,
  tversky,
  ctc,
  circle,
  contrastive,
  tripletMargin,
  tripletSemiHard,
  mse: meanSquaredError,
  mae: meanAbsoluteError,
  mape: meanAbsolutePercentageError,
  msle: meanSquaredLogarithmicError,
  bce: binaryCrossentropy,
  kld: klDivergence,
};

/** The loss of this name; a function stays as it is. ArgumentError for an unknown name. */
export function getLoss(loss: LossName | Loss): Loss {
  return typeof loss === "function" ? asFunction("loss", loss) : lookUp("loss", loss, losses);
}
