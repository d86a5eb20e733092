// A model: a layer that can be compiled, fitted, evaluated and asked for predictions. It is drawn from symbolic inputs to
// outputs, a `Sequential`, or a subclass that says in `call` what it computes.

import type { ArrayData } from "../data/array.ts";
import type { DataList, Examples, Targets } from "../data/rows.ts";
import type { BatchStream } from "../data/source.ts";
import { readFile, writeFileAtomic } from "../formats/files.ts";
import {
  compileOptions,
  exampleWeighting,
  functionalOptions,
  weighting as weightingOptions,
} from "../generated/options.ts";
import { inConfig, type Json } from "../layers/config.ts";
import { InputLayer } from "../layers/input.ts";
import {
  type CallContext,
  COPY,
  type Inputs,
  type Layer,
  type LayerOptions,
  type Masks,
  type Outputs,
  snakeCase,
} from "../layers/layer.ts";
import { PARTS } from "../layers/module.ts";
import { families, type LayerMaker, registered } from "../layers/registered.ts";
import { type Shapes, shapeList } from "../layers/shapes.ts";
import type { Symbolic } from "../layers/symbolic.ts";
import type { Metric } from "../metrics/metric.ts";
import { getOptimizer, type OptimizerName } from "../optim/index.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { quoted } from "../runtime/arguments.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { type FilePath, pathOf } from "../runtime/paths.ts";
import type { Shape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Compiled, ModelSteps, OWN_STEPS } from "./batch-step.ts";
import {
  BatchBuffers,
  BUFFERS,
  type ExampleWeighting,
  PART_NAMES,
  type PartNames,
  toExamples,
  type Weighting,
  weighClasses,
} from "./batches.ts";
import type { Evaluation, LogName, Logs } from "./callbacks/callback.ts";
import type { History } from "./callbacks/history.ts";
import { argumentsOf } from "./feed.ts";
import {
  type EvaluateOptions,
  evaluateModel,
  Figures,
  type FitOptions,
  fitModel,
  type PredictOptions,
  requireIdle,
} from "./fit.ts";
import { type Drawing, drawnFrom, type FunctionalOptions, Graph } from "./graph.ts";
import { completed } from "./model-copy.ts";
import { optimizersOf } from "./model-optimizers.ts";
import { defineViews, only } from "./model-views.ts";
import { type Judgement, Objective } from "./objective.ts";
import { isOwned } from "./owned.ts";
import { predictModel } from "./predict.ts";
import { encodeModel, type SaveOptions } from "./saving.ts";
import { Prediction, Steps } from "./steps.ts";
import { type SummaryRow, summarize } from "./summary.ts";
import { decodeWeights, encodeWeights } from "./weights.ts";

/** The graph that a model is drawn as. @internal */
export const DRAWN: unique symbol = Symbol("drawn");

/** What `compile` takes. */
export interface CompileOptions extends Judgement {
  /** A name or an optimizer; default "rmsprop", as in Keras. */
  optimizer?: Optimizer | OptimizerName;
  /**
   * Whether steps run anew each time, slowly, instead of being captured: for debugging, since `call`, losses and metrics may
   * then read and print values; default false.
   */
  runEagerly?: boolean;
}

/**
 * A layer that is trained and asked for predictions: `new Model({ inputs, outputs })` from what `layers.input` and
 * layers applied to it gave, or a subclass that says in `call` what it computes from the layers among its properties.
 * `call` is captured: numbers that it reads from variables of JavaScript, and what an `if` decides, stay as they were at the
 * first batch of a shape; see `compile`.
 */
export class Model extends ModelSteps {
  #stopTraining = false;
  readonly #graph: Graph | undefined;
  #compiled: Compiled | undefined;
  #captured: Steps | undefined;
  #prediction: Prediction | undefined;
  #ownsOptimizer = false;
  #isDisposed = false;
  readonly #buffers = new BatchBuffers(true);

  /** Its layers: in the order of their first application where it is drawn, inputs among them. */
  declare readonly layers: readonly Layer[];
  /** What it is drawn from: the only symbolic input. ArgumentError where there are several. */
  declare readonly input: Symbolic;
  /** The only symbolic result; that of a layer inside is an output of another model. */
  declare readonly output: Symbolic;
  declare readonly inputs: readonly Symbolic[];
  declare readonly outputs: readonly Symbolic[];
  /** That of `compile`. */
  declare readonly optimizer: Optimizer;
  /** Those of `compile`. */
  declare readonly metrics: readonly Metric[];

