// defineOp: makes the public function of an op from its forward function and its gradients.

import { opDefinition } from "../generated/options.ts";
import { requireFunction, requireList, requireNoOptions, requireType, typeOf } from "../runtime/arguments.ts";
import { ArgumentError, DtypeError, ShapeError, StateError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { type Dtype, requireDtype } from "../tensor/dtype.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { AnyOp, Gradients, PerExample } from "./gradients.ts";
import { notify } from "./observe.ts";
import { type Drawing, Placeholder } from "./placeholder.ts";
import { cutsSoFar, forgetCuts, isTracked, noteDerivation } from "./tape.ts";

export type { AnyOp, Gradient, Gradients, PerExample } from "./gradients.ts";

/** What an op computes: a tensor from tensors and other arguments. */
export type Forward = (...args: never[]) => AnyTensor;

/** What `defineOp` takes. */
export interface OpDefinition<F extends Forward> {
  /** Checks its arguments, makes the result and launches the kernels. Tensors are arguments, never in options. */
  forward: F;
  /** Whether an object may be among the arguments that `forward` need not be given; default false: it would be ignored. */
  options?: boolean;
  /** Omitted if the result has no gradient. */
  gradients?: Gradients<Parameters<F>, ReturnType<F>>;
  /** Whether it keeps the examples of a batch apart; default: that is not known, so `perExampleGrad` takes them one by one. */
  perExample?: PerExample<Parameters<F>>;
}

/** An op: a function that also knows its name and its gradients. */
export type Op<F extends Forward = Forward> = Drawing<Parameters<F>> &
  F & {
    readonly opName: string;
    readonly gradients: Gradients<Parameters<F>, ReturnType<F>> | undefined;
    readonly perExample: PerExample<Parameters<F>> | undefined;
  };

/**
 * Declares an op, a function that the tape knows, under the name that errors use.
 * Shapes: those of `forward`.
 * Errors: ArgumentError for an invalid definition.
 */
/* @__NO_SIDE_EFFECTS__ */
export function defineOp<F extends Forward>(name: string, definition: OpDefinition<F>): Op<F> {
  const checked = checkOptions("defineOp", definition as OpDefinition<Forward>, opDefinition);
  const { gradients, options = false, perExample } = checked;
  requireType("defineOp", "the name", name, "string");
  requireFunction(name, definition.forward);
  if (typeof gradients !== "function" && gradients !== undefined) {
    requireList(name, "gradients", gradients);
    for (const gradient of gradients) if (gradient !== undefined) requireFunction(name, gradient);
  }
  const forward = definition.forward as unknown as (...args: readonly unknown[]) => AnyTensor;
  const known = options ? Number.POSITIVE_INFINITY : forward.length;
  const op = (...args: readonly unknown[]): AnyTensor => {
    let tracked = false;
    for (let i = 0; i < args.length; i++) {
      const arg = args[i];
      if (arg instanceof Tensor) {
        if (arg.disposed) throw new StateError(`${name}: its tensors must not be disposed, got a disposed one`);
        tracked ||= isTracked(arg);
      } else if (Array.isArray(arg)) {
        for (const item of arg) {
          if (item instanceof Tensor) tracked ||= isTracked(item);
          else if (item instanceof Placeholder) return item.draw(name, op as never, args) as never;
        }
      } else if (arg instanceof Placeholder) return arg.draw(name, op as never, args) as never;
      else if (i >= known) requireNoOptions(name, arg);
    }
    let y: AnyTensor;
    const before = cutsSoFar();
    try {
      y = forward(...args);
      // An op with gradients may use constants inside: its gradients say what is differentiated.
      if (gradients !== undefined) forgetCuts(before);
    } catch (error) {
      throw renamed(error, /^empty(?=: )/, name);
    }
    requireTensor(name, "what forward returns", y);
    if (tracked && gradients !== undefined) noteDerivation(op as unknown as AnyOp, args, y);
    notify(op as unknown as AnyOp, args, y);
    return y;
  };
  return Object.assign(op, { opName: name, gradients, perExample }) as unknown as Op<F>;
}

/** Declares an op whose result has each element from those in the same place, broadcast. @internal */
/* @__NO_SIDE_EFFECTS__ */
export function defineElementwise<F extends Forward>(name: string, definition: OpDefinition<F>): Op<F> {
  return defineOp(name, { ...definition, perExample: "elementwise" });
}

/** What `f` returns, for an operation that is made of others: errors name the operation instead of those. */
export function within<T>(operation: string, f: () => T): T {
  try {
    return f();
  } catch (error) {
    throw renamed(error, /^[\w ]+(?=: )/, operation);
  }
}

/** The error, with another operation's name if it is one of Heddle's about arguments or state. */
function renamed(error: unknown, from: RegExp, operation: string): unknown {
  if ([ArgumentError, ShapeError, DtypeError, StateError].some((kind) => error instanceof kind)) {
    const { message, stack } = error as Error;
    const right = message.replace(from, operation);
    // Consoles show the stack, which begins with the message in some engines.
    Object.assign(error as Error, { message: right, stack: stack?.replace(message, right) });
  }
  return error;
}

/** Throws an ArgumentError unless `x` is a tensor: JavaScript callers and casts may pass anything. */
export function requireTensor(operation: string, what: string, x: unknown): asserts x is Tensor<Dtype> {
  if (x instanceof Tensor) {
    if (x.disposed) throw new StateError(`${operation}: ${what} must not be disposed, got a disposed tensor`);
    return;
  }
  if (x instanceof Placeholder) {
    throw new ArgumentError(
      `${operation}: ${what} must be a tensor, got a symbolic result; apply layers.lambda({ function: ... }) to it`,
    );
  }
  const hint =
    typeof (x as { tensor?: unknown } | null | undefined)?.tensor === "function" ? "; call its tensor()" : "";
  throw new ArgumentError(`${operation}: ${what} must be a tensor, got ${typeOf(x)}${hint}`);
}

/** `requireTensor`, and a DtypeError unless it is f32. */
export function requireFloat(operation: string, what: string, x: unknown): asserts x is Tensor {
  requireTensor(operation, what, x);
  requireDtype(operation, what, x.dtype, "f32");
}
