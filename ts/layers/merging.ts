// Layers that merge several inputs. Shapes broadcast as in NumPy; masks are combined by and.

import { concatenateOptions, dotOptions, layerOptions } from "../generated/options.ts";
import * as binary from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { equal, logicalAnd } from "../ops/compare.ts";
import { sqrt, square } from "../ops/elementwise.ts";
import * as layout from "../ops/layout.ts";
import { matmul } from "../ops/matmul.ts";
import { requireList } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { full } from "../tensor/create.ts";
import { broadcastShapes, type Shape, sizeOf } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { ownCopy } from "./config.ts";
import {
  defineLayer,
  Layer,
  type LayerDefinition,
  type LayerKind,
  type LayerOptions,
  type Masks,
  perExample,
} from "./layer.ts";
import type { Mask } from "./masks.ts";
import { isShapeList, type Shapes } from "./shapes.ts";
import { isTimeAxis } from "./stepping.ts";

/** A layer of several inputs. */
abstract class Merge extends Layer {
  /** The shapes of the inputs; ShapeError unless there are at least two. */
  protected severalOf(inputShape: Shapes): readonly Shape[] {
    if (!isShapeList(inputShape) || inputShape.length < 2) {
      const got = isShapeList(inputShape) ? inputShape.map(perExample).join(", ") : perExample(inputShape as Shape);
      throw new ShapeError(`${this.name}: inputs must be a list of at least two tensors, got ${got}`);
    }
    return inputShape;
  }

  override outputMask(_inputs: readonly AnyTensor[], mask: Masks): Masks {
    const masks = (mask as readonly (Mask | undefined)[]).filter((one): one is Mask => one !== undefined);
    return masks.length === 0 ? undefined : masks.reduce((all, one) => logicalAnd(all, one));
  }
}

/** A layer that merges its inputs element by element, pairwise. */
abstract class ElementwiseMerge extends Merge {
  private readonly merge: (a: Tensor, b: Tensor) => Tensor;

  constructor(kind: LayerKind, merge: (a: Tensor, b: Tensor) => Tensor, options: LayerOptions) {
    super(kind, options);
    this.merge = merge;
  }

  override outputShape(inputShape: Shapes): Shape {
    return this.severalOf(inputShape).reduce((a, b) => broadcastShapes(this.name, a, b));
  }

  call(inputs: readonly AnyTensor[]): Tensor {
    const rank = Math.max(...inputs.map((x) => x.rank));
    const aligned = inputs.map((x) => {
      const [batch, ...rest] = x.shape;
      // An example of fewer axes gets its missing ones behind the batch, so that examples meet examples.
      const shape = [batch, ...new Array<number>(rank - x.rank).fill(1), ...rest];
      return x.rank === rank ? this.floats(x) : (layout.reshape(this.floats(x), shape) as Tensor);
    });
    return aligned.reduce((a, b) => this.merge(a, b));
  }
}

/** The layer that {@link add} makes. */
export class Add extends ElementwiseMerge {
  constructor(options: LayerOptions = {}) {
    super(add, binary.add, options);
  }
}

/**
 * Sums its inputs, a list: `layers.add().apply([x, shortcut])`.
 * Shapes: `[batch, ...]` each -> their broadcast shape.
 * Errors: ShapeError for fewer than two inputs or shapes that do not broadcast; DtypeError unless they are f32.
 */
export const add: LayerDefinition<typeof Add> = defineLayer("add", Add, layerOptions);

/** The layer that {@link subtract} makes. */
export class Subtract extends ElementwiseMerge {
  constructor(options: LayerOptions = {}) {
    super(subtract, binary.sub, options);
  }

  /** That of two inputs broadcast against each other; ShapeError for more or fewer. */
  override outputShape(inputShape: Shapes): Shape {
    const shapes = this.severalOf(inputShape);
    if (shapes.length !== 2) {
      throw new ShapeError(`${this.name}: inputs must be two tensors, got ${shapes.map(perExample).join(", ")}`);
    }
    return super.outputShape(inputShape);
  }
}

/**
 * Subtracts the second of two inputs from the first.
 * Shapes: `[batch, ...]` each -> their broadcast shape.
 * Errors: ShapeError unless there are two inputs whose shapes broadcast; DtypeError unless they are f32.
 */
export const subtract: LayerDefinition<typeof Subtract> = defineLayer("subtract", Subtract, layerOptions);

/** The layer that {@link multiply} makes. */
export class Multiply extends ElementwiseMerge {
  constructor(options: LayerOptions = {}) {
    super(multiply, binary.mul, options);
  }
}