  static {
    defineViews(Model.prototype, {
      layers: (model) => model.#graph?.layers ?? model.sublayers(),
      inputs: (model) => model[DRAWN]().inputs,
      outputs: (model) => model[DRAWN]().outputs,
      input: (model) => only(model.name, "inputs", model.inputs),
      output: (model) => only(model.name, "outputs", model.outputs),
      optimizer: (model) => model.compilation.optimizer,
      metrics: (model) => model.compilation.objective.metrics,
    });
  }

  /** A functional model from its inputs to its outputs; subclasses leave these out and override `call`. */
  constructor(options: FunctionalOptions | LayerOptions = {}, kind?: string, base?: string) {
    const { inputs, outputs, ...rest } = checkOptions(
      "Model",
      options as FunctionalOptions,
      functionalOptions,
      new.target === Model,
    );
    const isDrawn = inputs !== undefined || outputs !== undefined;
    // Errors name the class of a subclass.
    const own = new.target === Model ? "functional" : snakeCase(new.target, "functional");
    super(kind ?? own, rest, base);
    if (!isDrawn) return;
    this.#graph = new Graph([inputs].flat(), [outputs].flat());
    const shapes = this.#graph.inputs.map(({ shape }) => shape);
    this.ensureBuilt(shapes.length === 1 ? shapes[0] : shapes);
  }

  /** The layer of this name or index. Shapes: none. Errors: ArgumentError where there is none. */
  getLayer(which: string | number): Layer {
    const { layers } = this;
    const found = typeof which === "number" ? layers.at(which) : layers.find(({ name }) => name === which);
    if (found) return found;
    const known = layers.map(({ name }) => name).join(", ");
    throw new ArgumentError(`getLayer: ${this.name} has the layers ${known}, got ${quoted(which)}`);
  }

  /**
   * The symbolic result of the layer of this name, or at this index, for another model: `new Model({ inputs: model.inputs,
   * outputs: [model.outputOf("conv"), model.output] })` also returns what happens inside. Errors: ArgumentError unless there is one.
   */
  outputOf(which: string | number): Symbolic {
    return this[DRAWN]().outputOf(this.getLayer(which));
  }

  /** @internal */
  get [BUFFERS](): BatchBuffers {
    return this.#buffers;
  }

  /** @internal */
  get [PART_NAMES](): PartNames {
    return { inputs: this.inputNames, outputs: this.compilation.objective.targeted, isOwn: this[OWN_STEPS] };
  }

  /** @internal */
  [DRAWN](): Graph {
    return this.#drawn("inputs");
  }

  /** The outputs for inputs. Errors: StateError where neither inputs and outputs nor a subclass say what to compute. */
  call(x: Inputs, { training, addLoss, addMetric }: CallContext): Outputs {
    const outputs = this.#drawn("call").run(x instanceof Tensor ? [x] : x, { training, addLoss, addMetric });
    return outputs.length === 1 ? outputs[0] : outputs;
  }

  /** Of a subclass: undefined, unless it says so, since only a call can tell. */
  override outputShape(inputShape: Shapes): Shapes | undefined {
    const shapes = this.#graph?.shapesFor(shapeList(inputShape));
    return shapes?.length === 1 ? shapes[0] : shapes;
  }

  /** None of its own: the layers inside have given their results the masks that belong to them. */
  override outputMask(): Masks {
    return undefined;
  }

