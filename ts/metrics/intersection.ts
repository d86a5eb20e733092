// Metrics of classes against classes: the confusion matrix, and how far regions of images cover each other.
import { noGrad } from "../autograd/tape.ts";
import {
  binaryIoUOptions,
  confusionOptions,
  ioUOptions,
  oneHotIoUOptions,
  oneHotMeanIoUOptions,
} from "../generated/options.ts";
import { alignWeights } from "../losses/loss.ts";
import { EPSILON } from "../losses/targets.ts";
import { add, mul } from "../ops/binary.ts";
import { cast, equal, greaterEqual, less, logicalAnd, notEqual, where } from "../ops/compare.ts";
import { broadcastTo, reshape } from "../ops/layout.ts";
import { addSlices } from "../ops/picking.ts";
import { argMax } from "../ops/reduce.ts";
import { MOST_LISTED, requireCount, requireList } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { GatheringMetric } from "./metric.ts";
import { Totals } from "./totals.ts";

/** Options of the metrics of classes. */
export interface ConfusionOptions {
  numClasses: number;
  /** A class of yTrue that does not count; default none. */
  ignoreClass?: number;
  /** Whether yTrue are class numbers, not one number for each class; default true. */
  sparseYTrue?: boolean;
  /** Whether yPred are class numbers, not one number for each class; default true. */
  sparseYPred?: boolean;
  /** The axis of the classes where they have one; default the last. */
  axis?: number;
  name?: string;
}

/** How often each class (rows) is taken for each (columns), gathered over batches. What is no class does not count. */
class ClassCounts {
  readonly classes: number;
  private readonly operation: string;
  private readonly options: ConfusionOptions;
  private readonly totals: Totals;

  constructor(operation: string, options: ConfusionOptions) {
    requireCount(operation, "numClasses", options.numClasses, 1, MOST_LISTED);
    this.operation = operation;
    this.options = options;
    this.classes = options.numClasses;
    this.totals = new Totals(this.classes * this.classes);
  }

  add(yTrue: AnyTensor, yPred: AnyTensor, sampleWeight?: Tensor): void {
    const { sparseYTrue = true, sparseYPred = true, ignoreClass, axis = -1 } = this.options;
    noGrad(() =>
      scope(() => {
        const numbers = (x: AnyTensor, isSparse: boolean): Tensor<"i32"> => {
          if (!isSparse) return argMax(cast(x, "f32") as Tensor, axis);
          const whole = cast(x, "i32") as Tensor<"i32">;
          return x.dtype === "f32" ? where<"i32">(equal(cast(whole, "f32"), x), whole, -1) : whole;
        };
        const [truth, said] = [numbers(yTrue, sparseYTrue), numbers(yPred, sparseYPred)];
        if (truth.size !== said.size) {
          throw new ShapeError(
            `${this.operation}: yTrue and yPred must have as many classes, ` +
              `got ${formatShape(truth.shape)} and ${formatShape(said.shape)}`,
          );
        }
        const inside = (x: Tensor<"i32">): Tensor<"bool"> =>
          logicalAnd(greaterEqual(x, 0), less(x, this.classes)) as Tensor<"bool">;
        const flat = <X extends AnyTensor>(x: X): X => reshape(x, [x.size]) as X;
        let counted = logicalAnd(inside(flat(truth)), inside(flat(said)));
        if (ignoreClass !== undefined) counted = logicalAnd(counted, notEqual(flat(truth), ignoreClass));
        const weights =
          sampleWeight &&
          broadcastTo(alignWeights(this.operation, "sampleWeight", sampleWeight, truth.shape), truth.shape);
        const cell = add(mul(flat(truth), this.classes), flat(said));
        const value = weights ? where(counted, flat(weights as Tensor), 0) : (cast(counted, "f32") as Tensor);
        this.totals.add(addSlices(value, where<"i32">(counted, cell, 0), this.classes * this.classes, 0));
      }),
    );
  }

  /** counts[i][j]: how often class i was taken for class j. */
  matrix(): number[][] {
    const values = Array.from(this.totals.values());
    return Array.from({ length: this.classes }, (_, i) => values.slice(i * this.classes, (i + 1) * this.classes));
  }

  reset(): void {
    this.totals.reset();
  }

  dispose(): void {
    this.totals.dispose();
  }
}

/** matrix[i][j]: how often class i was taken for class j, by their weights. */
export class ConfusionMatrix extends GatheringMetric<number[][]> {
  /** @internal */
  protected readonly gathered: ClassCounts;

