// A model that is a list of layers, each fed with the output of the one before.
import type { Json } from "../layers/config.ts";
import { type CallContext, type Inputs, Layer, type Outputs } from "../layers/layer.ts";
import { isShapeList, type Shapes } from "../layers/shapes.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { Model } from "./model.ts";
import type { SummaryRow } from "./summary.ts";

/** What `new Sequential` takes beside its layers. */
export interface SequentialOptions {
  name?: string;
}

/**
 * A model of layers in a row, each applied to the result of the one before: `new Sequential([dense({ units: 10 })])`.
 */
export class Sequential extends Model {
  readonly layers: readonly Layer[];
  private builtFor: Shapes | undefined;

  /** Builds at once if the first layer says its `inputShape`, else when it sees data. */
  constructor(layers: readonly Layer[], options: SequentialOptions = {}) {
    super(options, "sequential");
    if (layers.length === 0) throw new ArgumentError("Sequential: there must be at least one layer, got none");
    const names = new Set<string>();
    for (const layer of layers) {
      if (!(layer instanceof Layer))
        throw new ArgumentError(`Sequential: layers must be layers, got ${typeof layer} among them`);
      if (names.has(layer.name))
        throw new ArgumentError(`Sequential: names must be different, got two layers ${layer.name}`);
      names.add(layer.name);
    }
    this.layers = [...layers];
    const [first] = layers;
    const inputShape = first.inputShape ?? (first instanceof Sequential ? first.builtFor : undefined);
    if (inputShape !== undefined) this.ensureBuilt(inputShape);
  }

  override call(x: Inputs, { training, addLoss, addMetric }: CallContext): Outputs {
    let y: Inputs = x;
    for (const layer of this.layers) {
      const results = layer.applyAll(y, { training, addLoss, addMetric });
      y = results.length === 1 ? results[0] : results;
    }
    return y as Outputs;
  }

  override build(inputShape: Shapes): void {
    let shape: Shapes | undefined = inputShape;
    for (const layer of this.layers) shape = shape && layer.ensureBuilt(shape);
    this.builtFor = inputShape;
  }

  override outputShape(inputShape: Shapes): Shapes | undefined {
    let shape: Shapes | undefined = inputShape;
    for (const layer of this.layers) shape = shape && layer.outputShape(shape);
    return shape;
  }

  /** Its layers, and the shape of inputs it is built for. */
  override config(): Record<string, Json> {
    const layers = this.layers.map((layer) => ({ kind: layer.kind, config: layer.config() }));
    return { ...super.config(), layers, ...(this.builtFor && { inputShape: this.builtFor }) };
  }

  protected override summaryRows(): SummaryRow[] {
    let shape = this.builtFor;
    return this.layers.map((layer) => {
      shape = shape && layer.outputShape(shape);
      return { layer, outputShape: shape && (isShapeList(shape) ? shape[0] : shape) };
    });
  }
}