/**
 * Multiplies its inputs, a list, element by element.
 * Shapes: `[batch, ...]` each -> their broadcast shape.
 * Errors: ShapeError for fewer than two inputs or shapes that do not broadcast; DtypeError unless they are f32.
 */
export const multiply: LayerDefinition<typeof Multiply> = defineLayer("multiply", Multiply, layerOptions);

/** The layer that {@link average} makes. */
export class Average extends ElementwiseMerge {
  constructor(options: LayerOptions = {}) {
    super(average, binary.add, options);
  }

  /** The sum of the inputs, divided by how many there are. */
  override call(inputs: readonly AnyTensor[]): Tensor {
    return binary.mul(super.call(inputs), 1 / inputs.length);
  }
}

/**
 * Averages its inputs, a list, element by element.
 * Shapes: `[batch, ...]` each -> their broadcast shape.
 * Errors: ShapeError for fewer than two inputs or shapes that do not broadcast; DtypeError unless they are f32.
 */
export const average: LayerDefinition<typeof Average> = defineLayer("average", Average, layerOptions);

/** The layer that {@link maximum} makes. */
export class Maximum extends ElementwiseMerge {
  constructor(options: LayerOptions = {}) {
    super(maximum, binary.maximum, options);
  }
}

/**
 * Element-wise maximum of its inputs, a list.
 * Shapes: `[batch, ...]` each -> their broadcast shape.
 * Errors: ShapeError for fewer than two inputs or shapes that do not broadcast; DtypeError unless they are f32.
 */
export const maximum: LayerDefinition<typeof Maximum> = defineLayer("maximum", Maximum, layerOptions);

/** The layer that {@link minimum} makes. */
export class Minimum extends ElementwiseMerge {
  constructor(options: LayerOptions = {}) {
    super(minimum, binary.minimum, options);
  }
}

/**
 * Element-wise minimum of its inputs, a list.
 * Shapes: `[batch, ...]` each -> their broadcast shape.
 * Errors: ShapeError for fewer than two inputs or shapes that do not broadcast; DtypeError unless they are f32.
 */
export const minimum: LayerDefinition<typeof Minimum> = defineLayer("minimum", Minimum, layerOptions);

/** Options of {@link concatenate}. */
export interface ConcatenateOptions extends LayerOptions {
  /** The axis of concatenation, the batch being 0; default -1. */
  axis?: number;
}

/** The layer that {@link concatenate} makes. */
export class Concatenate extends Merge {
  readonly axis: number;

  constructor(options: ConcatenateOptions = {}) {
    super(concatenate, options);
    this.axis = options.axis ?? -1;
    if (!Number.isInteger(this.axis) || this.axis === 0) {
      throw new ArgumentError(`${this.name}: axis must be a whole number other than 0, the batch, got ${this.axis}`);
    }
  }

  override get mixesSteps(): boolean {
    return isTimeAxis(this.axis);
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override outputShape(inputShape: Shapes): Shape {
    const shapes = this.severalOf(inputShape);
    const [first] = shapes;
    const axis = this.axisOf(first);
    const fits = shapes.every(
      (shape) => shape.length === first.length && shape.every((size, i) => i === axis || size === first[i]),
    );
    if (!fits) {
      throw new ShapeError(
        `${this.name}: inputs must agree but for axis ${this.axis}, got ${shapes.map(perExample).join(", ")}`,
      );
    }
    return first.map((size, i) => (i === axis ? shapes.reduce((sum, shape) => sum + shape[i], 0) : size));
  }

  /** The masks strung together where steps are, and all of them elsewhere. Missing ones count as true everywhere. */
  override outputMask(inputs: readonly AnyTensor[], mask: Masks): Masks {
    const masks = mask as readonly (Mask | undefined)[];
    const known = masks.find((one) => one !== undefined);
    if (known === undefined) return undefined;
    if (this.axisOf(inputs[0].shape.slice(1)) + 1 >= known.rank) return super.outputMask(inputs, mask);
    const all = inputs.map((x, i) => masks[i] ?? everywhere(x.shape.slice(0, known.rank)));
    return layout.concat(all, this.axis < 0 ? this.axis + inputs[0].rank : this.axis) as Mask;
  }

  call(inputs: readonly AnyTensor[]): Tensor {
    return layout.concat(
      inputs.map((x) => this.floats(x)),
      this.axis,
    ) as Tensor;
  }

  /** The axis among those of one example. */
  private axisOf(shape: Shape): number {
    const axis = this.axis < 0 ? shape.length + this.axis : this.axis - 1;
    if (axis < 0 || axis >= shape.length) throw this.misfit(`have axis ${this.axis}`, shape);
    return axis;
  }
}

/**
 * Concatenates its inputs, a list, along an axis: `layers.concatenate().apply([a, b])`.
 * Shapes: `[batch, ..., n]`, `[batch, ..., m]` -> `[batch, ..., n + m]` with axis -1.
 * Errors: ArgumentError for axis 0; ShapeError for fewer than two inputs, for an axis they do not have, or for shapes
 * that differ in another axis; DtypeError unless they are f32.
 */
export const concatenate: LayerDefinition<typeof Concatenate> = defineLayer(
  "concatenate",
  Concatenate,
  concatenateOptions,
);

function everywhere(shape: Shape): Mask {
  return equal(full(shape, 0), 0);
}

/** Options of {@link dot}. */
export interface DotOptions extends LayerOptions {
  /** The axis to sum over, for both inputs or one for each; the batch is 0. */
  axes: number | readonly [number, number];
  /** Whether both inputs are first scaled to length 1 along it, which gives cosines; default false. */
  normalize?: boolean;
}

/** The layer that {@link dot} makes. */
export class Dot extends Merge {
  readonly axes: readonly [number, number];
  readonly normalize: boolean;

