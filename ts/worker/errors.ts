// Errors between threads: class, message and figures survive the way.
import * as errors from "../runtime/errors.ts";

/** An error as plain data. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** The error that it came of. */
  readonly cause: WireError | undefined;
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

/** So many causes are told, as an error may be its own. */
const MOST_CAUSES = 8;

/** What was thrown, as plain data. Nothing in it can fail to travel: who waits for it would wait for ever. */
export function encodeError(thrown: unknown, causes: number = MOST_CAUSES): WireError {
  const error = thrown instanceof Error ? thrown : new Error(textOf(thrown));
  const { name, message, stack, cause } = error;
  const fields = Object.entries(error).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return {
    name: String(name),
    message: String(message),
    stack: typeof stack === "string" ? stack : undefined,
    cause: cause instanceof Error && causes > 0 ? encodeError(cause, causes - 1) : undefined,
    fields: Object.fromEntries(fields),
  };
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "something that cannot be told as text";
  }
}

/** The error again: of the same class where both sides have it, else an Error of that name. */
export function decodeError({ name, message, stack, cause, fields }: WireError): Error {
  const error = Object.assign(new Error(message, cause && { cause: decodeError(cause) }), fields);
  if (Object.hasOwn(classes, name)) Object.setPrototypeOf(error, classes[name].prototype);
  else error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
