// The fully connected layer.
import { denseOptions } from "../generated/options.ts";
import { linear } from "../ops/matmul.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { KernelLayer, type KernelLayerOptions, type KernelOptions } from "./kernel-layer.ts";
import { defineLayer, type LayerDefinition, requireCount } from "./layer.ts";

/** Options of {@link dense}. */
export interface DenseOptions extends KernelLayerOptions, KernelOptions {
  /** Number of outputs. */
  units: number;
}

/** The layer that {@link dense} makes. */
export class Dense extends KernelLayer {
  readonly units: number;

  constructor(options: DenseOptions) {
    super(dense, options, options);
    requireCount(this.name, "units", options.units);
    this.units = options.units;
  }

  override build(inputShape: Shape): void {
    this.addKernel([inputShape[inputShape.length - 1], this.units], this.units);
  }

  override outputShape(inputShape: Shape): Shape {
    if (inputShape.length === 0) throw this.misfit("have an axis of features after the batch", inputShape);
    const features = inputShape[inputShape.length - 1];
    if (this.built && features !== this.kernel.shape[0]) {
      throw this.misfit(`keep the ${this.kernel.shape[0]} features it was built for`, inputShape);
    }
    return [...inputShape.slice(0, -1), this.units];
  }

  call(x: AnyTensor): Tensor {
    const inputs = this.floats(x);
    return this.activate((activation) => linear(inputs, this.kernel, this.bias, { activation }));
  }
}

/**
 * Fully connected layer: activation(x kernel + bias) along the last axis. Weights: kernel `[inputs, units]`, bias
 * `[units]`.
 * Example: `layers.dense({ units: 10, activation: "softmax" })`.
 * Shapes: `[batch, ..., inputs]` -> `[batch, ..., units]`.
 * Errors: ArgumentError for options out of range; ShapeError for inputs without features, or with others than those it
 * was built for; DtypeError unless they are f32.
 */
export const dense: LayerDefinition<typeof Dense> = defineLayer("dense", Dense, denseOptions);
