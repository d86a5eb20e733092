// What every layer is: a name, variables made when the input's shape is known, and a call. A subclass needs no more
// than `call`; one with weights makes them in `build`, one that changes the shape says so in `outputShape`.
import { requireTensor } from "../autograd/op.ts";
import { noGrad } from "../autograd/tape.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { unrecorded } from "../runtime/program.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { checkShape, formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { type Json, toJsonRecord } from "./config.ts";
import { getInitializer, type InitializerLike } from "./initializers.ts";
import { getRegularizer, type Regularizer, type RegularizerLike } from "./regularizers.ts";

/** What a call knows beside its input. */
export interface CallContext {
  /** Whether dropout drops and batch normalization uses the batch's own statistics. */
  readonly training: boolean;
}

/** What every layer takes. */
export interface LayerOptions {
  /** Unique in a model; default: the kind and a number, as in "dense_2". */
  name?: string;
  /** Whether its weights are trained; default true. */
  trainable?: boolean;
  /** Shape of one example; a model's first layer needs it to be built before it sees data. */
  inputShape?: Shape;
}

/** What `addWeight` takes. */
export interface WeightOptions {
  shape: Shape;
  /** Default "zeros". */
  initializer?: InitializerLike;
  regularizer?: RegularizerLike;
  /** Default true; false for running statistics. */
  trainable?: boolean;
}

const counts = new Map<string, number>();

/** Counts names from one again, as for a new model in a notebook or a test. */
export function resetLayerNames(): void {
  counts.clear();
}

function nextName(kind: string): string {
  const count = counts.get(kind) ?? 0;
  counts.set(kind, count + 1);
  return count === 0 ? kind : `${kind}_${count}`;
}

export abstract class Layer {
  /** Its type in snake_case: what its default name and a saved model call it. */
  readonly kind: string;
  name: string;
  readonly inputShape: Shape | undefined;
  private readonly options: LayerOptions;
  private ownTrainable: boolean;
  private isBuilt = false;
  /** The input shape that was checked last, and the output shape that follows. */
  private checked: { readonly input: Shape; readonly output: Shape } | undefined;
  private readonly own: Variable[] = [];
  /** Weights that are not trained even when the layer is. */
  private readonly fixed = new Set<Variable>();
  private readonly regularizers = new Map<Variable, Regularizer>();

  /** `options` are also what `config` returns; a subclass hands on all it was given. */
  constructor(kind: string, options: LayerOptions = {}) {
    this.kind = kind;
    this.name = options.name ?? nextName(kind);
    if (options.inputShape !== undefined) checkShape(this.name, options.inputShape);
    this.inputShape = options.inputShape;
    this.ownTrainable = options.trainable ?? true;
    this.options = options;
  }

  /** y for a batch of inputs; the first axis is the batch. */
  abstract call(x: AnyTensor, context: CallContext): Tensor;

  /** Makes the weights for inputs of the given shape, one example's, without the batch axis. */
  build(_inputShape: Shape): void {}

  /** The shape of one example's output; ShapeError for an input that does not fit. Default: the input's. */
  outputShape(inputShape: Shape): Shape {
    return inputShape;
  }

  /** Builds the layer at the first call, then calls it. */
  apply(x: AnyTensor, context: CallContext = { training: false }): Tensor {
    requireTensor(this.name, "inputs", x);
    if (x.rank === 0) throw new ShapeError(`${this.name}: inputs must have a batch axis, got shape []`);
    const expected = this.ensureBuilt(x.shape.slice(1));
    const y = this.call(x, context);
    if (!sameShape(y.shape.slice(1), expected)) {
      throw new ShapeError(
        `${this.name}: outputShape must give the shape of what call returns, ` +
          `got ${perExample(expected)} and ${formatShape(y.shape)}`,
      );
    }
    return y;
  }

  /** Checks the shape of inputs, builds the layer for it if it is not built yet, and returns the shape of outputs. */
  ensureBuilt(inputShape: Shape): Shape {
    if (this.checked !== undefined && sameShape(this.checked.input, inputShape)) return this.checked.output;
    const outputShape = this.outputShape(inputShape);
    if (!this.isBuilt) {
      this.build(inputShape);
      this.isBuilt = true;
    }
    this.checked = { input: inputShape, output: outputShape };
    return outputShape;
  }

  get built(): boolean {
    return this.isBuilt;
  }

  /** All its variables, trainable or not, in the order they were made; layers inside it count. */
  get weights(): Variable[] {
    return [...this.own, ...this.sublayers().flatMap((layer) => layer.weights)];
  }

  /** The variables that training changes. */
  get trainableWeights(): Variable[] {
    return this.weights.filter((weight) => weight.trainable);
  }

  get trainable(): boolean {
    return this.ownTrainable;
  }

  /** Freezes or frees the layer and those inside it: frozen weights stay as they are. */
  set trainable(value: boolean) {
    this.ownTrainable = value;
    for (const weight of this.own) weight.trainable = value && !this.fixed.has(weight);
    for (const layer of this.sublayers()) layer.trainable = value;
  }

  /** Layers inside this one. */
  sublayers(): Layer[] {
    return [];
  }

  /** The penalties that the regularizers of trained weights add to the loss. */
  penalties(): Tensor[] {
    const trained = [...this.regularizers].filter(([weight]) => weight.trainable);
    return [
      ...trained.map(([weight, regularizer]) => regularizer(weight)),
      ...this.sublayers().flatMap((layer) => layer.penalties()),
    ];
  }

  /** The options that make the same layer again, as plain JSON. ArgumentError if one is a function without a name. */
  config(): Record<string, Json> {
    return toJsonRecord(this.name, { ...this.options, name: this.name, trainable: this.trainable });
  }

  /** Frees its variables. */
  dispose(): void {
    for (const weight of this.weights) weight.dispose();
  }

  /** A variable of this layer, named "layer/name": made once, also when a captured step is what builds the layer. */
  protected addWeight(name: string, options: WeightOptions): Variable {
    const { shape, initializer = "zeros", regularizer, trainable = true } = options;
    const weight = unrecorded(() =>
      noGrad(() => {
        const initial = getInitializer(initializer)(shape);
        if (!sameShape(initial.shape, shape)) {
          throw new ShapeError(
            `${this.name}: the initializer of ${name} must return shape ${formatShape(shape)}, ` +
              `got ${formatShape(initial.shape)}`,
          );
        }
        const made = new Variable(initial, { name: `${this.name}/${name}`, trainable: trainable && this.ownTrainable });
        initial.dispose();
        return made;
      }),
    );
    this.own.push(weight);
    if (!trainable) this.fixed.add(weight);
    if (regularizer !== undefined) this.regularizers.set(weight, getRegularizer(regularizer));
    return weight;
  }

  /** The error for inputs of a shape that the layer cannot take: `must` says what they must do. */
  protected misfit(must: string, inputShape: Shape): ShapeError {
    return new ShapeError(`${this.name}: inputs must ${must}, got shape ${perExample(inputShape)}`);
  }

  /** x as a tensor of floats; DtypeError if it is none. */
  protected floats(x: AnyTensor): Tensor {
    requireDtype(this.name, "inputs", x.dtype, "f32");
    return x as Tensor;
  }
}

/** A shape with the batch axis in front, as people read it: [batch, 28, 28, 1]. */
export function perExample(shape: Shape): string {
  return `[${["batch", ...shape].join(", ")}]`;
}

/** Throws an ArgumentError unless `value` is a whole number of at least `least`. */
export function requireCount(operation: string, what: string, value: number, least = 1): void {
  if (!(Number.isInteger(value) && value >= least)) {
    throw new ArgumentError(`${operation}: ${what} must be a whole number of at least ${least}, got ${value}`);
  }
}
