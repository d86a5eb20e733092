// Confusion matrix and intersection over union.
import { noGrad } from "../autograd/tape.ts";
import {
  binaryIoUOptions,
  confusionOptions,
  ioUOptions,
  oneHotIoUOptions,
  oneHotMeanIoUOptions,
} from "../generated/options.ts";
import { EPSILON, requirePair } from "../losses/targets.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { cast, greaterEqual, notEqual, where } from "../ops/compare.ts";
import { reshape } from "../ops/layout.ts";
import { requireWhole } from "../ops/lower/indices.ts";
import { addSlices } from "../ops/lower/picking.ts";
import { argMax, max } from "../ops/reduce.ts";
import { requireCount, requireList } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import {
  defineMetric,
  GatheringMetric,
  type MetricDefinition,
  type MetricOptions,
  spoiledBy,
  weightOfEach,
  weightsOf,
} from "./metric.ts";
import { Totals } from "./totals.ts";

/** Options of the metrics over class numbers. */
export interface ConfusionOptions extends MetricOptions {
  /** Number of classes, at most 4096. */
  numClasses: number;
  /** A class of yTrue that is not counted, one of them or another whole number; default none. */
  ignoreClass?: number;
  /** Whether yTrue are class numbers instead of one number per class; default true. */
  sparseYTrue?: boolean;
  /** Whether yPred are class numbers instead of one number per class; default true. */
  sparseYPred?: boolean;
  /** The axis of the classes, where they have one; default the last. */
  axis?: number;
}

/** What `ClassCounts` takes; `threshold`: from which on a number of yPred says class 1. */
type CountOptions = ConfusionOptions & { readonly threshold?: number };

type Label = Tensor | Tensor<"i32">;

/** Class numbers, the scores they came from, and whether they are known to be valid. */
interface Told {
  readonly labels: Label;
  readonly by?: Tensor;
  readonly isSure?: boolean;
}

/** The most classes: pairs of them are counted. */
const MOST_CLASSES = 4096;

/** The confusion matrix, accumulated over batches: actual classes are rows, predicted ones columns. */
class ClassCounts {
  readonly classes: number;
  private readonly operation: string;
  private readonly options: CountOptions;
  private readonly totals: Totals;

  constructor(operation: string, options: CountOptions) {
    requireCount(operation, "numClasses", options.numClasses, 1, MOST_CLASSES);
    const { ignoreClass = 0 } = options;
    if (!Number.isInteger(ignoreClass)) {
      throw new ArgumentError(`${operation}: ignoreClass must be a whole number, got ${ignoreClass}`);
    }
    this.operation = operation;
    this.options = options;
    this.classes = options.numClasses;
    this.totals = new Totals(this.classes * this.classes);
  }

  add(yTrue: AnyTensor, yPred: AnyTensor, sampleWeight?: Tensor): void {
    const { operation, classes } = this;
    requirePair(operation, yTrue, yPred as Tensor);
    const { sparseYTrue = true, sparseYPred = true, ignoreClass, axis = -1, threshold } = this.options;
    noGrad(() =>
      scope(() => {
        const told = (x: AnyTensor, isSparse: boolean): Told => {
          if (isSparse) return { labels: (x.dtype === "f32" ? x : cast(x, "i32")) as Label };
          const scores = cast(x, "f32") as Tensor;
          return { labels: argMax(scores, axis), by: max(scores, axis), isSure: (x.shape.at(axis) ?? 0) <= classes };
        };
        const truth = told(yTrue, sparseYTrue);
        const said =
          threshold === undefined
            ? told(yPred, sparseYPred)
            : { labels: cast(greaterEqual(yPred, threshold), "i32") as Label, by: yPred as Tensor, isSure: true };
        const { shape } = said.labels;
        if (truth.labels.size !== said.labels.size) {
          throw new ShapeError(
            `${operation}: yTrue and yPred must have as many classes, ` +
              `got ${formatShape(truth.labels.shape)} and ${formatShape(shape)}`,
          );
        }
        const alike = <X extends AnyTensor>(x: X): X => reshape(x, shape) as X;
        const kept =
          ignoreClass === undefined
            ? undefined
            : (notEqual<"f32" | "i32">(alike(truth.labels), ignoreClass) as Tensor<"bool">);
        const given = weightsOf(operation, said.labels, yPred, kept, sampleWeight);
        let weights = weightOfEach(operation, said.labels, given);
        for (const { by } of [truth, said]) if (by) weights = spoiledBy(alike(by), weights);
        const counted = given && notEqual(weights, 0);
        const numbers = (what: string, { labels, isSure }: Told): Tensor<"i32"> => {
          const seen = counted ? where<"f32" | "i32">(counted, alike(labels), 0) : alike(labels);
          if (!isSure) requireWhole(operation, what, seen as Label, classes);
          return cast(seen, "i32") as Tensor<"i32">;
        };
        const cell = add(mul(numbers("yTrue", truth), classes), numbers("yPred", said));
        const flat = <X extends AnyTensor>(x: X): X => reshape(x, [x.size]) as X;
        this.totals.add(addSlices(flat(weights), flat(cell), classes * classes, 0));
      }),
    );
  }

