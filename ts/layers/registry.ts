// Layers by kind, to be made from configurations. Only this file imports all layers, so that bundles without it stay
// small.

import { stopGradient } from "../autograd/custom.ts";
import all, { type LayerName } from "../generated/layers.ts";
import type { Names } from "../generated/options.ts";
import * as ops from "../ops/public.ts";
import { requireRecord, requireType, textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { type Json, lookUp } from "./config.ts";
import { type Config, defineClass, type OptionsClass, readConfig } from "./definition.ts";
import { Layer, type LayerDefinition } from "./layer.ts";
import { setTrainableParts } from "./module.ts";
import { operationFrom } from "./operation.ts";
import { families, type LayerMaker, registered } from "./registered.ts";

/**
 * Registers a layer class of your own, so that `fromConfig` and `loadModel` find it by `kind`; a later one of the same
 * kind replaces it. The class takes one record of options and passes it to `Layer`. They are checked against
 * optionNames; by default every option is accepted. The result makes layers of the class.
 * Errors: ArgumentError unless they are a string and a class of layers.
 */
export function defineLayer<C extends OptionsClass<Layer>>(
  kind: string,
  made: C,
  optionNames?: Names,
): LayerDefinition<C> {
  requireType("defineLayer", "kind", kind, "string");
  if (!((made as { prototype?: unknown } | undefined)?.prototype instanceof Layer)) {
    throw new ArgumentError(`defineLayer: ${kind} must be a class of layers, got ${textOf(made)}`);
  }
  const definition = defineClass(kind, made, optionNames, {}) as unknown as LayerDefinition<C>;
  const family = [...families].filter(([base]) => made.prototype instanceof base).at(-1)?.[1];
  const make = definition as unknown as LayerMaker;
  registered.set(
    kind,
    Object.assign((options: never) => family?.(made as never, options) ?? make(options), { made }),
  );
  return definition;
}

/** Shared layers of the configuration that is being read. */
let shared: Map<unknown, Layer> | undefined;
/** The configurations that are being read, from the outermost to the innermost. */
const open = new Set<unknown>();

/**
 * A new layer or model from its `kind` and `config()`: `{ kind: "dense", config: { units: 10 } }`. Weights are newly initialized.
 * Shapes: those of the layer.
 * Errors: ArgumentError for an unknown kind or a configuration that does not fit it.
 */
export function fromConfig(given: Config<LayerName | (string & {})> | LayerName): Layer {
  const { kind, options = {} } = readConfig("layers.fromConfig", given);
  return made(kind, options);
}

function made(kind: string, config: { readonly [option: string]: Json }): Layer {
  requireRecord(`layers.fromConfig: config of ${textOf(kind)}`, config);
  const outer = shared;
  shared ??= new Map();
  try {
    const make = maker(kind);
    const { trainableParts, ...options } = withLayers(config) as Record<string, unknown>;
    if (trainableParts !== undefined) {
      requireRecord(`${kind}: trainableParts`, trainableParts);
      for (const [path, value] of Object.entries(trainableParts as object)) {
        requireType(kind, `trainableParts[${path}]`, value, "boolean");
      }
    }
    const layer = make(options as never);
    setTrainableParts(layer, trainableParts as Record<string, boolean> | undefined);
    return layer;
  } finally {
    shared = outer;
  }
}

function maker(kind: string): LayerMaker {
  if (kind === "operation") {
    return (options) => operationFrom(options, (name) => lookUp("operation", name, { ...ops, stopGradient }));
  }
  const own = registered.get(kind);
  if (own) return own;
  try {
    return lookUp<LayerMaker>("layer", kind, Object.fromEntries(all.map((one) => [one.kind, one])));
  } catch (error) {
    throw new ArgumentError(`${(error as Error).message}; a class of one's own must be made known by defineLayer`);
  }
}

/** Options in which configurations of layers have become layers. */
function withLayers(value: Json): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (open.has(value) || open.size > 1000) {
    throw new ArgumentError(
      "layers.fromConfig: a configuration must not contain itself or be 1000 deep, got one that is so",
    );
  }
  open.add(value);
  try {
    if (Array.isArray(value)) return [...value].map(withLayers);
    const { kind, config, shared: again } = value as { readonly [option: string]: Json };
    if (typeof kind === "string" && config !== undefined) {
      const layer = made(kind, config as Record<string, Json>);
      if (again !== undefined) shared?.set(again, layer);
      return layer;
    }
    if (typeof kind === "string" && again !== undefined) {
      const layer = shared?.get(again);
      if (layer) return layer;
      throw new ArgumentError(
        `layers.fromConfig: shared must name a layer before it, got ${textOf(again)} of kind ${kind}`,
      );
    }
    return Object.fromEntries(Object.entries(value).map(([option, item]) => [option, withLayers(item)]));
  } finally {
    open.delete(value);
  }
}
