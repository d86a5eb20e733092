// A whole model as one safetensors file: its tensors, and in the metadata as JSON what makes the model again.
import { encodeSafetensors } from "../formats/safetensors.ts";
import { saveOptions } from "../generated/options.ts";
import { type Json, toConfig, toJsonRecord, withParts } from "../layers/config.ts";
import { requireDefined } from "../layers/definition.ts";
import { DEFINED, type Layer, snakeCase } from "../layers/layer.ts";
import { STRUCTURE } from "../layers/module.ts";
import { registered } from "../layers/registered.ts";
import type { Loss } from "../losses/loss.ts";
import { MeanMetric, type Metric } from "../metrics/metric.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { ArgumentError, FormatError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { recordsOfParts } from "./parts.ts";
import { aboutPaths } from "./weights.ts";

/** What the file of a model says of itself. Readers refuse versions that they do not know. */
export const MODEL_FORMAT = { format: "heddle-model", version: "1" } as const;

/** How long the JSON of a configuration may be: that of a thousand layers takes a tenth of it. */
const MAX_CONFIG_LENGTH = 4_000_000;

/** The key of a number that JSON does not have. */
const NUMBER = "$number";

/** What `save` and `exportModel` take. */
export interface SaveOptions {
  /** Whether the file tells how the model is compiled, if it is; default true. */
  includeCompile?: boolean;
  /** Whether it holds the optimizer's state too, so that training goes on with the same bits; default as includeCompile. */
  includeOptimizer?: boolean;
}

/** What an output is judged by, named where `compile` was given names. */
interface Output {
  readonly name: string;
  readonly loss: Loss | undefined;
  readonly lossWeight: number;
  readonly metrics: readonly Metric[];
  readonly weightedMetrics: readonly Metric[];
}

/** What `compile` settled, as far as a file tells it. */
interface Compilation {
  readonly optimizer: Optimizer;
  readonly objective: { readonly outputs: readonly Output[] };
  readonly runEagerly: boolean;
}

/** The bytes of a model's file. ArgumentError for options that only code can make, and for a configuration beyond bounds. */
export function encodeModel(model: Layer, compilation: Compilation | undefined, options: SaveOptions): Uint8Array {
  const { includeCompile = true, includeOptimizer = includeCompile } = checkOptions("save", options, saveOptions);
  if (includeOptimizer && !includeCompile) {
    throw new ArgumentError("save: includeOptimizer must be given with includeCompile, got it without");
  }
  const compiled = includeCompile ? compilation : undefined;
  const optimizer = includeOptimizer ? compiled?.optimizer : undefined;
  return encodeSafetensors(recordsOfParts(model, optimizer), {
    ...describeModel(model, compiled),
    ...(optimizer?.averagesInPlace && { averagesInPlace: "true" }),
  });
}

/** What a file says of a model. Errors: as `encodeModel`. */
export function describeModel(model: Layer, compiled: Compilation | undefined): Record<string, string> {
  const config = toText(configOf(model));
  const compile = compiled && toText(explained(LEFT_OUT, () => compileConfig(model, compiled)));
  return { ...MODEL_FORMAT, model: config, ...(compile && { compile }), ...aboutPaths(model) };
}

/** A model as plain JSON. ArgumentError for a layer whose kind would make one of another class. */
function configOf(model: Layer): Json {
  const [config, parts] = explained("make a class of what only code can do", () => withParts(model));
  const own = parts.find((part) => !part[DEFINED] && registered.get(part.kind)?.made !== part.constructor);
  if (own === undefined) return config;
  const { name } = own.constructor;
  throw new ArgumentError(
    `save: ${own.name} must be of a class that is defined by a kind, got ${name}; use layers.defineLayer("${snakeCase({ name }, "kind")}", ${name})`,
  );
}

const LEFT_OUT =
  "define it by a name, as losses.defineLoss does, or leave it out: save with includeCompile: false, " +
  "ModelCheckpoint with saveWeightsOnly: true";

/** What `write` gives; what cannot be written is told with a remedy. */
function explained<T>(remedy: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw new ArgumentError(`${(cause as Error).message}; ${remedy}`, { cause });
  }
}

/** What `compile` settled as plain JSON, by the names of the outputs. */
export type CompileConfig = {
  readonly optimizer: Json;
  /** Undefined where none has one. */
  readonly loss?: Readonly<Record<string, Json>> | undefined;
  readonly lossWeights: Readonly<Record<string, number>>;
  readonly metrics: Readonly<Record<string, readonly Json[]>>;
  readonly weightedMetrics: Readonly<Record<string, readonly Json[]>>;
  readonly runEagerly: boolean;
  /** What the optimizer leaves without weight decay: parts of names, and paths. */
  readonly undecayed: { readonly names: readonly string[]; readonly paths: readonly string[] };
};

function compileConfig(model: Layer, { optimizer, objective, runEagerly }: Compilation): CompileConfig {
  const { outputs } = objective;
  const { exclusions } = optimizer;
  const each = <T>(value: (output: Output) => T): Record<string, T> =>
    Object.fromEntries(outputs.map((output) => [output.name, value(output)]));
  return {
    optimizer: written(optimizer),
    loss: outputs.some(({ loss }) => loss) ? each(({ loss }) => toJsonRecord("save", { loss }).loss) : undefined,
    lossWeights: each(({ lossWeight }) => lossWeight),
    metrics: each(({ metrics }) => metrics.map(written)),
    weightedMetrics: each(({ weightedMetrics }) => weightedMetrics.map(written)),
    runEagerly,
    undecayed: {
      names: exclusions.filter((one) => typeof one === "string"),
      paths: [...model[STRUCTURE]().weights].flatMap(([path, x]) => (exclusions.includes(x) ? [path] : [])),
    },
  };
}

/** An optimizer or a metric. ArgumentError for one of a class that has no definition of its own. */
function written(made: Optimizer | Metric): Json {
  requireDefined(made, MeanMetric);
  return toConfig(made);
}

/** A configuration as JSON that keeps every number, infinity too. */
export function toText(config: Json): string {
  const text = JSON.stringify(config, (_, value: unknown) =>
    typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
      ? { [NUMBER]: Object.is(value, -0) ? "-0" : String(value) }
      : value,
  );
  if (text.length <= MAX_CONFIG_LENGTH) return text;
  throw new ArgumentError(
    `save: a configuration must take at most ${MAX_CONFIG_LENGTH} characters, got ${text.length}; save the weights alone`,
  );
}

/** What `toText` wrote. FormatError for anything else; `what` names the text. */
export function fromText(what: string, text = ""): Json {
  if (text.length > MAX_CONFIG_LENGTH) {
    throw new FormatError(`${what} must have at most ${MAX_CONFIG_LENGTH} characters, got ${text.length}`);
  }
  try {
    return JSON.parse(text, (_, value) =>
      Object.keys(Object(value)).join() === NUMBER ? Number(value[NUMBER]) : value,
    ) as Json;
  } catch (cause) {
    throw new FormatError(`${what} must be JSON, got ${cause}`, { cause });
  }
}