  /** counts[i][j]: how often class i was predicted as class j. */
  matrix(): number[][] {
    const values = this.totals.values();
    const row = (i: number): number[] => Array.from(values.subarray(i * this.classes, (i + 1) * this.classes));
    return Array.from({ length: this.classes }, (_, i) => row(i));
  }

  reset(): void {
    this.totals.reset();
  }

  dispose(): void {
    this.totals.dispose();
  }
}

/** The metric that {@link confusionMatrix} makes. */
export class ConfusionMatrix extends GatheringMetric<number[][]> {
  /** @internal */
  protected readonly gathered: ClassCounts;

  constructor(options: ConfusionOptions) {
    super(options);
    this.gathered = new ClassCounts("confusionMatrix", options);
  }

  update(yTrue: AnyTensor, yPred: AnyTensor, sampleWeight?: Tensor): void {
    this.gathered.add(yTrue, yPred, sampleWeight);
  }

  result(): number[][] {
    return this.gathered.matrix();
  }
}

/**
 * Confusion matrix: matrix[i][j] is how often class i was predicted as class j, weighted.
 * Shapes: class numbers `[batch, ...]` twice, or one number per class as options say -> `[numClasses, numClasses]` as
 * lists.
 * Errors: ArgumentError for options out of range, and for class numbers that are no class; ShapeError for shapes that
 * do not fit.
 */
export const confusionMatrix: MetricDefinition<typeof ConfusionMatrix> = defineMetric(
  "confusionMatrix",
  ConfusionMatrix,
  { optionNames: confusionOptions },
);

/** Options of {@link IoU}. */
export interface IoUOptions extends ConfusionOptions {
  /** The classes to average over. */
  targetClassIds: readonly number[];
}

/** What the metrics of intersection over union share. */
abstract class Intersection extends GatheringMetric {
  /** @internal */
  protected readonly gathered: ClassCounts;
  private readonly targets: readonly number[];

  /** What is not given is as `defaults` say; without targetClassIds, all classes count. */
  constructor(given: MetricOptions, defaults: Partial<IoUOptions & CountOptions> = {}) {
    super(given);
    const own = Object.entries(given).filter(([, value]) => value !== undefined);
    const options = { ...defaults, ...Object.fromEntries(own) } as Partial<IoUOptions> & CountOptions;
    const { kind } = this;
    this.gathered = new ClassCounts(kind, options);
    const { numClasses } = options;
    const { targetClassIds = Array.from({ length: numClasses }, (_, i) => i) } = options;
    requireList(kind, "targetClassIds", targetClassIds);
    const wrong = targetClassIds.find((id) => !(Number.isInteger(id) && id >= 0 && id < numClasses));
    if (wrong !== undefined) {
      throw new ArgumentError(`${kind}: targetClassIds must be from 0 to ${numClasses - 1}, got ${wrong}`);
    }
    this.targets = [...targetClassIds];
  }

  update(yTrue: AnyTensor, yPred: AnyTensor, sampleWeight?: Tensor): void {
    this.gathered.add(yTrue, yPred, sampleWeight);
  }

  /** Classes that neither occur nor are predicted are left out. NaN if a prediction was. */
  result(): number {
    const matrix = this.gathered.matrix();
    // NaN predictions might have been of whatever class.
    let sum = matrix.some((row) => row.some(Number.isNaN)) ? Number.NaN : 0;
    let found = 0;
    for (const id of this.targets) {
      const truth = matrix[id].reduce((a, b) => a + b, 0);
      const said = matrix.reduce((total, row) => total + row[id], 0);
      const union = truth + said - matrix[id][id];
      if (union <= 1e-9) continue;
      sum += matrix[id][id] / (union + EPSILON);
      found++;
    }
    return sum / (found + EPSILON);
  }
}

