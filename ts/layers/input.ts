// Inputs of functional models.
import { inputOptions } from "../generated/options.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { checkShape, type Shape } from "../tensor/shape.ts";
import { defineLayer, Layer, type LayerDefinition, type LayerOptions } from "./layer.ts";
import { drawOperation } from "./operation.ts";
import { Symbolic } from "./symbolic.ts";

/** Options of {@link input}. */
export interface InputOptions extends LayerOptions {
  /** Shape of one example, without the batch axis. */
  shape: Shape;
  /** Default f32. */
  dtype?: Dtype;
}

/** Layer behind the symbolic input that {@link input} returns. It computes nothing. */
export class InputLayer extends Layer {
  readonly output: Symbolic;

  constructor(options: InputOptions) {
    super(inputLayer, options);
    const { shape, dtype = "f32" } = options;
    checkShape(this.name, shape);
    const outputs: Symbolic[] = [];
    this.output = new Symbolic([...shape], dtype, { layer: this, inputs: [], isList: false, outputs }, drawOperation);
    outputs.push(this.output);
    this.ensureBuilt(this.output.shape);
  }

  call(): never {
    throw new ArgumentError(`${this.name}: an input must be fed through its model, got called itself`);
  }
}

/**
 * The symbolic input of a functional model, to which layers are applied:
 * `const x = layers.input({ shape: [28, 28, 1] })`.
 * Shapes: one example's `shape` -> a symbolic `[batch, ...shape]`.
 * Errors: ArgumentError or ShapeError for an invalid shape.
 */
export function input(options: InputOptions): Symbolic {
  return new InputLayer(options).output;
}

/** An input as a layer; see `input`. @hidden */
export const inputLayer: LayerDefinition<typeof InputLayer> = defineLayer("input", InputLayer, inputOptions);
