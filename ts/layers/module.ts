// Modules have weights, their own and those of modules among their properties. A module knows the path of each weight,
// and copies weights between modules of one structure; it does not know calls.

import { noGrad } from "../autograd/tape.ts";
import { copyWeightsOptions } from "../generated/options.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { Generator as RandomStream } from "../ops/random.ts";
import { requireType, typeOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError, StateError } from "../runtime/errors.ts";
import { showAsText } from "../runtime/inspect.ts";
import { checkOptions } from "../runtime/options.ts";
import { tensor } from "../tensor/create.ts";
import { type Dtype, makeArray, type TypedArray } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import { noteChange, snapshot, Variable } from "../tensor/variable.ts";
import { type Described, matched } from "./matching.ts";
import type { Shapes } from "./shapes.ts";

/** Values of a weight: a tensor, nested lists of numbers, or data with a shape, such as `ArrayData`. */
export type WeightValue =
  | AnyTensor
  | (Described & { readonly data: ArrayLike<number> })
  | readonly number[]
  | readonly (readonly unknown[])[];

/** The saved values of a variable. @internal */
export interface Saved extends Described {
  readonly data: TypedArray;
}

/** Options of `copyWeightsFrom`. */
export interface CopyWeightsOptions {
  /** The fraction of the other's weights, from 0 to 1: tau other + (1 - tau) own; default 1. */
  tau?: number;
}

/** Everything in a module by its path: properties, keys and places in lists, with slashes between. */
export interface Structure {
  /** The module itself is at "". */
  readonly modules: ReadonlyMap<string, Module>;
  readonly weights: ReadonlyMap<string, Variable>;
  /** Variables that are no weights: random streams, and states that go on from batch to batch. */
  readonly state: ReadonlyMap<string, AnyTensor>;
  readonly streams: readonly RandomStream[];
}

// Names of what is internal, such as no property of a subclass has.
/** Where layers and variables are looked for. @internal */
export const PARTS: unique symbol = Symbol("parts");
/** The variables among its parts that are no weights, by name. @internal */
export const STATE: unique symbol = Symbol("state");
/** Makes the variables of `STATE` that a module has not made yet, as they were saved. @internal */
export const MAKE_STATE: unique symbol = Symbol("makeState");
/** All weights and parts by path; shared ones have the first. ArgumentError if the module contains itself. @internal */
export const STRUCTURE: unique symbol = Symbol("structure");
/** The shape of inputs that a module was built for. @internal */
export const BUILT_FOR: unique symbol = Symbol("builtFor");
/** Builds a module for inputs of a shape, unless it is built. @internal */
export const BUILD_FOR: unique symbol = Symbol("buildFor");
/** Makes a variable one of its weights. @internal */
export const OWN: unique symbol = Symbol("own");
/** Which parts and weights are to be frozen or free when they are made, by path. @internal */
export const PENDING: unique symbol = Symbol("pending");
/** The variables in a module that are frozen or free unlike itself. @internal */
export const UNLIKE: unique symbol = Symbol("unlike");
/** Builds a module, so that what this adds is as frozen as it should be. @internal */
export const BUILD: unique symbol = Symbol("build");
/** Freezes or frees the variables that are no other module's. @internal */
export const SET_TRAINABLE: unique symbol = Symbol("setTrainable");

/** Base of all that has weights and parts: layers and models. */
export abstract class Module {
  static {
    showAsText(Module);
  }

  name: string;
  /** Its own weights by their names in it. */
  readonly #own = new Map<string, Variable>();
  /** Weights that are not trained even when the module is. */
  readonly #fixed = new Set<Variable>();
  #trainable: boolean;
  /** Whether what is inside it is as frozen as it was told to be when it was made. */
  #isSettled: boolean;
  /** @internal */
  [PENDING]: ReadonlyMap<string, boolean> | undefined;
  #isDisposing = false;

  constructor(name: string, trainable: boolean) {
    this.name = name;
    this.#trainable = this.#isSettled = trainable;
    noteChange();
  }

  /** All variables, trainable or not, in the order of creation, those of inner layers included. */
  get weights(): Variable[] {
    return [...this[STRUCTURE]().weights.values()];
  }

  /** The variables that training updates. */
  get trainableWeights(): Variable[] {
    return this.weights.filter((weight) => weight.trainable && weight.dtype === "f32");
  }

  get trainable(): boolean {
    return this.#trainable;
  }

  /** Freezes or frees the layer and those inside it: frozen weights stay as they are. */
  set trainable(value: boolean) {
    requireType(this.name, "trainable", value, "boolean");
    for (const part of this[STRUCTURE]().modules.values()) {
      part[SET_TRAINABLE](value);
      part[PENDING] = undefined;
    }
  }

