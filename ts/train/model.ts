// A model: a layer that can be compiled, fitted, evaluated and asked for predictions. Subclasses say how to call it.
import type { ArrayData } from "../data/array.ts";
import { readFile, writeFileAtomic } from "../io/files.ts";
import { Layer, type LayerOptions } from "../layers/layer.ts";
import { checkLabels, getLoss, type Loss, type LossName, sparseCategoricalCrossentropy } from "../losses/index.ts";
import { getMetric, type Metric, type MetricName } from "../metrics/index.ts";
import { getOptimizer, type OptimizerName } from "../optim/index.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { StateError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import { type Tensor, unfilled } from "../tensor/tensor.ts";
import { type Data, type Pairs, toPairs, toRows } from "./batches.ts";
import type { History, Logs } from "./callbacks.ts";
import { checkOptions, type EvaluateOptions, evaluateModel, type FitOptions, fitModel, makePause } from "./fit.ts";
import { ProgressBar } from "./progress.ts";
import { type Compiled, Prediction, Steps } from "./steps.ts";
import { summarize } from "./summary.ts";
import { decodeWeights, encodeWeights } from "./weights.ts";

/** What `compile` takes. */
export interface CompileOptions {
  /** A name or an optimizer; default "rmsprop", as in Keras. */
  optimizer?: Optimizer | OptimizerName;
  /** A name or a function (labels, predictions) => scalar. */
  loss: Loss | LossName;
  /** Names, metrics, or functions (labels, predictions) => values to be averaged. */
  metrics?: readonly (Metric | MetricName | Loss)[];
}

export abstract class Model extends Layer {
  /** Set it to true in a callback, and training ends after the current epoch. */
  stopTraining = false;
  private compiled: Compiled | undefined;
  private captured: Steps | undefined;
  private prediction: Prediction | undefined;

  constructor(kind: string, options: LayerOptions = {}) {
    super(kind, options);
  }

  /** Settles how the model is trained and measured. Errors: ArgumentError for unknown names, listing the known ones. */
  compile({ optimizer = "rmsprop", loss, metrics = [] }: CompileOptions): void {
    const compiled = {
      optimizer: getOptimizer(optimizer),
      loss: getLoss(loss),
      metrics: metrics.map((metric) => getMetric(metric)),
    };
    this.captured?.dispose();
    this.captured = undefined;
    this.compiled = compiled;
  }

  /** The optimizer, the loss and the metrics; StateError before `compile`. */
  get compilation(): Compiled {
    if (this.compiled === undefined)
      throw new StateError(`${this.name}: the model must be compiled first, got no compile()`);
    return this.compiled;
  }

  /**
   * Trains on examples x and targets y, epoch after epoch. It yields to the event loop between steps.
   * Defaults: 1 epoch, batches of 32, shuffled. Errors: everything about the data is checked before the first step.
   */
  fit(x: Data, y: Data, options: FitOptions = {}): Promise<History> {
    return fitModel(this, x, y, options);
  }

  /** Loss and metrics over examples x and targets y. Default: batches of 32. */
  evaluate(x: Data, y: Data, options: EvaluateOptions = {}): Promise<Logs> {
    return evaluateModel(this, x, y, options);
  }

  /** The outputs for all examples, [length, ...]. Default: batches of 32. */
  async predict(x: Data, { batchSize = 32, signal, verbose = 0 }: EvaluateOptions = {}): Promise<Tensor> {
    checkOptions("predict", { batchSize });
    const rows = toRows("predict", "x", x);
    const outputShape = this.prepare("predict", rows);
    const pause = makePause(signal);
    const bar = new ProgressBar(Math.ceil(rows.length / batchSize), { verbose });
    const result = unfilled([rows.length, ...outputShape], "f32");
    const { run, inputs } = (this.prediction ??= new Prediction(this));
    let at = 0;
    for (let begin = 0; begin < rows.length; begin += batchSize) {
      const end = Math.min(begin + batchSize, rows.length);
      const output = run(inputs.load(rows, { begin, end }));
      result.view().set(output.view(), at);
      at += output.size;
      output.dispose();
      bar.update(Math.ceil(end / batchSize));
      const rest = pause();
      if (rest) await rest;
    }
    bar.finish();
    return result;
  }

  /** One training step on one batch; its loss and metrics. */
  trainOnBatch(x: Data, y: Data): Logs {
    const pairs = toPairs("trainOnBatch", x, y);
    const { metrics } = this.compilation;
    this.prepare("trainOnBatch", pairs.x, pairs);
    const batch = { begin: 0, end: pairs.x.length };
    const { train, inputs, targets } = this.steps;
    for (const metric of metrics) metric.reset();
    const loss = train(inputs.load(pairs.x, batch), targets.load(pairs.y, batch));
    const logs: Logs = { loss: loss.item() };
    for (const metric of metrics) logs[metric.name] = metric.result();
    loss.dispose();
    return logs;
  }

  /** The captured steps, made anew when layers have been frozen or freed since. */
  get steps(): Steps {
    const compiled = this.compilation;
    if (this.captured?.isStale(this)) {
      this.captured.dispose();
      this.captured = undefined;
    }
    this.captured ??= new Steps(this, compiled);
    return this.captured;
  }

  /**
   * Checks examples and targets against the model, builds it if need be, and returns the shape of one output.
   * Errors: ShapeError for examples that do not fit, ArgumentError for class labels out of range.
   */
  prepare(operation: string, x: ArrayData, pairs?: Pairs): Shape {
    const example = x.shape.slice(1);
    const outputShape = this.outputShape(example);
    if (pairs && this.compilation.loss === sparseCategoricalCrossentropy) {
      checkLabels(operation, pairs.y, outputShape[outputShape.length - 1]);
    }
    this.ensureBuilt(example);
    return outputShape;
  }

  /** The layers and their numbers of weights as a table. */
  summary(): string {
    return summarize(this.name, this.summaryRows());
  }

  /** The weights as the bytes of a safetensors file. */
  exportWeights(): Uint8Array {
    return encodeWeights(this.weights);
  }

  /** Takes over weights from such bytes. FormatError, and nothing changed, where they do not fit this model. */
  importWeights(bytes: Uint8Array): void {
    this.requireBuilt("importWeights");
    decodeWeights(this.weights, bytes);
  }

  /** Writes the weights to a safetensors file: to a temporary file first, so that the old one is never half overwritten. */
  saveWeights(path: string): Promise<void> {
    return writeFileAtomic(path, this.exportWeights());
  }

  /** Reads the weights from a safetensors file. FormatError, and nothing changed, where it does not fit this model. */
  async loadWeights(path: string): Promise<void> {
    this.requireBuilt("loadWeights");
    decodeWeights(this.weights, await readFile(path), path);
  }

  override dispose(): void {
    this.captured?.dispose();
    this.prediction?.dispose();
    super.dispose();
  }

  /** The rows of `summary`. */
  protected summaryRows(): { layer: Layer; outputShape: Shape | undefined }[] {
    return [{ layer: this, outputShape: undefined }];
  }

  private requireBuilt(operation: string): void {
    if (!this.built)
      throw new StateError(`${operation}: the model must be built, got one that has not seen an input shape yet`);
  }
}
