// Variables: tensors that live until disposed and are updated in place, such as a layer's weights.
import { variableOptions } from "../generated/options.ts";
import { requireType, textOf, typeOf } from "../runtime/arguments.ts";
import { engine } from "../runtime/engine.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { forbidWhileRecording, launch } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { bytesPerElement, type Dtype, requireDtype } from "./dtype.ts";
import { keep } from "./scope.ts";
import { formatShape, sameShape } from "./shape.ts";
import { empty, Tensor } from "./tensor.ts";

let changes = 0;

/** Counts variables and layers that were frozen, disposed or added: what was recorded before may be outdated then. */
export function trainableChanges(): number {
  return changes;
}

/** Counts such a change. */
export function noteChange(): void {
  changes++;
}

/** Options of `variable`. */
export interface VariableOptions {
  /** Its name in summaries and files; default "variable". */
  name?: string;
  /** Whether optimizers update it and gradients are taken with respect to it; default true. */
  trainable?: boolean;
}

/**
 * A tensor that is updated in place and outlives scopes, such as a weight; gradients can be taken with respect to it.
 */
export class Variable<D extends Dtype = "f32"> extends Tensor<D> {
  name: string;
  /** The sum of gradients that `backward` has added since `zeroGrad`. */
  grad: Tensor<D> | undefined = undefined;
  /** Applied by optimizers after each update, such as a limit to its norm. */
  constraint: ((value: Tensor<D>) => Tensor<D>) | undefined = undefined;

  /** A variable with a copy of the values of `initial`. */
  constructor(initial: Tensor<D>, options: VariableOptions = {}) {
    if (!(initial instanceof Tensor)) {
      throw new ArgumentError(`variable: the initial value must be a tensor, got ${typeOf(initial)}`);
    }
    const { name = "variable", trainable = true } = checkOptions("variable", options, variableOptions);
    forbidWhileRecording("variable");
    super(engine().memory.allocate(initial.size * bytesPerElement(initial.dtype)), initial.shape, initial.dtype);
    keep(this);
    this.name = name;
    this.tracked = trainable;
    this.view().set(initial.view());
  }

  get trainable(): boolean {
    return this.tracked;
  }

  set trainable(value: boolean) {
    requireType(this.name, "trainable", value, "boolean");
    if (value !== this.tracked) changes++;
    this.tracked = value;
  }

  /** Copies the values of a tensor of the same shape and dtype, or of an array of as many numbers. */
  assign(value: Tensor<D> | ArrayLike<number>): this {
    if (!(value instanceof Tensor)) {
      if (value?.length !== this.size) {
        throw new ShapeError(
          `assign: ${this.name} must get ${this.size} values, got ${textOf(value?.length ?? value)}`,
        );
      }
      return this.write(value);
    }
    if (!sameShape(value.shape, this.shape)) {
      throw new ShapeError(
        `assign: ${this.name} must keep its shape ${formatShape(this.shape)}, got ${formatShape(value.shape)}`,
      );
    }
    requireDtype("assign", `what ${this.name} is set to`, value.dtype, this.dtype);
    copy(this, value);
    return this;
  }

  /** Disposes of the gradient that `backward` has added. */
  zeroGrad(): void {
    this.grad?.dispose();
    this.grad = undefined;
  }

  override dispose(): void {
    // Recordings that use it must not replay.
    changes++;
    this.zeroGrad();
    super.dispose();
  }
}

/** A tensor with the variable's current values. */
export function snapshot<D extends Dtype>(x: Variable<D>): Tensor<D> {
  const y = empty(x.shape, x.dtype);
  copy(y, x);
  return y;
}

/** y = x, by a launch, so that each replay of a captured step does it. */
function copy<D extends Dtype>(y: Tensor<D>, x: Tensor<D>): void {
  y.buffer.version++;
  if (bytesPerElement(x.dtype) === 4) {
    launch("view_read_u32", x.size, 0.1, y as Tensor, x as Tensor, 1, 1, 1, 1, x.size, 0, 0, 0, 0, 0, 1, 0);
  } else {
    launch("view_read_u8", x.size, 0.03, y as Tensor<"u8">, x as Tensor<"u8">, 1, 1, 1, 1, x.size, 0, 0, 0, 0, 0, 1, 0);
  }
}

/**
 * A variable that starts with the values of `initial`.
 * Shapes: `[...]` -> the same.
 * Errors: ArgumentError unless initial is a tensor; StateError in a captured step.
 */
export function variable<D extends Dtype = "f32">(initial: Tensor<D>, options?: VariableOptions): Variable<D> {
  return new Variable(initial, options);
}