  /** @internal */
  [SET_TRAINABLE](value: boolean): void {
    this.#trainable = value;
    this.#isSettled = true;
    noteChange();
    const own = new Set(this.#own.values());
    for (const weight of own) weight.trainable = value && !this.#fixed.has(weight);
    for (const [, part] of this.#found()) {
      if (!(part instanceof Variable) || own.has(part)) continue;
      // Variables that came frozen stay so.
      if (!value && !part.trainable) this.#fixed.add(part);
      part.trainable = value && !this.#fixed.has(part);
    }
  }

  /** @internal */
  [BUILD](build: () => void): void {
    // What is inside a module that was made frozen is frozen, and what building adds to a frozen one.
    if (!this.#isSettled) this.trainable = this.#trainable;
    const pending = this[PENDING];
    const before = this.#trainable && !pending ? undefined : this[STRUCTURE]();
    const own = this.#own.size;
    try {
      build();
    } catch (error) {
      // The next build makes them anew.
      for (const [name, weight] of [...this.#own].slice(own)) {
        this.#own.delete(name);
        weight.dispose();
      }
      throw error;
    }
    this[PENDING] = undefined;
    if (!before) return;
    const known = new Set<unknown>([...before.modules.values(), ...before.weights.values()]);
    const { modules, weights } = this[STRUCTURE]();
    for (const [path, part] of modules) {
      const value = pending?.get(path) ?? (this.#trainable && part.trainable);
      if (!known.has(part) && value !== part.trainable) part[SET_TRAINABLE](value);
    }
    for (const [path, weight] of weights) {
      if (!known.has(weight)) weight.trainable = pending?.get(path) ?? weight.trainable;
    }
  }

  /** @internal */
  get [UNLIKE](): Variable[] {
    const own = new Set(this.#own.values());
    const all = new Set([...own, ...this.#found().flatMap(([, part]) => (part instanceof Variable ? [part] : []))]);
    return [...all].filter((x) => x.trainable !== (this.#trainable && !(own.has(x) && this.#fixed.has(x))));
  }

  /** Inner layers; default: those among the properties, alone or in lists, records, maps and sets. */
  sublayers(): Module[] {
    return [...new Set(this.#found().flatMap(([, part]) => (part instanceof Module ? [part] : [])))];
  }

  /** @internal */
  [STATE](): Readonly<Record<string, Tensor<Dtype>>> {
    return {};
  }

  /** @internal */
  [MAKE_STATE](_saved: ReadonlyMap<string, Saved>): void {}

  /** @internal */
  [PARTS](): object {
    return this;
  }

  /** Layers, variables and generators among its parts, with their places. */
  #found(): [string, Module | Variable | RandomStream][] {
    return [...search({ ...this[PARTS]() }, "", new Set())];
  }

  /** @internal */
  [STRUCTURE](): Structure {
    const modules = new Map<string, Module>();
    const weights = new Map<string, Variable>();
    const state = new Map<string, AnyTensor>();
    const streams: RandomStream[] = [];
    const seen = new Set<object>();
    const around = new Set<Module>();
    const add = <T extends object>(map: Map<string, T>, path: string, item: T): void => {
      if (seen.has(item)) return;
      seen.add(item);
      let free = path;
      for (let i = 1; map.has(free); i++) free = `${path}_${i}`;
      map.set(free, item);
    };
    const visit = (module: Module, path: string): void => {
      if (around.has(module)) {
        throw new ArgumentError(`${this.name}: a layer must not contain itself, got ${module.name} again at ${path}`);
      }
      if (seen.has(module)) return;
      add(modules, path, module);
      around.add(module);
      const at = joined(path, "");
      for (const [name, weight] of module.#own) add(weights, at + name, weight);
      for (const [name, variable] of Object.entries(module[STATE]())) add(state, at + name, variable);
      const inside = new Set(module.sublayers());
      for (const [name, part] of module.#found()) {
        if (part instanceof Variable) add(weights, at + name, part);
        else if (part instanceof RandomStream) {
          add(state, at + name, part.state);
          streams.push(part);
        } else if (inside.delete(part)) visit(part, at + name);
      }
      // What only an override of `sublayers` knows of.
      [...inside].forEach((part, i) => {
        visit(part, `${at}sublayers/${i}`);
      });
      around.delete(module);
    };
    visit(this, "");
    return { modules, weights, state, streams };
  }

  /** One line about it. */
  abstract toString(): string;

  /** Copies of the values of all weights, in the order of `weights`. */
  getWeights(): Tensor[] {
    return this.weights.map(snapshot);
  }

  /**
   * Overwrites all weights, given in the order of `weights`. Errors, and nothing changed: ArgumentError for another number
   * of weights, ShapeError with the path of one that does not fit, StateError where the layer is not built.
   */
  setWeights(values: readonly WeightValue[]): void {
    const { weights } = this[STRUCTURE]();
    this.#requireWeights("setWeights", weights);
    if (!Array.isArray(values) || values.length !== weights.size) {
      const got = Array.isArray(values) ? values.length : typeof values;
      throw new ArgumentError(`setWeights: there must be ${weights.size} weights, got ${got}`);
    }
    scope(() => {
      const given = [...weights.keys()].map((path, i) => [path, described(path, values[i])] as const);
      const found = matched("setWeights", weights, new Map(given), ShapeError);
      noGrad(() => {
        [...weights.values()].forEach((weight, i) => {
          weight.assign(valuesOf(found[i]));
        });
      });
    });
  }

  /**
   * Copies the weights of another layer or model of the same structure, moving averages included, path by path. With
   * `tau` they move only part of the way, as for target networks. Layers that are not built yet are built like the
   * other's. Errors, and nothing changed: ArgumentError for another structure, ShapeError where a weight does not fit.
   */
  copyWeightsFrom(other: Module, options: CopyWeightsOptions = {}): this {
    const { tau = 1 } = checkOptions("copyWeightsFrom", options, copyWeightsOptions);
    if (!(other instanceof Module)) {
      throw new ArgumentError(`copyWeightsFrom: it must get a layer or model, got ${typeOf(other)}`);
    }
    if (!(tau >= 0 && tau <= 1)) throw new ArgumentError(`copyWeightsFrom: tau must be from 0 to 1, got ${tau}`);
    buildFor(this, shapesOf(other));
    const source = other[STRUCTURE]();
    const { weights } = this[STRUCTURE]();
    this.#requireWeights("copyWeightsFrom", weights);
    const paths = [...weights.keys()];
    const strange = paths.find((path) => !source.weights.has(path));
    const lost = [...source.weights.keys()].find((path) => !weights.has(path));
    if (strange !== undefined || lost !== undefined) {
      throw new ArgumentError(
        `copyWeightsFrom: ${other.name} must have the structure of ${this.name}, ` +
          `got ${weights.size} and ${source.weights.size} weights, and ${strange ?? lost} in one of them only`,
      );
    }
    const found = matched("copyWeightsFrom", weights, source.weights, ShapeError);
    const own = new Set<Variable>(weights.values());
    noGrad(() =>
      scope(() => {
        // Weights that both have, in other places perhaps, are read before one changes.
        const from = found.map((x) => (own.has(x) ? snapshot(x) : x));
        [...weights.values()].forEach((weight, i) => {
          const isWhole = tau === 1 || weight.dtype !== "f32";
          weight.assign(isWhole ? from[i] : add(mul(from[i], tau), mul(weight, 1 - tau)));
        });
      }),
    );
    return this;
  }

  /** @internal */
  abstract get [BUILT_FOR](): Shapes | undefined;

  /** @internal */
  abstract [BUILD_FOR](shape: Shapes): void;

  /** Frees its variables, and those of what is inside it. */
  dispose(): void {
    if (this.#isDisposing) return;
    this.#isDisposing = true;
    for (const [, part] of this.#found()) if (part instanceof Variable) part.dispose();
    for (const weight of [...this.#own.values(), ...Object.values(this[STATE]())]) weight.dispose();
    for (const part of this.sublayers()) part.dispose();
    this.#isDisposing = false;
  }

  /** @internal */
  [OWN](name: string, weight: Variable, isTrained: boolean): void {
    let free = name;
    for (let i = 1; this.#own.has(free); i++) free = `${name}_${i}`;
    this.#own.set(free, weight);
    if (!isTrained) this.#fixed.add(weight);
    weight.trainable = isTrained && this.#trainable;
  }

  #requireWeights(operation: string, weights: ReadonlyMap<string, Variable>): void {
    if (weights.size > 0) return;
    throw new StateError(`${operation}: ${this.name} must be built and have weights, got none`);
  }
}

/** What each part of a module was built for, by path. */
export function shapesOf(module: Module): Record<string, Shapes> {
  const all = [...module[STRUCTURE]().modules].flatMap(([path, part]) => {
    const shape = part[BUILT_FOR];
    return shape ? [[path, shape] as const] : [];
  });
  return Object.fromEntries(all);
}

/** Builds the parts of a module for such shapes, those too that building others adds. */
export function buildFor(module: Module, shapes: Readonly<Record<string, Shapes>>): void {
  for (let before = 0, parts = module[STRUCTURE]().modules; parts.size > before; parts = module[STRUCTURE]().modules) {
    before = parts.size;
    for (const [path, part] of parts) if (Object.hasOwn(shapes, path)) part[BUILD_FOR](shapes[path]);
  }
}

/** The parts of a module that are frozen or free unlike itself, and weights that are so unlike the part they are in, by path. */
export function trainableParts(module: Module): Record<string, boolean> | undefined {
  const { modules, weights } = module[STRUCTURE]();
  const all = new Map<string, boolean>();
  for (const [at, part] of modules) for (const [path, value] of part[PENDING] ?? []) all.set(joined(at, path), value);
  const unlike = new Set([...modules.values()].flatMap((part) => part[UNLIKE]));
  const note = (path: string, value: boolean, isUnlike: boolean): unknown =>
    isUnlike ? all.set(path, value) : all.delete(path);
  for (const [path, part] of modules) note(path, part.trainable, part.trainable !== module.trainable);
  for (const [path, weight] of weights) note(path, weight.trainable, unlike.has(weight));
  return all.size === 0 ? undefined : Object.fromEntries(all);
}

/** Freezes and frees parts and weights as `trainableParts` has it, after all others follow the module. */
export function setTrainableParts(module: Module, parts: Readonly<Record<string, boolean>> | undefined): void {
  if (parts === undefined) return;
  const told = tell(module, parts);
  const { modules, weights } = module[STRUCTURE]();
  for (const [path, part] of modules) part[SET_TRAINABLE](told.get(path) ?? module.trainable);
  for (const [path, weight] of weights) weight.trainable = told.get(path) ?? weight.trainable;
}

/** Freezes and frees what is in a module, weight by weight, as in another. */
export function followTrainable(module: Module, other: Module): void {
  tell(module, trainableParts(other));
  const [own, others] = [module[STRUCTURE](), other[STRUCTURE]()];
  for (const [path, part] of own.modules) part[SET_TRAINABLE](others.modules.get(path)?.trainable ?? part.trainable);
  for (const [path, weight] of own.weights) weight.trainable = others.weights.get(path)?.trainable ?? weight.trainable;
}

/** Tells the parts of a module what is to be frozen or free when it is made in them. */
function tell(module: Module, parts: Readonly<Record<string, boolean>> = {}): ReadonlyMap<string, boolean> {
  const told = new Map(Object.entries(parts));
  for (const [at, part] of module[STRUCTURE]().modules) {
    const inside = [...told].filter(([path]) => at === "" || path.startsWith(`${at}/`));
    part[PENDING] =
      inside.length === 0
        ? undefined
        : new Map(inside.map(([path, value]) => [path.slice(joined(at, "").length), value]));
  }
  return told;
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}

/**
 * What captured steps of a module depend on beside their arguments: its parts with those of their fields that are plain values,
 * its variables, and which are trained.
 */
export function fingerprint(module: Module): readonly unknown[] {
  const { modules, weights, state } = module[STRUCTURE]();
  const parts = [...modules.values()];
  const fields = parts.flatMap((part) => Object.values(part).filter((value) => Object(value) !== value));
  return [...[...parts, ...weights.values()].flatMap((x) => [x, x.trainable]), ...state.values(), ...fields];
}

/** What lies in a value, alone or in lists, records, maps and sets, with the path to it. */
function* search(
  value: unknown,
  path: string,
  seen: Set<unknown>,
): Generator<[string, Module | Variable | RandomStream]> {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  if (value instanceof Module || value instanceof Variable || value instanceof RandomStream) {
    if (!(value instanceof Variable && value.disposed)) yield [path, value];
    return;
  }
  const entries = entriesOf(value);
  if (entries === undefined) return;
  seen.add(value);
  for (const [key, item] of entries) yield* search(item, joined(path, `${key}`), seen);
}

function entriesOf(value: object): Iterable<[unknown, unknown]> | undefined {
  if (Array.isArray(value)) return value.entries();
  if (value instanceof Set) return [...value].entries();
  if (value instanceof Map) return [...value].map(([key, item], i) => [typeof key === "object" ? i : key, item]);
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.entries(value) : undefined;
}

/** The values that are to become a weight's, and what they are. */
function described(path: string, value: WeightValue): Described & { readonly data: unknown } {
  const found = (Array.isArray(value) ? tensor(value as number[]) : value) as AnyTensor;
  const { dtype, shape, data } = found ?? {};
  const isWhole =
    found instanceof Tensor ||
    (dtype && (data as unknown as TypedArray)?.constructor === makeArray(dtype, 0).constructor);
  if (!isWhole) {
    throw new ArgumentError(`setWeights: ${path} must be a tensor or numbers with their shape, got ${typeOf(value)}`);
  }
  return { dtype, shape, data: found instanceof Tensor ? found : data };
}

function valuesOf({ data }: { readonly data: unknown }): Tensor {
  return data as Tensor;
}
