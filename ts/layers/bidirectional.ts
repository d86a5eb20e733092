// Bidirectional wrapper of a recurrent layer.

import { bidirectionalOptions } from "../generated/options.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { concat, flip } from "../ops/layout.ts";
import { textOf, typeOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { sameShape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import {
  type CallContext,
  defineLayer,
  type Inputs,
  Layer,
  type LayerDefinition,
  type LayerOptions,
  type Masks,
  perExample,
} from "./layer.ts";
import { firstMask } from "./masks.ts";
import { RecurrentLayer } from "./rnn.ts";
import { isShapeList, type Shapes, shapeList } from "./shapes.ts";

const mergeModes = ["concat", "sum", "mul", "ave", null] as const;

/** Options of {@link bidirectional}. */
export interface BidirectionalOptions extends LayerOptions {
  /** The recurrent layer to copy. */
  layer: RecurrentLayer;
  /** How the two outputs are combined, or null for two results; default "concat". */
  mergeMode?: (typeof mergeModes)[number];
  /** The layer for the other direction, with goBackwards itself; default: a copy of `layer` the other way round. */
  backwardLayer?: RecurrentLayer;
}

/** The layer that {@link bidirectional} makes. */
export class Bidirectional extends Layer {
  readonly mergeMode: (typeof mergeModes)[number];
  readonly forwardLayer: RecurrentLayer;
  readonly backwardLayer: RecurrentLayer;

  constructor(options: BidirectionalOptions) {
    super(bidirectional, options);
    const { layer, mergeMode = "concat", backwardLayer } = options;
    const back = backwardLayer ?? layer;
    if (!(layer instanceof RecurrentLayer)) {
      throw new ArgumentError(`${this.name}: layer must be a recurrent layer, got ${typeOf(layer)}`);
    }
    if (!(back instanceof RecurrentLayer)) {
      throw new ArgumentError(`${this.name}: backwardLayer must be a recurrent layer, got ${textOf(back)}`);
    }
    if (!mergeModes.includes(mergeMode)) {
      throw new ArgumentError(`${this.name}: mergeMode must be concat, sum, mul, ave or null, got ${mergeMode}`);
    }
    const same = { zeroOutputForMask: layer.returnSequences, inputShape: undefined };
    this.mergeMode = mergeMode;
    this.forwardLayer = layer.copy({ ...same, name: `${this.name}/forward_${layer.kind}` });
    this.backwardLayer = back.copy({
      ...same,
      goBackwards: backwardLayer ? backwardLayer.goBackwards : !layer.goBackwards,
      name: `${this.name}/backward_${back.kind}`,
    });
    for (const option of ["returnSequences", "returnState", "stateful"] as const) {
      if (this.forwardLayer[option] === this.backwardLayer[option]) continue;
      throw new ArgumentError(`${this.name}: both layers must have the same ${option}, got ${layer[option]} forwards`);
    }
    if (this.forwardLayer.goBackwards === this.backwardLayer.goBackwards) {
      throw new ArgumentError(`${this.name}: one layer must go backwards and one forwards, got both alike`);
    }
  }

  override get mixesSteps(): boolean {
    return true;
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override build(inputShape: Shapes): void {
    const [forward, backward] = this.halves(inputShape);
    this.forwardLayer.ensureBuilt(forward);
    this.backwardLayer.ensureBuilt(backward);
  }

  override outputShape(inputShape: Shapes): Shapes {
    const [forward, backward] = this.halves(inputShape);
    const [shape, ...states] = shapeList(this.forwardLayer.outputShape(forward));
    const [other, ...others] = shapeList(this.backwardLayer.outputShape(backward));
    if (this.mergeMode !== null && this.mergeMode !== "concat" && !sameShape(shape, other)) {
      throw new ShapeError(
        `${this.name}: to ${this.mergeMode} results both layers must have as many units, ` +
          `got ${perExample(shape)} and ${perExample(other)}`,
      );
    }
    const width = shape[shape.length - 1] + other[other.length - 1];
    const merged = this.mergeMode === "concat" ? shape.with(-1, width) : shape;
    const outputs = this.mergeMode === null ? [shape, other] : [merged];
    return outputs.length + states.length === 1 ? merged : [...outputs, ...states, ...others];
  }

  /** The shapes of the sequences and of each direction's states. */
  private halves(inputShape: Shapes): [Shapes, Shapes] {
    if (!isShapeList(inputShape)) return [inputShape, inputShape];
    const [sequences, ...states] = inputShape;
    const half = states.length / 2;
    return [
      [sequences, ...states.slice(0, half)],
      [sequences, ...states.slice(half)],
    ];
  }

  override outputMask(_inputs: Inputs, mask: Masks): Masks {
    const own = this.forwardLayer.returnSequences ? firstMask(mask) : undefined;
    return this.mergeMode === null ? [own, own] : [own];
  }

  call(inputs: Inputs, context: CallContext): Tensor | readonly Tensor[] {
    const [x, ...states] = inputs instanceof Tensor ? [inputs] : inputs;
    const half = states.length / 2;
    const [y, ...forward] = this.run(this.forwardLayer, [x, ...states.slice(0, half)], context);
    const [z, ...backward] = this.run(this.backwardLayer, [x, ...states.slice(half)], context);
    const outputs = this.merge(y, z);
    const results = [...outputs, ...forward, ...backward];
    return results.length === 1 ? results[0] : results;
  }

  /** Sets the states of stateful layers to zeros. */
  resetStates(): void {
    this.forwardLayer.resetStates();
    this.backwardLayer.resetStates();
  }

  /** A direction's results, its outputs in the order of the first step to the last. */
  private run(layer: RecurrentLayer, inputs: readonly AnyTensor[], context: CallContext): Tensor[] {
    const [y, ...states] = layer.applyAll(inputs.length === 1 ? inputs[0] : inputs, context);
    return [layer.goBackwards && layer.returnSequences ? flip(y, 1) : y, ...states];
  }

  private merge(y: Tensor, z: Tensor): Tensor[] {
    if (this.mergeMode === "concat") return [concat([y, z], -1)];
    if (this.mergeMode === "sum") return [add(y, z)];
    if (this.mergeMode === "mul") return [mul(y, z)];
    if (this.mergeMode === "ave") return [mul(add(y, z), 0.5)];
    return [y, z];
  }
}

/**
 * Runs copies of a recurrent layer forwards and backwards and merges their outputs:
 * `layers.bidirectional({ layer: layers.lstm({ units: 64 }) })`. Initial and final states are the forward layer's, then
 * the backward layer's. With returnSequences, outputs of masked steps are zeros.
 * Shapes: `[batch, time, ...features]` -> `[batch, 2 units]`, or `[batch, time, 2 units]` with returnSequences; `units`
 * with mergeMode "sum", "mul" or "ave", and two results with null.
 * Errors: ArgumentError for a layer that is not recurrent, two layers of one direction or of different returnSequences,
 * returnState or stateful, and an unknown mergeMode; ShapeError for outputs of different units that are not
 * concatenated.
 * Source: Schuster and Paliwal 1997.
 */
export const bidirectional: LayerDefinition<typeof Bidirectional> = defineLayer(
  "bidirectional",
  Bidirectional,
  bidirectionalOptions,
);