  override sublayers(): Layer[] {
    return [...new Set([...(this.#graph?.layers ?? []), ...super.sublayers()])];
  }

  /** Of a functional model: its layers too. @internal */
  override [PARTS](): object {
    // Inputs have no part in it, so that a sequential model has the structure of a functional chain.
    const layers = this.#graph?.layers.filter((layer) => !(layer instanceof InputLayer));
    return layers ? { [Object.hasOwn(this, "layers") ? "drawn" : "layers"]: layers, ...this } : this;
  }

  /** Of a functional model: its layers and how they are connected too. */
  override config(): Record<string, Json> {
    return inConfig(() => ({ ...super.config(), ...this.#graph?.config() }));
  }

  override copy(changes: Parameters<Layer["copy"]>[0] = {}): this {
    return completed(this, super.copy(changes), "trainable" in changes);
  }

  /** @internal */
  override [COPY](options: object, copied: (value: unknown) => unknown): Layer {
    // A subclass that draws itself ignores this drawing.
    return super[COPY]({ ...options, ...this.#graph?.copy(copied as (layer: Layer) => Layer) }, copied);
  }

  /** Set it to true in a callback, and training ends after the current batch. */
  get stopTraining(): boolean {
    return this.#stopTraining;
  }

  set stopTraining(on: boolean) {
    this.#stopTraining = on;
  }

  /** Names of the outputs, which losses, metrics and targets may be given by. */
  get outputNames(): readonly string[] {
    return this.#compiled?.objective.outputs.map(({ name }) => name) ?? this.#graph?.outputNames ?? ["output"];
  }

  /**
   * Settles how the model is trained and measured. `fit`, `evaluate` and `predict` run `call`, losses and metrics once, and
   * repeat what they computed: a number that these read from a variable of JavaScript, and what an `if` decided, stays as it
   * was then. What is to change between steps must be a tensor's value (`variable`), or seldom a layer's field (see `fit`), or
   * `runEagerly` be set. What an earlier compile made by name is freed; optimizers and metrics that were handed in stay their owner's.
   * Errors: ArgumentError for unknown names, listing the known ones; StateError while `fit` runs.
   */
  compile(options: CompileOptions = {}): void {
    const {
      optimizer = "rmsprop",
      runEagerly = false,
      ...judgement
    } = checkOptions("compile", options, compileOptions);
    requireIdle("compile", this);
    const objective = new Objective(this.#graph?.outputNames, judgement);
    const compiled = { optimizer: getOptimizer(optimizer), objective, runEagerly };
    const isKept = compiled.optimizer === this.#compiled?.optimizer;
    this.discard(isKept);
    this.#ownsOptimizer = typeof optimizer === "string" || isOwned(optimizer) || (isKept && this.#ownsOptimizer);
    this.#compiled = compiled;
  }

  /** Frees what `compile` and its steps made, the optimizer too unless it is to be kept. */
  private discard(keepOptimizer = false): void {
    this.#captured?.dispose();
    this.#prediction?.dispose();
    this.#buffers.dispose();
    this.#captured = this.#prediction = undefined;
    this.#compiled?.objective.dispose();
    if (this.#ownsOptimizer && !keepOptimizer) this.#compiled?.optimizer.dispose();
  }

  /** Names of the inputs of a drawn model, which data may be given by: those of its input layers. */
  get inputNames(): readonly string[] | undefined {
    return this.#graph?.inputs.map(({ node }) => node.layer.name);
  }

  /** The optimizer, the losses and the metrics; StateError before `compile`, and when the model is disposed. */
  override get compilation(): Compiled {
    if (this.#isDisposed) throw new StateError(`${this.name}: the model must not be disposed, got one that is`);
    if (this.#compiled === undefined)
      throw new StateError(`${this.name}: the model must be compiled first, got no compile()`);
    return this.#compiled;
  }

  /**
   * Trains on batches as they come, `[x, y]` or `[x, y, sampleWeight]`: of a Source, an iterable or async iterable, such as a
   * generator's, or a function of the epoch's number that returns one. An epoch is a pass over them, or `stepsPerEpoch`
   * batches. What is read is closed (`return()`) when training ends, is aborted or fails; an error of the generator's is that
   * of the promise. Errors: each batch is checked before its step, and must be like the first in dtypes and number of axes.
   */
  fit(batches: BatchStream, options?: FitOptions): Promise<History>;
  /**
   * Trains on examples x and targets y, epoch after epoch. It yields to the event loop between steps. Several inputs or
   * outputs: lists of tensors or ArrayData, or records of targets by the outputs' names. Without a loss of `compile`'s there
   * is no y; steps of its own take any, or none. Defaults: 1 epoch, batches of 32, shuffled. The first step of each shape of batches is captured, the others
   * repeat it: see `compile` for what that means to `call`, losses and metrics of one's own. Which weights are trained is
   * looked up before each step, and plain fields of layers, such as `rate` of a dropout, when an epoch begins and after hooks
   * of a batch.
   * Errors: everything about the data is checked before the first step; StateError while another `fit` trains the model.
   */
  fit(x: DataList, y?: Targets, options?: FitOptions): Promise<History>;
  fit(x: DataList | BatchStream, y?: Targets | FitOptions, options?: FitOptions): Promise<History> {
    return fitModel(this, x, ...argumentsOf(x, y, options));
  }

  /** Loss and metrics over batches as they come, all or so many `steps`. Errors: as of `fit`. */
  evaluate<Name extends string = LogName>(batches: BatchStream, options?: EvaluateOptions): Promise<Evaluation<Name>>;
  /** Loss and metrics over examples x and targets y. Default: batches of 32. */
  evaluate<Name extends string = LogName>(
    x: DataList,
    y?: Targets,
    options?: EvaluateOptions,
  ): Promise<Evaluation<Name>>;
  evaluate(x: DataList | BatchStream, y?: Targets | EvaluateOptions, options?: EvaluateOptions): Promise<Logs> {
    return evaluateModel(this, x, ...argumentsOf(x, y, options));
  }

  /**
   * The only output for all examples, in batches of 32 by default. x may also give batches as they come; see `fit`.
   * Shapes: `[length, ...]` -> `[length, ...output]`. Errors: ArgumentError for several outputs; ShapeError for other
   * inputs.
   */
  async predict(x: DataList | BatchStream, options: PredictOptions = {}): Promise<Tensor> {
    const outputs = await this.predictAll(x, options);
    if (outputs.length !== 1) {
      throw new ArgumentError(
        `predict: it must be called on models of one output, got ${outputs.length} outputs; use predictAll`,
      );
    }
    return outputs[0];
  }

  /** All outputs, as of `predict`. Shapes: `[length, ...]` -> `[length, ...output]` each. Errors: as of `predict`. */
  predictAll(x: DataList | BatchStream, options: PredictOptions = {}): Promise<Tensor[]> {
    return predictModel(this, x, options, (batch) => {
      this.#prediction ??= new Prediction(this, this.#compiled?.runEagerly ?? false);
      return this.#prediction.run(batch);
    });
  }

  /** Trains on one batch, y and weighting default none; its loss and metrics. Errors: as of `fit`. */
  trainOnBatch<Name extends string = LogName>(x: DataList, y?: Targets, weighting: Weighting = {}): Evaluation<Name> {
    checkOptions("trainOnBatch", weighting, weightingOptions);
    return this.onBatch("trainOnBatch", x, y, weighting, "train");
  }

  /** Loss and metrics of one batch, y and weighting default none. Errors: as of `fit`. */
  testOnBatch<Name extends string = LogName>(
    x: DataList,
    y?: Targets,
    weighting: ExampleWeighting = {},
  ): Evaluation<Name> {
    checkOptions("testOnBatch", weighting, exampleWeighting);
    return this.onBatch("testOnBatch", x, y, weighting, "test");
  }

  private onBatch(
    operation: string,
    x: DataList,
    y: Targets | undefined,
    weighting: Weighting,
    step: "train" | "test",
  ): Evaluation<string> {
    const given = toExamples(operation, { x, y, sampleWeight: weighting.sampleWeight }, this[PART_NAMES], true);
    const examples = weighClasses(operation, given, weighting.classWeight);
    this.prepare(operation, examples);
    const { length } = examples;
    const figures = new Figures(this.compilation.objective);
    try {
      figures.step(undefined, () => this.steps[step](this.#buffers.batch(examples, { begin: 0, end: length })));
      return figures.logs() as Evaluation<string>;
    } finally {
      figures.end();
    }
  }

  /** The captured steps, made anew when layers have been frozen, freed or added since. @internal */
  get steps(): Steps {
    const compiled = this.compilation;
    this.refresh(false);
    this.#captured ??= new Steps(this, compiled);
    return this.#captured;
  }

  /** Forgets captured steps of the model as it was; `thoroughly` also where layers or their fields were changed. @internal */
  refresh(thoroughly: boolean): void {
    if (this.#captured?.freshness.isStale(thoroughly)) {
      this.#captured.dispose();
      this.#captured = undefined;
    }
    if (this.#prediction?.freshness.isStale(thoroughly)) {
      this.#prediction.dispose();
      this.#prediction = undefined;
    }
  }

  /**
   * Checks examples and targets against the model and builds it, if their shapes tell how; else its first call does. Gives
   * the shapes of its outputs, where they are known.
   * Errors: ShapeError for examples that do not fit, ArgumentError for targets that a loss cannot mean. @internal
   */
  prepare(
    operation: string,
    { inputs, targets }: Pick<Examples, "targets"> & { readonly inputs: readonly { readonly shape: Shape }[] },
  ): readonly Shape[] | undefined {
    this.refresh(true);
    const shapes = inputs.map(({ shape }) => shape.slice(1));
    const own = this.outputShape(shapes.length === 1 ? shapes[0] : shapes);
    const known = own && shapeList(own);
    this.checkTargets(operation, targets, known);
    this.ensureBuilt(shapes.length === 1 ? shapes[0] : shapes);
    return known;
  }

  /** Throws an ArgumentError for targets that a loss cannot mean. @internal */
  checkTargets(operation: string, targets: readonly ArrayData[], known: readonly Shape[] | undefined): void {
    // Steps of its own know what they are.
    for (const [i, y] of this[OWN_STEPS] ? [] : targets.entries()) {
      const { loss } = this.compilation.objective.outputs[i] ?? {};
      loss?.checkTargets?.(operation, y, known?.[i] ?? []);
    }
  }

  /** The layers and their numbers of weights as a table. Errors: none. */
  summary(): string {
    return summarize(this.name, this.summaryRows());
  }

  /** The weights as the bytes of a safetensors file. Errors: StateError where there are none. */
  exportWeights(): Uint8Array {
    return encodeWeights(this);
  }

  /** Loads weights from such bytes, and builds layers for them. Errors: FormatError, and nothing changed, unless they fit. */
  importWeights(bytes: Uint8Array): void {
    decodeWeights(this, bytes);
  }

  /** The whole model as bytes for `importModel`. Errors: ArgumentError for functions that are not known by a name. */
  exportModel(options: SaveOptions = {}): Uint8Array {
    return encodeModel(this, this.#compiled, options);
  }

  /**
   * Writes the whole model to one file, or leaves the old one as it is: `loadModel` makes it again, ready to go on training with
   * the same bits. Errors: ArgumentError for functions that are not known by a name.
   */
  async save(path: FilePath, options: SaveOptions = {}): Promise<void> {
    await writeFileAtomic(path, this.exportModel(options));
  }

  /** Writes the weights to a safetensors file, replacing an old one at once. Errors: StateError without a file system. */
  saveWeights(path: FilePath): Promise<void> {
    return writeFileAtomic(path, this.exportWeights());
  }

  /** Loads the weights from a safetensors file. Errors: FormatError, and nothing changed, where it does not fit. */
  async loadWeights(path: FilePath): Promise<void> {
    decodeWeights(this, await readFile(path), pathOf("loadWeights: the path", path));
  }

  /** Frees its weights, and what `compile`, `fit` and `predict` made. */
  override dispose(): void {
    this.discard();
    const kept = [...optimizersOf(this).values()];
    if (this.#compiled && !this.#ownsOptimizer) kept.push(this.#compiled.optimizer);
    for (const optimizer of kept) optimizer.forget(this.weights);
    this.#compiled = undefined;
    this.#isDisposed = true;
    super.dispose();
  }

  /** The rows of `summary`. */
  protected summaryRows(): SummaryRow[] {
    if (this.#graph) return this.#graph.rows();
    const inside = this.sublayers();
    return (inside.length > 0 ? inside : [this]).map((layer) => ({ layer, outputShape: layer.seenShape }));
  }

  #drawn(operation: string): Graph {
    if (this.#graph) return this.#graph;
    throw new StateError(
      `${this.name}: a model without inputs and outputs must override ${operation}, got one that does not`,
    );
  }
}

/** A drawn model from its configuration. */
export const functionalFrom: LayerMaker = Object.assign((x: Drawing) => new Model(drawnFrom(x)), { made: Model });

registered.set("functional", functionalFrom);
// Subclasses that were drawn are drawn again.
families.set(Model, (made: new (options: object) => Model, config: Drawing | LayerOptions) => {
  return new made("calls" in config ? drawnFrom(config) : config);
});
