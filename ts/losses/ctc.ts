// Connectionist temporal classification: the loss of unaligned label sequences, such as the text of speech.
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

/** Options of {@link ctc}. */
export interface CtcOptions {
  /** Time steps of each example, i32 [batch]; default all. */
  inputLengths?: Tensor<"i32">;
  /** Labels of each example, i32 [batch]; default: as many as are not blank. */
  labelLengths?: Tensor<"i32">;
  /** The class of no label; default 0. */
  blank?: number;
}

/**
 * Connectionist temporal classification: -log p(yTrue | yPred) over all alignments, yPred logits. PyTorch's ctc_loss
 * divides each by its number of labels before the mean, and takes log-probabilities [time, batch, classes].
 * Shapes: labels `[batch, length]` with blanks after the last, logits `[batch, time, classes]` -> `[]`, or `[batch]`
 * with reduction "none".
 * Errors: ShapeError for shapes that do not fit; ArgumentError for labels or lengths out of range, in captured steps
 * too; DtypeError unless yPred is f32. Source: Graves et al., "Connectionist temporal classification" (2006).
 */
export const ctc: LossFunction<CtcOptions> = defineLoss(
  "ctc",
  (yTrue, yPred, { inputLengths, labelLengths, blank = 0 }) => {
    const labels = cast(yTrue, "i32") as Tensor<"i32">;
    const [batch, time, classes] = yPred.shape;
    const lengths =
      labelLengths ?? (cast(sum(cast(notEqual(yTrue, blank), "f32") as Tensor, -1), "i32") as Tensor<"i32">);
    if (yTrue.dtype === "f32" && yTrue.rank === 2 && yPred.rank === 3) {
      // Padding after the labels may hold any value.
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
