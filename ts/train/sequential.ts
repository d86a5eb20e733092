// A model that is a list of layers, each fed with the output of the one before.

import type { CallContext } from "../layers/layer.ts";
import { Layer } from "../layers/layer.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { Model } from "./model.ts";

/** What `new Sequential` takes beside its layers. */
export interface SequentialOptions {
  name?: string;
}

export class Sequential extends Model {
  readonly layers: readonly Layer[];
  private builtFor: Shape | undefined;

  /** Builds at once if the first layer says its `inputShape`, else when it sees data. */
  constructor(layers: readonly Layer[], options: SequentialOptions = {}) {
    super("sequential", options);
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
    const { inputShape } = layers[0];
    if (inputShape !== undefined) this.ensureBuilt(inputShape);
  }

  override call(x: AnyTensor, context: CallContext): Tensor {
    let y = x;
    for (const layer of this.layers) y = layer.apply(y, context);
    return y as Tensor;
  }

  override build(inputShape: Shape): void {
    this.layers.reduce((shape, layer) => layer.ensureBuilt(shape), inputShape);
    this.builtFor = inputShape;
  }

  override outputShape(inputShape: Shape): Shape {
    return this.layers.reduce((shape, layer) => layer.outputShape(shape), inputShape);
  }

  override sublayers(): Layer[] {
    return [...(this.layers ?? [])];
  }

  protected override summaryRows(): { layer: Layer; outputShape: Shape | undefined }[] {
    let shape = this.builtFor;
    return this.layers.map((layer) => {
      shape = shape && layer.outputShape(shape);
      return { layer, outputShape: shape };
    });
  }
}
