// A model that is a list of layers, each fed with the output of the one before.
import { sequentialOptions } from "../generated/options.ts";
import { inConfig, type Json, toConfig } from "../layers/config.ts";
import { InputLayer } from "../layers/input.ts";
import { type CallContext, COPY, type Inputs, Layer, type Outputs, REBUILD, snakeCase } from "../layers/layer.ts";
import { families, type LayerMaker, registered } from "../layers/registered.ts";
import { type Shapes, shapeList } from "../layers/shapes.ts";
import type { Symbolic } from "../layers/symbolic.ts";
import { requireList, typeOf } from "../runtime/arguments.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { Graph } from "./graph.ts";
import { DRAWN, Model } from "./model.ts";
import type { SummaryRow } from "./summary.ts";

/** What `new Sequential` takes beside its layers. */
export interface SequentialOptions {
  /** What summaries and files call it; default "sequential", numbered. */
  name?: string;
  /** Whether its weights are trained; default true. */
  trainable?: boolean;
}

/** What `config` of a `Sequential` gives, its layers made. */
interface SequentialConfig extends SequentialOptions {
  layers: readonly Layer[];
  /** The shape of inputs that it is built for. */
  inputShape?: Shapes;
}

/**
 * A model of layers in a row, each applied to the result of the one before: `new Sequential([dense({ units: 10 })])`.
 */
export class Sequential extends Model {
  declare readonly layers: readonly Layer[];
  /** The shape of inputs it is built for. */
  #builtFor: Shapes | undefined;
  #drawn: Graph | undefined;

  /** Builds at once if the first layer says its `inputShape`, else when it sees data. */
  constructor(layers: readonly Layer[] = [], options: SequentialOptions = {}) {
    checkOptions("Sequential", options, sequentialOptions, new.target === Sequential);
    super(options, new.target === Sequential ? "sequential" : snakeCase(new.target, "sequential"));
    if (!Array.isArray(layers)) throw new ArgumentError(`Sequential: layers must be a list, got ${typeof layers}`);
    this.layers = [];
    this.#append(layers);
    this.#begin();
  }

  /**
   * Appends a layer; it is built at once if the model is. Errors: ArgumentError for what is no layer or contains the
   * model.
   */
  add(layer: Layer): void {
    this.#append([layer]);
    if (!this.trainable) layer.trainable = false;
    this[REBUILD]();
    const shape = this.#builtFor;
    if (shape === undefined) this.#begin();
    else this.ensureBuilt(shape);
  }

  #append(layers: readonly Layer[]): void {
    const names = new Set(this.layers.map(({ name }) => name));
    for (const layer of layers) {
      if (!(layer instanceof Layer)) {
        throw new ArgumentError(`Sequential: layers must be layers, got ${typeOf(layer)} among them`);
      }
      if (contains(layer, this)) {
        throw new ArgumentError(`Sequential: a layer must not contain itself, got ${this.name} in ${layer.name}`);
      }
      if (names.has(layer.name)) {
        throw new ArgumentError(`Sequential: names must be different, got two layers ${layer.name}`);
      }
      names.add(layer.name);
    }
    (this.layers as Layer[]).push(...layers);
    this.#drawn = undefined;
  }

  #begin(): void {
    const [first] = this.layers;
    const inputShape = first?.inputShape ?? (first instanceof Sequential ? first.#builtFor : undefined);
    if (inputShape !== undefined) this.ensureBuilt(inputShape);
  }

  #requireLayers(): void {
    if (this.layers.length === 0) throw new StateError(`${this.name}: there must be at least one layer, got none`);
  }

  override call(x: Inputs, { training, addLoss, addMetric }: CallContext): Outputs {
    this.#requireLayers();
    let y: Inputs = x;
    for (const layer of this.layers) {
      const results = layer.applyAll(y, { training, addLoss, addMetric });
      y = results.length === 1 ? results[0] : results;
    }
    return y as Outputs;
  }

  override build(inputShape: Shapes): void {
    this.#requireLayers();
    let shape: Shapes | undefined = inputShape;
    for (const layer of this.layers) shape = shape && layer.ensureBuilt(shape);
    this.#builtFor = inputShape;
  }

  override outputShape(inputShape: Shapes): Shapes | undefined {
    let shape: Shapes | undefined = inputShape;
    for (const layer of this.layers) shape = shape && layer.outputShape(shape);
    return shape;
  }

  /** Its layers, and the shape of inputs it is built for. */
  override config(): Record<string, Json> {
    return inConfig(() => {
      const inputShape = this.#builtFor && { inputShape: this.#builtFor };
      return { ...super.config(), layers: this.layers.map(toConfig), ...inputShape };
    });
  }

  /** @internal */
  override [COPY](options: object, copied: (value: unknown) => unknown): Layer {
    const made = this.constructor as new (layers: unknown, options: object) => Sequential;
    return new made(copied(this.layers), options);
  }

  /** The model as a graph of symbolic inputs and results; StateError before it is built. @internal */
  override [DRAWN](): Graph {
    const shape = this.#builtFor;
    if (shape === undefined) return super[DRAWN]();
    if (this.#drawn === undefined) {
      const inputs = shapeList(shape).map((one) => new InputLayer({ shape: one }).output);
      let results: readonly Symbolic[] = inputs;
      for (const layer of this.layers) results = layer.applyAll(results.length === 1 ? results[0] : results);
      this.#drawn = new Graph(inputs, results);
    }
    return this.#drawn;
  }

  protected override summaryRows(): SummaryRow[] {
    let shape = this.#builtFor;
    return this.layers.map((layer) => {
      shape = (shape && layer.outputShape(shape)) ?? layer.seenShape;
      return { layer, outputShape: shape && shapeList(shape)[0] };
    });
  }
}

/** A model from its configuration, also of a subclass, whose constructor is given the layers and the other options. */
function sequentialOf(made: typeof Sequential, { layers, inputShape, ...options }: SequentialConfig): Sequential {
  requireList("sequential", "layers", layers);
  const model = new made(layers, options);
  if (inputShape !== undefined) model.ensureBuilt(inputShape);
  return model;
}

/** A `Sequential` from its configuration. */
export const sequentialFrom: LayerMaker = Object.assign(
  (config: SequentialConfig) => sequentialOf(Sequential, config),
  { made: Sequential },
);

registered.set("sequential", sequentialFrom);
families.set(Sequential, sequentialOf);

/** Whether a layer is another one, or has it among those inside it. */
function contains(layer: Layer, other: Layer): boolean {
  return layer === other || layer.sublayers().some((inner) => contains(inner, other));
}