  constructor(options: ConfusionOptions) {
    super(
      checkOptions("ConfusionMatrix", options, confusionOptions, new.target === ConfusionMatrix).name ??
        "confusionMatrix",
    );
    this.gathered = new ClassCounts("ConfusionMatrix", options);
  }

  update(yTrue: AnyTensor, yPred: AnyTensor, sampleWeight?: Tensor): void {
    this.gathered.add(yTrue, yPred, sampleWeight);
  }

  result(): number[][] {
    return this.gathered.matrix();
  }
}

/** Options of `IoU`. */
export interface IoUOptions extends ConfusionOptions {
  /** The classes whose mean is taken. */
  targetClassIds: readonly number[];
}

/** Intersection over union of the places of each class, true positives / (true or positive), meaned over some classes. */
export class IoU extends GatheringMetric {
  /** @internal */
  protected readonly gathered: ClassCounts;
  private readonly targets: readonly number[];

  constructor(options: IoUOptions) {
    super(checkOptions("IoU", options, ioUOptions, new.target === IoU).name ?? "iou", "max");
    const { numClasses, targetClassIds } = options;
    requireList("IoU", "targetClassIds", targetClassIds);
    const wrong = targetClassIds.find((id) => !(Number.isInteger(id) && id >= 0 && id < numClasses));
    if (wrong !== undefined) {
      throw new ArgumentError(`IoU: targetClassIds must be from 0 to ${numClasses - 1}, got ${wrong}`);
    }
    this.gathered = new ClassCounts("IoU", options);
    this.targets = targetClassIds;
  }

  update(yTrue: AnyTensor, yPred: AnyTensor, sampleWeight?: Tensor): void {
    this.gathered.add(yTrue, yPred, sampleWeight);
  }

  /** Classes that are neither true nor answered do not count. */
  result(): number {
    const matrix = this.gathered.matrix();
    let [sum, found] = [0, 0];
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

/** Options of `BinaryIoU`. */
export interface BinaryIoUOptions {
  /** Default [0, 1]. */
  targetClassIds?: readonly number[];
  /** From which on an answer is class 1; default 0.5. */
  threshold?: number;
  name?: string;
}

/** `IoU` of two classes told apart by a threshold. */
export class BinaryIoU extends IoU {
  private readonly threshold: number;

  constructor(options: BinaryIoUOptions = {}) {
    const {
      targetClassIds = [0, 1],
      threshold = 0.5,
      name = "binaryIoU",
    } = checkOptions("BinaryIoU", options, binaryIoUOptions, new.target === BinaryIoU);
    super({ numClasses: 2, targetClassIds, name });
    this.threshold = threshold;
  }

  override update(yTrue: AnyTensor, yPred: Tensor, sampleWeight?: Tensor): void {
    noGrad(() => scope(() => super.update(yTrue, greaterEqual(yPred, this.threshold), sampleWeight)));
  }
}

/** `IoU`, meaned over all classes. */
export class MeanIoU extends IoU {
  constructor(options: ConfusionOptions) {
    const { numClasses } = checkOptions("MeanIoU", options, confusionOptions, new.target === MeanIoU);
    requireCount("MeanIoU", "numClasses", numClasses, 1, MOST_LISTED);
    const all = Array.from({ length: numClasses }, (_, i) => i);
    super({ name: "meanIoU", ...options, targetClassIds: all });
  }
}

/** Options of `OneHotIoU`. */
export interface OneHotIoUOptions extends Omit<IoUOptions, "sparseYTrue"> {}

/** `IoU` of yTrue and yPred with one number for each class. */
export class OneHotIoU extends IoU {
  constructor(options: OneHotIoUOptions) {
    checkOptions("OneHotIoU", options, oneHotIoUOptions, new.target === OneHotIoU);
    super({ name: "oneHotIoU", sparseYPred: false, ...options, sparseYTrue: false });
  }
}

/** Options of `OneHotMeanIoU`. */
export interface OneHotMeanIoUOptions extends Omit<ConfusionOptions, "sparseYTrue"> {}

/** `MeanIoU` of yTrue and yPred with one number for each class. */
export class OneHotMeanIoU extends MeanIoU {
  constructor(options: OneHotMeanIoUOptions) {
    checkOptions("OneHotMeanIoU", options, oneHotMeanIoUOptions, new.target === OneHotMeanIoU);
    super({ name: "oneHotMeanIoU", sparseYPred: false, ...options, sparseYTrue: false });
  }
}