  constructor(options: DotOptions) {
    super(dot, options);
    const { axes, normalize = false } = options;
    this.axes = typeof axes === "number" ? [axes, axes] : ownCopy(axes);
    requireList(this.name, "axes", this.axes);
    this.normalize = normalize;
    if (!(this.axes.length === 2 && this.axes.every((axis) => Number.isInteger(axis) && axis !== 0))) {
      throw new ArgumentError(`${this.name}: axes must be whole numbers other than 0, the batch, got ${String(axes)}`);
    }
  }

  override get mixesSteps(): boolean {
    return true;
  }

  override outputShape(inputShape: Shapes): Shape {
    const shapes = this.severalOf(inputShape);
    const [a, b] = this.axesOf(shapes);
    if (shapes.length !== 2 || shapes[0][a] !== shapes[1][b]) {
      throw new ShapeError(
        `${this.name}: inputs must be two tensors of equal sizes along axes ${this.axes.join(" and ")}, ` +
          `got ${shapes.map(perExample).join(", ")}`,
      );
    }
    const rest = [...shapes[0].filter((_, i) => i !== a), ...shapes[1].filter((_, i) => i !== b)];
    return rest.length === 0 ? [1] : rest;
  }

  /** None: no steps are left that a mask could name. */
  override outputMask(): Masks {
    return undefined;
  }

  call(inputs: readonly AnyTensor[]): Tensor {
    const axes = this.axesOf(inputs.map(({ shape }) => shape.slice(1)));
    const [x, y] = inputs.map((input, i) => this.matrix(this.floats(input), axes[i] + 1));
    const shape = this.outputShape(inputs.map((input) => input.shape.slice(1)));
    return layout.reshape(matmul(x, y, { transposeB: true }), [inputs[0].shape[0], ...shape]) as Tensor;
  }

  private axesOf(shapes: readonly Shape[]): number[] {
    return shapes.map((shape, i) => {
      const axis = this.axes[i] ?? 0;
      const at = axis < 0 ? shape.length + axis : axis - 1;
      if (at < 0 || at >= shape.length) throw this.misfit(`have axis ${axis}`, shape);
      return at;
    });
  }

  /** [batch, everything else, axis], normalized along it if asked for. */
  private matrix(x: Tensor, axis: number): Tensor {
    const order = [...x.shape.keys()].filter((i) => i !== axis);
    const transposed = axis === x.rank - 1 ? x : (layout.transpose(x, [...order, axis]) as Tensor);
    const [batch] = x.shape;
    const rows = layout.reshape(transposed, [
      batch,
      sizeOf(x.shape) / Math.max(1, batch * x.shape[axis]),
      x.shape[axis],
    ]) as Tensor;
    if (!this.normalize) return rows;
    return binary.div(rows, sqrt(binary.maximum(sum(square(rows), -1, true), LEAST_SQUARE)));
  }
}

/**
 * Dot products of two inputs along one axis of each, example by example.
 * Shapes: `[batch, a, n]`, `[batch, b, n]` -> `[batch, a, b]` with axes 2; `[batch, n]` twice -> `[batch, 1]`.
 * Errors: ArgumentError unless axes are whole numbers other than 0; ShapeError unless there are two inputs with equal
 * sizes along them; DtypeError unless they are f32.
 */
export const dot: LayerDefinition<typeof Dot> = defineLayer("dot", Dot, dotOptions);

/** Lower bound of squared norms. */
const LEAST_SQUARE = 1e-12;
