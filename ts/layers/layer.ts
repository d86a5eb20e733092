// The base of all layers: a name, variables made when the input shape is known, and a call. A subclass needs only
// `call`; it makes weights in `build`, and overrides `outputShape` if it changes the shape. A layer of several inputs
// gets lists of tensors and shapes, one of several results returns lists.
import { context, withinLayer } from "../autograd/observe.ts";
import { requireTensor } from "../autograd/op.ts";
import { noGrad } from "../autograd/tape.ts";
import { applyOptions, type Names, weightOptions } from "../generated/options.ts";
import { requireList, requireRecord, requireType } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError, StateError } from "../runtime/errors.ts";
import { unrecorded } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { type Dtype, requireDtype } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import { checkShape, formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import { noteChange, Variable } from "../tensor/variable.ts";
import { type Collector, collector, dropping } from "./collecting.ts";
import { inConfig, type Json, mapLeaves, ownCopy, toJsonRecord } from "./config.ts";
import { type ConstraintLike, getConstraint } from "./constraints.ts";
import { type Definition, type DefinitionDetails, definition, definitionOf, type OptionsClass } from "./definition.ts";
import type { InitializerLike } from "./initializers.ts";
import { attachMask, type Mask, maskOf } from "./masks.ts";
import { BUILD, BUILD_FOR, BUILT_FOR, followTrainable, Module, OWN, STRUCTURE, trainableParts } from "./module.ts";
import { getRegularizer, type Regularizer, type RegularizerLike } from "./regularizers.ts";
import { isLikeDrawn, isShapeList, type Shapes, sameShapes, shapeList } from "./shapes.ts";
import { startingValues } from "./starting-values.ts";
import { refuseMixing } from "./stepping.ts";
import { connect, isSymbolic, type Symbolic } from "./symbolic.ts";

export { requireCount } from "../runtime/arguments.ts";

/** An input, or a list of several. */
export type Inputs = AnyTensor | readonly AnyTensor[];
/** One result, or a list of several. */
export type Outputs = Tensor | readonly Tensor[];
/** The mask of one input, or a list with an entry for each of several. */
export type Masks = Mask | undefined | readonly (Mask | undefined)[];

/** Options of `apply`. */
export interface ApplyOptions {
  /** Whether dropout is active and batch normalization uses the batch's statistics; default false. */
  readonly training?: boolean;
  /** Called with each scalar that a layer adds to the loss; default: a model's `computeLoss` in its step, else none. */
  readonly addLoss?: Collector["addLoss"];
  /** Called with each value that a layer reports; default: the model's metrics in its step, else none. */
  readonly addMetric?: Collector["addMetric"];
  /** Unused, since masks are attached to tensors: allows passing on a context. Default none. */
  readonly mask?: Masks;
}

/** Context of a call. */
export interface CallContext extends ApplyOptions {
  readonly training: boolean;
  /** The mask attached to the input (`attachMask`), undefined where all steps count. */
  readonly mask: Masks;
  /** Adds a scalar to the loss; with a name its mean is also reported by `fit` and `evaluate`. */
  readonly addLoss: Collector["addLoss"];
  /** Reports the mean of a value, a scalar or one per example, in `fit` and `evaluate`. */
  readonly addMetric: Collector["addMetric"];
}

/** Options of all layers. */
export interface LayerOptions {
  /** Unique in a model; default: the kind, numbered, as in "dense_2". */
  name?: string;
  /** Whether its weights are trained; default true. */
  trainable?: boolean;
  /**
   * Shape of one example; the first layer of a model needs it to be built before it sees data. Default: that of the
   * first call.
   */
  inputShape?: Shape;
  /** A penalty on the layer's results, added to the loss; default none. */
  activityRegularizer?: RegularizerLike;
}

/** Options of `addWeight`. */
export interface WeightOptions {
  shape: Shape;
  /** Default "zeros". */
  initializer?: InitializerLike;
  /** A penalty on the weight, added to the loss; default none. */
  regularizer?: RegularizerLike;
  /** Applied to the weight after each update of an optimizer; default none. */
  constraint?: ConstraintLike;
  /** Default true; false for running statistics. */
  trainable?: boolean;
}

/** The type of a layer in snake_case, or what its class is defined as. */
export type LayerKind = string | DefinitionDetails<OptionsClass<Layer>>;

/** What makes layers of a class from their options, the first that the class is constructed with. */
export type LayerDefinition<C extends OptionsClass<Layer>> = Definition<
  C,
  (...options: FirstOf<ConstructorParameters<C>>) => InstanceType<C>
>;

type FirstOf<Given extends unknown[]> = Given extends [infer Options, ...unknown[]]
  ? [options: Options]
  : [options?: NonNullable<Given[0]>];

/** Defines a class of layers, which passes the definition to `Layer`, so that bundlers leave out what is not used. */
/* @__NO_SIDE_EFFECTS__ */
export function defineLayer<C extends OptionsClass<Layer>>(
  kind: string,
  made: C,
  optionNames?: Names,
): LayerDefinition<C> {
  return definition(kind, made, optionNames) as LayerDefinition<C>;
}

const counts = new Map<string, number>();

/**
 * Restarts the numbers in default layer names, as for a new model in a notebook or a test.
 * Errors: none of its own.
 */
export function resetLayerNames(): void {
  counts.clear();
}

/** A class as a kind, variational_encoder of VariationalEncoder, unless a minifier has left nothing of its name. */
export function snakeCase({ name }: { readonly name: string }, otherwise: string): string {
  return name !== "" ? name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase() : otherwise;
}

/** Builds a layer again, for parts that were added. @internal */
export const REBUILD: unique symbol = Symbol("rebuild");
/** Whether its kind and its configuration make another one of its class. @internal */
export const DEFINED: unique symbol = Symbol("defined");
/** Makes a copy from options. @internal */
export const COPY: unique symbol = Symbol("copy");
/** The copies that were made for the layer around the one that is copied next. */
let sharing: Map<Layer, Layer> | undefined;

function nextName(kind: string): string {
  const count = counts.get(kind) ?? 0;
  counts.set(kind, count + 1);
  return count === 0 ? kind : `${kind}_${count}`;
}

/** Lets default names that are given from now on be others than these. */
export function reserveNames(names: Iterable<string>): void {
  for (const name of names) {
    const [, base = name, number = 0] = /^(.+)_(\d{1,9})$/.exec(name) ?? [];
    counts.set(base, Math.max(counts.get(base) ?? 0, Number(number) + 1));
  }
}

/**
 * Base of all layers: a function with weights. A subclass overrides `call`; also `build` to create its own weights by
 * `addWeight`, and `outputShape` if its result has another shape than its input. Shapes are one example's, without the
 * batch axis. `apply(x)` checks the inputs, builds the layer if need be, and calls it.
 */
export abstract class Layer extends Module {
  /** Its type in snake_case, used by default names and saved models. */
  readonly kind: string;
  readonly inputShape: Shape | undefined;
  /** @internal */
  readonly [DEFINED]: boolean;
  readonly #given: LayerOptions | undefined;
  /** The subclass's own. */
  readonly #build: (inputShape: Shapes) => void;
  #isBuilt = false;
  #hasWarned = false;
  /** The input shape that was checked last, and the output shape that follows. */
  #checked: { readonly input: Shapes; readonly output: Shapes | undefined } | undefined;
  /** Of the last call's first result, where only a call can tell. */
  #seen: Shape | undefined;
  readonly #regularizers = new Map<Variable, Regularizer>();
  readonly #activityRegularizer: Regularizer | undefined;
  /** The layers that were found inside it last, for calls within its own. */
  #known: ReadonlySet<unknown> = new Set();

  /**
   * `given` are also what `config` returns; a subclass passes all its options. Given options alone, a layer is of the kind that
   * `defineLayer` or the class's name says. `base` begins default names: the kind.
   */
  constructor(kind: LayerKind | LayerOptions, given?: LayerOptions, base?: string) {
    if (typeof kind !== "string" && typeof kind !== "function") {
      [kind, given] = [snakeCase(new.target, "layer"), kind as LayerOptions];
    }
    const known = definitionOf(new.target, given, kind);
    const own = known?.kind ?? (kind as string);
    const options = given ?? {};
    super(options.name ?? nextName(base ?? own), options.trainable ?? true);
    this.kind = own;
    this[DEFINED] = known?.made === new.target;
    requireType(own, "name", this.name, "string");
    // A copy: the caller may change its lists.
    this.#given = ownCopy(given);
    this.inputShape = this.#given?.inputShape;
    if (this.inputShape !== undefined) checkShape(this.name, this.inputShape);
    // Whoever calls `build` builds it as `ensureBuilt` does: once.
    this.#build = this.build;
    Object.defineProperty(this, "build", {
      value: (shape: Shapes) => void this.ensureBuilt(shape),
      writable: true,
      configurable: true,
    });
    const { activityRegularizer } = options;
    this.#activityRegularizer = activityRegularizer === undefined ? undefined : getRegularizer(activityRegularizer);
  }

  /** Computes the results for a batch of inputs; the first axis is the batch. */
  abstract call(inputs: Inputs, context: CallContext): Outputs;

  /** Creates the weights for inputs of this shape, one example's, without the batch axis. */
  build(_inputShape: Shapes): void {}

  /**
   * The shape of one example's output; undefined if known only after a call. Default: the shape of a single input.
   * Errors: ShapeError for inputs that do not fit.
   */
  outputShape(inputShape: Shapes): Shapes | undefined {
    return isShapeList(inputShape) ? undefined : inputShape;
  }

  /** The dtype of its results for inputs of these dtypes; default f32. */
  outputDtype(_inputDtypes: readonly Dtype[]): Dtype {
    return "f32";
  }

  /**
   * Whether a step of the result depends on several steps of inputs [batch, time, ...], so that the layer must not run
   * in a key-value cache; default false.
   */
  get mixesSteps(): boolean {
    return false;
  }

  /** Whether masked steps do not affect the results of others; default: where steps are not mixed. */
  get supportsMasking(): boolean {
    return !this.mixesSteps;
  }

  /** The masks of the results. Default: a single input's mask for every result that begins with its axes. */
  outputMask(_inputs: Inputs, mask: Masks): Masks {
    return isMaskList(mask) ? undefined : mask;
  }

  /** Builds the layer at the first call, then calls it; on symbolic inputs, records the call. */
  apply(x: Inputs, options?: ApplyOptions): Tensor;
  apply(x: Symbolic | readonly Symbolic[], options?: ApplyOptions): Symbolic;
  apply(x: Inputs | Symbolic | readonly Symbolic[], options: ApplyOptions = {}): Tensor | Symbolic {
    const results = this.applyAll(x as Inputs, options);
    if (results.length !== 1) {
      throw new ArgumentError(
        `${this.name}: apply must be called on layers with one result, got ${results.length} results; use applyAll`,
      );
    }
    return results[0];
  }

  /** The results as a list, for layers that return several, such as recurrent ones with `returnState`. */
  applyAll(x: Inputs, options?: ApplyOptions): Tensor[];
  applyAll(x: Symbolic | readonly Symbolic[], options?: ApplyOptions): Symbolic[];
  applyAll(x: Inputs | Symbolic | readonly Symbolic[], options: ApplyOptions = {}): Tensor[] | Symbolic[] {
    const { name } = this;
    // Calls of layers within others pass on their context.
    const taker = context.root === undefined ? collector() : dropping;
    const {
      training = false,
      addLoss = taker.addLoss,
      addMetric = taker.addMetric,
    } = checkOptions(name, options, applyOptions);
    if (isSymbolic(x)) {
      const own = Object.entries(options).find(([option, value]) => option !== "training" && value !== undefined)?.[0];
      if (own === undefined) return connect(this, x, options.training);
      throw new ArgumentError(`${name}: symbolic inputs may be told training, got ${own}, which only a call can take`);
    }
    const inputs = x instanceof Tensor ? [x] : x;
    if (!Array.isArray(inputs)) requireTensor(name, "inputs", inputs);
    if (inputs.length === 0) throw new ArgumentError(`${name}: inputs must be at least one tensor, got none`);
    const shapes = (inputs as readonly AnyTensor[]).map((input) => {
      requireTensor(name, "inputs", input);
      if (input.rank === 0) throw new ShapeError(`${name}: inputs must have a batch axis, got shape []`);
      return input.shape.slice(1);
    });
    const expected = this.ensureBuilt(x instanceof Tensor ? shapes[0] : shapes);
    const masks = (inputs as readonly AnyTensor[]).map(maskOf);
    const mask = x instanceof Tensor ? masks[0] : masks;
    this.#requireOwner();
    if (this.mixesSteps) {
      refuseMixing(name, inputs);
      if (!this.supportsMasking && !this.#hasWarned && masks.some((mask) => mask !== undefined)) {
        this.#hasWarned = true;
        console.warn(
          `heddle: ${name} mixes the steps that the mask leaves out with the others: it does not know masks`,
        );
      }
    }
    const returned = withinLayer(this, () => this.call(x, { training, addLoss, addMetric, mask }));
    const results = Array.isArray(returned) ? [...returned] : [returned as Tensor];
    for (const y of results) requireTensor(name, "what call returns", y);
    if (expected !== undefined) this.#requireShapes(results, shapeList(expected));
    else this.#seen = results[0]?.shape.slice(1);
    const outputMask = this.outputMask(x, mask);
    results.forEach((y, i) => {
      const own = isMaskList(outputMask) ? outputMask[i] : outputMask;
      if (own !== undefined && sameShape(y.shape.slice(0, own.rank), own.shape)) attachMask(y, own);
      if (this.#activityRegularizer) addLoss(this.#activityRegularizer(y));
    });
    return results;
  }

  /** Checks the input shape, builds the layer if it is not built yet, and returns the output shape. */
  ensureBuilt(inputShape: Shape): Shape | undefined;
  ensureBuilt(inputShape: Shapes): Shapes | undefined;
  ensureBuilt(inputShape: Shapes): Shapes | undefined {
    requireList(this.name, "the shape of inputs", inputShape);
    if (this.#checked !== undefined && sameShapes(this.#checked.input, inputShape)) return this.#checked.output;
    const input = ownCopy(inputShape);
    for (const shape of shapeList(input)) checkShape(this.name, shape);
    const drawn = this.inputShape;
    if (drawn !== undefined && !isShapeList(input) && !isLikeDrawn(input, drawn)) {
      throw this.misfit(`be like its inputShape, ${perExample(drawn)}`, input);
    }
    const output = this.outputShape(input);
    if (!this.#isBuilt) {
      this[BUILD](() => this.#build(input));
      this.#isBuilt = true;
    }
    this.#checked = { input, output };
    return output;
  }

  get built(): boolean {
    return this.#isBuilt;
  }

  override sublayers(): Layer[] {
    return super.sublayers() as Layer[];
  }

  /** Penalties of the regularizers of trained weights, which are added to the loss. */
  penalties(): Tensor[] {
    const all = [...this[STRUCTURE]().modules.values()].flatMap((layer) => [...(layer as Layer).#regularizers]);
    return all.filter(([weight]) => weight.trainable).map(([weight, regularizer]) => regularizer(weight));
  }

  /**
   * The options that make the same layer again, as plain JSON. Errors: ArgumentError for functions that are not known
   * by a name.
   */
  config(): Record<string, Json> {
    const { name, trainable } = this;
    return inConfig(() =>
      toJsonRecord(name, { ...this.#given, name, trainable, trainableParts: trainableParts(this) }),
    );
  }

  /**
   * A new layer from the same options but for `changes`. Layers among them are copied too, and shared ones stay shared. It has
   * weights of its own, newly drawn, and is as frozen as this one. Errors: ArgumentError where the constructor of a subclass
   * takes something else than the options that it passes to `Layer`.
   */
  copy(changes: LayerOptions & { readonly [option: string]: unknown } = {}): this {
    requireRecord(`${this.name}: what a copy changes`, changes);
    const copies = sharing ?? new Map<Layer, Layer>();
    sharing = undefined;
    const copied = <T>(value: T): T =>
      mapLeaves(value, (part) => {
        if (!(part instanceof Layer)) return part;
        let made = copies.get(part);
        if (made === undefined) {
          sharing = copies;
          made = part.copy({ name: part.name });
          sharing = undefined;
          copies.set(part, made);
        }
        return made;
      });
    const refuse = (): never => {
      const must = "copy needs a constructor that takes the layer's options and hands them on";
      throw new ArgumentError(`${this.name}: ${must}, got another; override copy`);
    };
    if (this.#given === undefined && this.constructor.length > 0) refuse();
    const made = this[COPY]({ ...copied({ ...this.#given }), ...changes }, copied) as this;
    if (made.kind !== this.kind) refuse();
    if (!("trainable" in changes)) followTrainable(made, this);
    return made;
  }

  /** A layer of the same class from these options; `copied` gives the copy of each layer in a value. @internal */
  [COPY](options: object, _copied: (value: unknown) => unknown): Layer {
    return new (this.constructor as new (options: object) => Layer)(options);
  }

  /** Its name, kind, shapes and number of parameters in one line. */
  override toString(): string {
    const { kind, name } = this;
    const count = this.weights.reduce((sum, { size }) => sum + size, 0);
    const shape = (shapes: Shapes): string => shapeList(shapes).map(perExample).join(", ");
    const input = this.#checked && shape(this.#checked.input);
    const output = this.#checked?.output ?? this.#seen;
    const built =
      input === undefined ? "not built" : `${input} -> ${output ? shape(output) : "?"}, ${count} parameters`;
    return `${name} (${kind}): ${built}${this.trainable ? "" : ", frozen"}`;
  }

  /** @internal */
  [REBUILD](): void {
    this.#isBuilt = false;
    this.#checked = undefined;
    noteChange();
  }

  /** The shape of one example's output, or its first, as far as it was seen. */
  get seenShape(): Shape | undefined {
    return this.#seen ?? (this.#checked?.output && shapeList(this.#checked.output)[0]);
  }

  /** @internal */
  override get [BUILT_FOR](): Shapes | undefined {
    return this.#checked?.input;
  }

  /** @internal */
  override [BUILD_FOR](shape: Shapes): void {
    if (!this.#isBuilt) this.ensureBuilt(shape);
  }

  /** A layer with weights must be found by whoever trains and saves the one in whose call it is. */
  #requireOwner(): void {
    const root = context.root as Layer | undefined;
    if (root === undefined || root.#known.has(this)) return;
    root.#known = new Set(root[STRUCTURE]().modules.values());
    if (root.#known.has(this) || this.weights.length === 0) return;
    throw new StateError(
      `${root.name}: call used ${this.name}, which is not among the layers of ${root.name}; keep it in a property`,
    );
  }

  /** Creates a variable of this layer, named "layer/name"; only once, even when a captured step builds the layer. */
  protected addWeight(name: string, options: WeightOptions): Variable {
    requireType(this.name, "a weight's name", name, "string");
    const { shape, initializer, regularizer, constraint, trainable } = checkOptions(this.name, options, weightOptions);
    checkShape(this.name, shape);
    const make = (): Variable => {
      const initial = startingValues(initializer ?? "zeros", shape);
      requireTensor(this.name, `the initializer's ${name}`, initial);
      if (sameShape(initial.shape, shape)) return new Variable(initial, { name: `${this.name}/${name}` });
      throw new ShapeError(
        `${this.name}: the initializer of ${name} must return shape ${formatShape(shape)}, ` +
          `got ${formatShape(initial.shape)}`,
      );
    };
    const weight = unrecorded(() => noGrad(() => scope(make)));
    if (constraint !== undefined) weight.constraint = getConstraint(constraint);
    this[OWN](name, weight, trainable ?? true);
    if (regularizer !== undefined) this.#regularizers.set(weight, getRegularizer(regularizer));
    return weight;
  }

  #requireShapes(results: readonly Tensor[], expected: readonly Shape[]): void {
    const fits =
      results.length === expected.length && results.every((y, i) => sameShape(y.shape.slice(1), expected[i]));
    if (fits) return;
    throw new ShapeError(
      `${this.name}: outputShape must give the shape of what call returns, ` +
        `got ${expected.map(perExample).join(", ")} and ${results.map(({ shape }) => formatShape(shape)).join(", ")}`,
    );
  }

  /** The error for inputs of a shape that the layer cannot take: `must` says what is required. */
  protected misfit(must: string, inputShape: Shape): ShapeError {
    return new ShapeError(`${this.name}: inputs must ${must}, got shape ${perExample(inputShape)}`);
  }

  /** x as an f32 tensor. Errors: DtypeError for other dtypes. */
  protected floats(x: AnyTensor): Tensor {
    requireTensor(this.name, "inputs", x);
    requireDtype(this.name, "inputs", x.dtype, "f32");
    return x as Tensor;
  }
}

function isMaskList(mask: Masks): mask is readonly (Mask | undefined)[] {
  return Array.isArray(mask);
}

/** A shape with the batch axis in front, for messages: [batch, 28, 28, 1]. */
export function perExample(shape: Shape): string {
  return `[${["batch", ...shape].join(", ")}]`;
}
