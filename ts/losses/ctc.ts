// The loss of label sequences that are shorter than what they are read from, such as text of speech.
import { ctcOptions } from "../generated/options.ts";
import { sum } from "../ops/broadcast.ts";
import { cast, less, notEqual, where } from "../ops/compare.ts";
import { ctcLoss } from "../ops/ctc.ts";
import { reshape } from "../ops/layout.ts";
import { requireWhole } from "../ops/lower/indices.ts";
import { arange, full } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineLoss, type LossFunction } from "./loss.ts";
import { checkLabels } from "./targets.ts";

/** Options of `ctc`. */
export interface CtcOptions {
  /** Time steps that count in each example, [batch] (i32); default all. */
  inputLengths?: Tensor<"i32">;
  /** Labels that count in each example, [batch] (i32); default: as many as are not blank. */
  labelLengths?: Tensor<"i32">;
  /** The class that stands for no label; default 0. */
  blank?: number;
}

/**
 * -log p(yTrue | yPred) over all alignments, for each example: yPred are logits [batch, time, classes], yTrue class numbers
 * [batch, longest] with blanks behind the last label. PyTorch's ctc_loss divides each by its number of labels before the
 * mean, and takes log-probabilities [time, batch, classes]. Graves et al., "Connectionist temporal classification" (2006).
 */
export const ctc: LossFunction<CtcOptions> = defineLoss(
  "ctc",
  (yTrue, yPred, { inputLengths, labelLengths, blank = 0 }) => {
    const labels = cast(yTrue, "i32") as Tensor<"i32">;
    const [batch, time, classes] = yPred.shape;
    const lengths =
      labelLengths ?? (cast(sum(cast(notEqual(yTrue, blank), "f32") as Tensor, -1), "i32") as Tensor<"i32">);
    if (yTrue.dtype === "f32" && yTrue.rank === 2) {
      // What lies behind the labels that count may be anything.
      const counts = less(arange(0, yTrue.shape[1], 1, "i32"), reshape(lengths, [lengths.size, 1]) as Tensor<"i32">);
      requireWhole("ctc", "labels", where(counts, yTrue as Tensor, 0), classes);
    }
    return ctcLoss(yPred, labels, inputLengths ?? full([batch], time, "i32"), lengths, blank);
  },
  {
    optionNames: ctcOptions,
    checkTargets: (operation, yTrue, shape, { labelLengths }) => {
      if (labelLengths === undefined) checkLabels(operation, yTrue, shape.at(-1) ?? Number.POSITIVE_INFINITY);
    },
  },
);
