// Where the data of a functional model come in.
import { inputOptions } from "../generated/options.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { checkShape, type Shape } from "../tensor/shape.ts";
import { Layer, type LayerOptions } from "./layer.ts";
import { Symbolic } from "./symbolic.ts";

/** What `input` takes. */
export interface InputOptions extends LayerOptions {
  /** Shape of one example. */
  shape: Shape;
  /** Default f32. */
  dtype?: Dtype;
}

/** Where a functional model's data come in. */
export class InputLayer extends Layer {
  readonly output: Symbolic;

  constructor(options: InputOptions) {
    super(["input", InputLayer, inputOptions], options);
    const { shape, dtype = "f32" } = options;
    checkShape(this.name, shape);
    const outputs: Symbolic[] = [];
    this.output = new Symbolic([...shape], dtype, { layer: this, inputs: [], isList: false, outputs });
    outputs.push(this.output);
    this.ensureBuilt(this.output.shape);
  }

  call(): never {
    throw new ArgumentError(`${this.name}: an input must be fed through its model, got called itself`);
  }
}

/** Where data come into a functional model: what layers can be applied to before there are values. */
export function input(options: InputOptions): Symbolic {
  return new InputLayer(options).output;
}