/** The metric that {@link iou} makes. */
export class IoU extends Intersection {
  constructor(options: IoUOptions) {
    super(options);
    requireList(this.kind, "targetClassIds", options.targetClassIds);
  }
}

/**
 * Intersection over union, true positives / (true positives + false positives + false negatives), averaged over given
 * classes.
 * Shapes: class numbers `[batch, ...]` twice, or one number per class as options say -> a number.
 * Errors: ArgumentError for options out of range, and for class numbers that are no class; ShapeError for shapes that
 * do not fit.
 */
export const iou: MetricDefinition<typeof IoU> = defineMetric("iou", IoU, {
  direction: "max",
  optionNames: ioUOptions,
});

/** Options of {@link BinaryIoU}. */
export interface BinaryIoUOptions extends MetricOptions {
  /** The classes to average over; default [0, 1]. */
  targetClassIds?: readonly number[];
  /** Predictions of at least this are class 1; default 0.5. */
  threshold?: number;
}

/** The metric that {@link binaryIoU} makes. */
export class BinaryIoU extends Intersection {
  constructor(options: BinaryIoUOptions = {}) {
    super(options, { numClasses: 2, threshold: 0.5 });
  }
}

/**
 * Intersection over union of two classes told apart by a threshold.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, ...]` -> a number.
 * Errors: ArgumentError for options out of range and targets other than 0 and 1; ShapeError for shapes that do not fit.
 */
export const binaryIoU: MetricDefinition<typeof BinaryIoU> = defineMetric("binaryIoU", BinaryIoU, {
  direction: "max",
  optionNames: binaryIoUOptions,
  ofLogits: { threshold: 0 },
});

/** The metric that {@link meanIoU} makes. */
export class MeanIoU extends Intersection {
  constructor(options: ConfusionOptions) {
    super(options);
  }
}

/**
 * Intersection over union, averaged over all classes; those that occur nowhere are left out.
 * Shapes: class numbers `[batch, ...]` twice, or one number per class as options say -> a number.
 * Errors: ArgumentError for options out of range, and for class numbers that are no class; ShapeError for shapes that
 * do not fit.
 */
export const meanIoU: MetricDefinition<typeof MeanIoU> = defineMetric("meanIoU", MeanIoU, {
  direction: "max",
  optionNames: confusionOptions,
});

/** Options of {@link OneHotIoU}. */
export interface OneHotIoUOptions extends Omit<IoUOptions, "sparseYTrue"> {}

/** The metric that {@link oneHotIoU} makes. */
export class OneHotIoU extends Intersection {
  constructor(options: OneHotIoUOptions) {
    super(options, { sparseYTrue: false, sparseYPred: false });
    requireList(this.kind, "targetClassIds", options.targetClassIds);
  }
}

/**
 * {@link iou} of one-hot targets and one number per class.
 * Shapes: `[batch, ..., classes]` twice -> a number.
 * Errors: ArgumentError for options out of range; ShapeError for shapes that do not fit.
 */
export const oneHotIoU: MetricDefinition<typeof OneHotIoU> = defineMetric("oneHotIoU", OneHotIoU, {
  direction: "max",
  optionNames: oneHotIoUOptions,
});

/** Options of {@link OneHotMeanIoU}. */
export interface OneHotMeanIoUOptions extends Omit<ConfusionOptions, "sparseYTrue"> {}

/** The metric that {@link oneHotMeanIoU} makes. */
export class OneHotMeanIoU extends Intersection {
  constructor(options: OneHotMeanIoUOptions) {
    super(options, { sparseYTrue: false, sparseYPred: false });
  }
}

/**
 * {@link meanIoU} of one-hot targets and one number per class.
 * Shapes: `[batch, ..., classes]` twice -> a number.
 * Errors: ArgumentError for options out of range; ShapeError for shapes that do not fit.
 */
export const oneHotMeanIoU: MetricDefinition<typeof OneHotMeanIoU> = defineMetric("oneHotMeanIoU", OneHotMeanIoU, {
  direction: "max",
  optionNames: oneHotMeanIoUOptions,
});
