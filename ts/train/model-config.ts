// Models from what `config()` says of them: Sequential and functional ones, and models inside models.
import type { Json } from "../layers/config.ts";
import type { InputLayer } from "../layers/input.ts";
import type { Layer } from "../layers/layer.ts";
import { layerFromConfig, registerLayerMaker } from "../layers/registry.ts";
import type { Symbolic } from "../layers/symbolic.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { GraphConfig } from "./graph.ts";
import { Model } from "./model.ts";
import { Sequential } from "./sequential.ts";

/** A model or a layer as plain JSON: its `kind` and its `config()`. */
export interface ModelConfig {
  readonly kind: string;
  readonly config?: { readonly [option: string]: Json };
}

/** What a configuration is when its layers have been made. */
type Revived<Config> = Omit<Config, "layers"> & { readonly name?: string; readonly layers: readonly Layer[] };

/** A new model, its weights not those of the old one. ArgumentError for layers and models of an unknown kind. */
export function modelFromConfig({ kind, config = {} }: ModelConfig): Model {
  registerLayerMaker("sequential", sequentialFrom);
  registerLayerMaker("functional", functionalFrom);
  const model = layerFromConfig(kind, config);
  if (model instanceof Model) return model;
  throw new ArgumentError(`modelFromConfig: the configuration must be that of a model, got that of a ${kind}`);
}

function sequentialFrom({ layers, name, inputShape }: Revived<{ inputShape?: Shape }>): Sequential {
  const model = new Sequential(layers, { name });
  if (inputShape !== undefined) model.ensureBuilt(inputShape);
  return model;
}

function functionalFrom({ layers, calls, inputs, outputs, name }: Revived<GraphConfig>): Model {
  if (calls === undefined) {
    throw new ArgumentError(
      "modelFromConfig: a subclass of Model must hand a kind of its own to Model and be registered, got one that did not",
    );
  }
  const known: Symbolic[] = layers.slice(0, inputs).map((layer) => (layer as InputLayer).output);
  for (const [layer, given] of calls) {
    const x = typeof given === "number" ? known[given] : given.map((i) => known[i]);
    known.push(...layers[layer].applyAll(x as Symbolic));
  }
  return new Model({ name, inputs: known.slice(0, inputs), outputs: outputs.map((i) => known[i]) });
}
