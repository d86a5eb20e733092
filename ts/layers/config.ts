// Configurations as plain JSON, and look-up by name. Functions made by name, such as initializers, know their
// configuration.
import { typeOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { nearest } from "../runtime/nearest.ts";
import { checkOptions } from "../runtime/options.ts";

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const origins = new WeakMap<object, Json>();

/** Notes the configuration of the function f: the name or options that make it again. */
export function madeFrom<F extends object>(f: F, origin: Json): F {
  origins.set(f, origin);
  return f;
}

/** An option's value as plain JSON. ArgumentError for functions that are not known by a name. */
function toJson(operation: string, option: string, value: unknown): Json {
  if (value === null || ["boolean", "number", "string"].includes(typeof value)) return value as Json;
  const origin = origins.get(value as object);
  if (origin !== undefined) return ownCopy(origin);
  if (isConfigurable(value)) return toConfig(value);
  if (Array.isArray(value)) return value.map((item) => toJson(operation, option, item));
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    return toJsonRecord(operation, value as Record<string, unknown>);
  }
  throw new ArgumentError(
    `${operation}: to be saved or sent, ${option} must be plain values or known by name, got ${typeof value}`,
  );
}

/** A layer among the options of another. */
interface Configurable {
  readonly kind: string;
  config(): Record<string, Json>;
}

function isConfigurable(value: unknown): value is Configurable {
  const { kind, config } = (value ?? {}) as Configurable;
  return typeof kind === "string" && typeof config === "function";
}

interface Written {
  kind: string;
  config?: Record<string, Json>;
  /** What a layer is called that occurs again, where it is this alone. */
  shared?: string;
}

/** What the layers that occur in the configuration being written were written as. */
let written: Map<Configurable, Written> | undefined;

/** Writes one configuration, in which layers that occur several times are shared. */
export function inConfig<T>(write: () => T): T {
  if (written !== undefined) return write();
  written = new Map();
  try {
    return write();
  } finally {
    written = undefined;
  }
}

/** A layer inside another's configuration. */
export function toConfig(layer: Configurable): { readonly kind: string; readonly config: Record<string, Json> } {
  return inConfig(() => {
    const all = written as Map<Configurable, Written>;
    const before = all.get(layer);
    if (before !== undefined) {
      const { name } = before.config as { name?: string };
      const taken = new Set([...all.values()].map(({ shared }) => shared));
      for (let i = 1; before.shared === undefined; i++) {
        const free = i === 1 ? `${name}` : `${name}_${i}`;
        if (!taken.has(free)) before.shared = free;
      }
      return { kind: layer.kind, shared: before.shared } as never;
    }
    const node: Written = { kind: layer.kind };
    node.config = layer.config();
    all.set(layer, node);
    return node as never;
  });
}

/** A layer as `toConfig` writes it, and all layers that it tells of, itself among them. */
export function withParts<T extends Configurable>(layer: T): [config: ReturnType<typeof toConfig>, parts: T[]] {
  return inConfig(() => [toConfig(layer), [...(written as Map<Configurable, unknown>).keys()] as T[]]);
}

/** Options as plain JSON, without those that are not given. */
export function toJsonRecord(operation: string, options: object): Record<string, Json> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([option, value]) => [option, toJson(operation, option, value)]));
}

/** A deep copy of lists and plain records, with f applied to the leaves. */
export function mapLeaves<T>(value: T, f: (leaf: unknown) => unknown, made: Map<unknown, unknown> = new Map()): T {
  const isList = Array.isArray(value);
  if (!isList && value?.constructor !== Object) return f(value) as T;
  const before = made.get(value);
  if (before !== undefined) return before as T;
  const copy: Record<string, unknown> = isList ? ([] as never) : {};
  made.set(value, copy);
  for (const [name, item] of Object.entries(isList ? [...value] : value)) copy[name] = mapLeaves(item, f, made);
  return copy as T;
}

/** A copy of an option's lists and records, which the caller may change later. */
export function ownCopy<T>(value: T): T {
  return mapLeaves(value, (leaf) => leaf);
}

/** The function. ArgumentError for a class. */
export function asFunction<F>(what: string, f: F): F {
  if (Object.getOwnPropertyDescriptor(f, "prototype")?.writable !== false) return f;
  throw new ArgumentError(`${what}: it must be a name or a function, got a class`);
}

/** What makes `make`'s results by name: ArgumentError where it is given options, of which there are none. */
export function withoutOptions<T>(name: string, make: () => T): (options?: object) => T {
  return (options = {}) => {
    checkOptions(name, options, []);
    return make();
  };
}

/** The entry called `name`; ArgumentError listing the known names if there is none. */
export function lookUp<T>(operation: string, name: unknown, known: { readonly [name: string]: T }): T {
  if (typeof name === "string" && Object.hasOwn(known, name)) return known[name];
  const got = typeof name === "string" ? `"${name}"` : typeOf(name);
  const names = Object.keys(known);
  const guess = typeof name === "string" ? nearest(name, names) : undefined;
  const hint = guess === undefined ? "" : `; did you mean ${guess}?`;
  throw new ArgumentError(`${operation}: the name must be one of ${names.join(", ")}, got ${got}${hint}`);
}
