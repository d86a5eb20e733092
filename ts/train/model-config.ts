// Models from what `config()` says of them: Sequential and functional ones, and models inside models.
import { modelConfig } from "../generated/options.ts";
import type { Json } from "../layers/config.ts";
import { registered } from "../layers/registered.ts";
import { fromConfig } from "../layers/registry.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { functionalFrom, Model } from "./model.ts";
import { sequentialFrom } from "./sequential.ts";

/** A model or a layer as plain JSON: its `kind` and its `config()`. */
export interface ModelConfig {
  readonly kind: string;
  readonly config?: { readonly [option: string]: Json };
}

/**
 * A new model from its `kind` and `config()`, with newly initialized weights.
 * Shapes: those of the model.
 * Errors: ArgumentError for layers and models of an unknown kind, or a configuration that does not fit.
 */
export function modelFromConfig(written: ModelConfig): Model {
  const { kind, config = {} } = checkOptions("modelFromConfig", written, modelConfig);
  // Said here too: bundlers leave out modules of which nothing is used.
  registered.set("sequential", sequentialFrom).set("functional", functionalFrom);
  const model = fromConfig({ kind, config });
  if (model instanceof Model) return model;
  throw new ArgumentError(`modelFromConfig: the configuration must be that of a model, got that of a ${kind}`);
}
