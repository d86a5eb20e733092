// A layer applied to every time step alike.

import { timeDistributedOptions } from "../generated/options.ts";
import { reshape } from "../ops/layout.ts";
import { typeOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import { type CallContext, defineLayer, type Inputs, Layer, type LayerDefinition, type LayerOptions } from "./layer.ts";
import { isShapeList, type Shapes, shapeList } from "./shapes.ts";

/** Options of {@link timeDistributed}. */
export interface TimeDistributedOptions extends LayerOptions {
  /** The layer to apply to each step. */
  layer: Layer;
}

/** The layer that {@link timeDistributed} makes. */
export class TimeDistributed extends Layer {
  readonly layer: Layer;

  constructor(options: TimeDistributedOptions) {
    super(timeDistributed, options);
    if (!(options.layer instanceof Layer)) {
      throw new ArgumentError(`${this.name}: layer must be a layer, got ${typeOf(options.layer)}`);
    }
    this.layer = options.layer;
  }

  override build(inputShape: Shapes): void {
    this.layer.ensureBuilt(this.stepShapes(inputShape));
  }

  override outputShape(inputShape: Shapes): Shapes | undefined {
    const [time] = isShapeList(inputShape) ? inputShape[0] : inputShape;
    const shapes = this.layer.outputShape(this.stepShapes(inputShape));
    if (shapes === undefined) return undefined;
    return isShapeList(shapes) ? shapes.map((shape) => [time, ...shape]) : [time, ...shapes];
  }

  private stepShapes(inputShape: Shapes): Shapes {
    const shapes = shapeList(inputShape);
    for (const shape of shapes) {
      if (shape.length >= 2 && shape[0] === shapes[0][0]) continue;
      throw this.misfit(`have an axis of ${shapes[0][0] ?? "time"} steps and axes of features`, shape);
    }
    const steps = shapes.map((shape) => shape.slice(1));
    return isShapeList(inputShape) ? steps : steps[0];
  }

  call(inputs: Inputs, context: CallContext): readonly Tensor[] {
    const list: readonly AnyTensor[] = inputs instanceof Tensor ? [inputs] : inputs;
    const [batch, time] = list[0].shape;
    const joined = list.map((x) => reshape(x, [batch * time, ...x.shape.slice(2)]));
    const { training, addLoss, addMetric } = context;
    const results = this.layer.applyAll(inputs instanceof Tensor ? joined[0] : joined, {
      training,
      addLoss,
      addMetric,
    });
    return results.map((y) => reshape(y, [batch, time, ...y.shape.slice(1)] satisfies Shape) as Tensor);
  }
}

/**
 * Applies a layer to each time step: all steps of all examples are one batch for it, so batch normalization also takes
 * its moments over time. Example: `layers.timeDistributed({ layer: layers.dense({ units: 10 }) })`.
 * Shapes: `[batch, time, ...]` -> `[batch, time, ...output]`; several inputs must have as many steps.
 * Errors: ArgumentError unless layer is a layer; ShapeError for inputs without an axis after the steps; the layer's
 * own.
 */
export const timeDistributed: LayerDefinition<typeof TimeDistributed> = defineLayer(
  "time_distributed",
  TimeDistributed,
  timeDistributedOptions,
);
