// Errors between threads: class, message and figures survive the way.
import * as errors from "../runtime/errors.ts";

/** An error as plain data. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own plain properties. */
  readonly fields: { readonly [name: string]: unknown };
}

const classes: { readonly [name: string]: { readonly prototype: Error } } = {
  ...errors,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
};

/** What was thrown, as plain data. */
export function encodeError(thrown: unknown): WireError {
  if (!(thrown instanceof Error)) return { name: "Error", message: String(thrown), stack: undefined, fields: {} };
  const { name, message, stack } = thrown;
  const fields = Object.entries(thrown).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return { name, message, stack, fields: Object.fromEntries(fields) };
}

/** The error again: of the same class where both sides have it, else an Error of that name. */
export function decodeError({ name, message, stack, fields }: WireError): Error {
  const error = Object.assign(new Error(message), fields);
  if (Object.hasOwn(classes, name)) Object.setPrototypeOf(error, classes[name].prototype);
  else error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
