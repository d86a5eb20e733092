// An op applied to symbolic inputs, as a layer without weights: so it is run, copied, saved and summarized as layers are.
import { requireTensor } from "../autograd/op.ts";
import { noGrad } from "../autograd/tape.ts";
import type { MethodName } from "../generated/methods.ts";
import { operationOptions } from "../generated/options.ts";
import { requireFunction, requireList, textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { type Recorder, withRecorder } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, empty, Tensor } from "../tensor/tensor.ts";
import { madeFrom } from "./config.ts";
import { defineLayer, type Inputs, Layer, type LayerDefinition, type LayerOptions, snakeCase } from "./layer.ts";
import { isShapeList, type Shapes } from "./shapes.ts";
import { Symbolic } from "./symbolic.ts";

/** What a method of tensors is of symbolic results: it takes tensors, symbolic or not, and returns a symbolic one. */
export type SymbolicMethod<M> = M extends (...rest: infer Rest) => unknown
  ? {
      /** Draws what the method of tensors does. */
      method(...rest: { [I in keyof Rest]: Rest[I] | Symbolic }): Symbolic;
    }["method"]
  : never;

/** The methods of tensors, of symbolic results. */
export type SymbolicMethods = { [K in Exclude<MethodName, "backward">]: SymbolicMethod<Tensor[K]> };

declare module "./symbolic.ts" {
  interface Symbolic extends SymbolicMethods {}
}

/** A function of tensors and plain values. */
export type Operator = (...args: never[]) => unknown;

/** What `Operation` takes. */
export interface OperationOptions extends LayerOptions {
  /** The op: in a configuration its name. */
  operation: Operator;
  /** Its arguments: `{ input: i }` stands for input i, `{}` for one that is not given. */
  arguments: readonly unknown[];
  /** The dtypes of its inputs; default f32 each. */
  dtypes?: readonly Dtype[];
}

/** What launches nothing and keeps nothing: shapes are all that is asked for. */
const shapesAlone: Recorder = {
  note() {},
  own() {},
  keepAsConstant() {},
  hasChecked: () => true,
  failWith() {},
};

/** A layer that applies an op to its inputs and to constants. */
export class Operation extends Layer {
  readonly #operation: Operator;
  readonly #arguments: readonly unknown[];
  readonly #dtypes: readonly Dtype[];
  #result: Dtype = "f32";
  /** Tensors among the arguments: variables are its weights. */
  protected readonly constants: readonly unknown[];

  constructor(options: OperationOptions) {
    const { operation, arguments: args, dtypes = [] } = checkOptions("operation", options, operationOptions);
    requireFunction("operation", operation);
    requireList("operation", "arguments", args);
    super(
      operationLayer,
      options,
      snakeCase({ name: (operation as { opName?: string }).opName ?? operation.name }, "operation"),
    );
    this.#operation = operation;
    this.#arguments = args;
    this.#dtypes = dtypes;
    this.constants = args.flat().filter((arg) => arg instanceof Tensor);
  }

  /** The result's shape, and that it has the inputs' batch axis: from two batches of which nothing is computed. */
  override outputShape(inputShape: Shapes): Shape {
    const shapes = isShapeList(inputShape) ? inputShape : [inputShape];
    const [first, second] = [2, 3].map((batch) =>
      scope(() =>
        withRecorder(shapesAlone, () => {
          const inputs = shapes.map((shape, i) => empty([batch, ...shape], this.#dtypes[i] ?? "f32"));
          const { shape, dtype } = noGrad(() => this.call(inputs as readonly AnyTensor[])) as AnyTensor;
          this.#result = dtype;
          return shape;
        }),
      ),
    );
    if (first[0] !== 2 || second[0] !== 3 || !sameShape(first.slice(1), second.slice(1))) {
      const got = `${formatShape(first)} and ${formatShape(second)} for batches of 2 and 3`;
      throw new ArgumentError(`${this.name}: what is applied to symbolic inputs must keep the batch axis, got ${got}`);
    }
    return first.slice(1);
  }

  override outputDtype(): Dtype {
    return this.#result;
  }

  override get mixesSteps(): boolean {
    return (this.#operation as { perExample?: unknown }).perExample !== "elementwise";
  }

  call(x: Inputs): Tensor {
    const inputs = x instanceof Tensor ? [x] : (x as readonly AnyTensor[]);
    const filled = (arg: unknown): unknown => {
      if (Array.isArray(arg)) return arg.map(filled);
      if (arg?.constructor !== Object) return arg;
      const names = Object.keys(arg);
      if (names.length === 0) return undefined;
      return names[0] === "input" ? inputs[(arg as { input: number }).input] : arg;
    };
    const y = this.#operation(...(this.#arguments.map(filled) as never[]));
    requireTensor(this.name, "the result", y);
    return y as AnyTensor as Tensor;
  }
}

/** The layer of an op. @hidden */
export const operationLayer: LayerDefinition<typeof Operation> = defineLayer("operation", Operation, operationOptions);

/** Applies a function to arguments of which some are symbolic: makes a layer of it and draws that. @internal */
export function drawOperation(name: string, f: Operator, args: readonly unknown[]): Symbolic {
  const inputs: Symbolic[] = [];
  const written = (arg: unknown): unknown => {
    if (Array.isArray(arg)) return arg.map(written);
    if (!(arg instanceof Symbolic)) return arg ?? {};
    if (!inputs.includes(arg)) inputs.push(arg);
    return { input: inputs.indexOf(arg) };
  };
  const operation = madeFrom(f, name);
  const layer = new Operation({
    operation,
    arguments: args.map(written),
    ...(inputs.every(({ dtype }) => dtype === "f32") ? {} : { dtypes: inputs.map(({ dtype }) => dtype) }),
  });
  return layer.apply(inputs.length === 1 ? inputs[0] : inputs);
}

/** The layer of an op that a configuration names, among those that are known. @internal */
export function operationFrom(
  options: Omit<OperationOptions, "operation"> & { readonly operation: unknown },
  named: (name: unknown) => unknown,
): Operation {
  const found = named(checkOptions("operation", options, operationOptions).operation);
  if (typeof found !== "function") {
    throw new ArgumentError(`operation: it must be the name of an op, got ${textOf(options.operation)}`);
  }
  return new Operation({ ...options, operation: madeFrom(found as Operator, options.operation as string) });
}
