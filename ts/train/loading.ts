// Whole models from the files that `save` writes. All that a file says is made anew: nothing that exists can change.
import { readFile } from "../formats/files.ts";
import { decodeSafetensors, type Safetensors } from "../formats/safetensors.ts";
import { loadOptions } from "../generated/options.ts";
import { reserveNames } from "../layers/layer.ts";
import { STRUCTURE } from "../layers/module.ts";
import { withoutInitializers } from "../layers/starting-values.ts";
import { fromConfig as lossFrom } from "../losses/index.ts";
import { fromConfig as metricFrom } from "../metrics/index.ts";
import { fromConfig as optimizerFrom } from "../optim/index.ts";
import { FormatError, OutOfMemoryError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { type FilePath, pathOf } from "../runtime/paths.ts";
import type { Model } from "./model.ts";
import { type ModelConfig, modelFromConfig } from "./model-config.ts";
import { owns } from "./owned.ts";
import { assignAll, hasOptimizer, matchedParts } from "./parts.ts";
import { type CompileConfig, fromText, MODEL_FORMAT } from "./saving.ts";
import { buildAs } from "./weights.ts";

/** What `loadModel` and `importModel` take. */
export interface LoadOptions {
  /** Whether the model is compiled as the one in the file, if that was, and gets its optimizer's state; default true. */
  compile?: boolean;
}

/**
 * A new model from a file that `model.save` wrote: it predicts with the same bits and, where the file holds the optimizer's
 * state, goes on training with the same bits. The model frees its optimizer and metrics. Classes, losses and metrics of one's
 * own must have been defined by their names.
 * Shapes: those of the model that was saved.
 * Errors: FormatError for other and for damaged files, and for what is not defined here; StateError where there is no file.
 */
export async function loadModel(path: FilePath, options: LoadOptions = {}): Promise<Model> {
  checkOptions("loadModel", options, loadOptions);
  return decodeModel(await readFile(path), pathOf("loadModel: the path", path), options);
}

/**
 * A new model from the bytes of such a file, as `model.exportModel` gives them; see {@link loadModel}.
 * Shapes: those of the model.
 * Errors: FormatError for other and for damaged bytes, and for what is not defined here.
 */
export function importModel(bytes: Uint8Array, options: LoadOptions = {}): Model {
  return decodeModel(bytes, "importModel", checkOptions("importModel", options, loadOptions));
}

function decodeModel(bytes: Uint8Array, source: string, { compile = true }: LoadOptions): Model {
  const file = decodeSafetensors(bytes, source);
  const { tensors, metadata } = file;
  const { format, version } = MODEL_FORMAT;
  if (metadata.format !== format || metadata.version !== version) {
    const got = `${metadata.format} ${metadata.version ?? ""}`.trim();
    throw new FormatError(
      `${source}: the file must be a model's, ${format} ${version}, got ${got}; weights alone are read by loadWeights`,
    );
  }
  let numbers = 0;
  for (const { data } of tensors.values()) numbers += data.length;
  let model: Model | undefined;
  try {
    const config = fromText(`${source}: the model's configuration`, metadata.model);
    withoutInitializers(numbers, () => {
      model = modelFromConfig(config as unknown as ModelConfig);
      fill(model, file, source, compile);
    });
    const made = model as unknown as Model;
    reserveNames([...made[STRUCTURE]().modules.values()].map(({ name }) => name));
    return made;
  } catch (cause) {
    model?.dispose();
    if (cause instanceof FormatError || cause instanceof OutOfMemoryError) throw cause;
    const got = cause instanceof Error ? cause.message : cause;
    throw new FormatError(`${source}: the file must hold what makes a model here, got one where ${got}`, { cause });
  }
}

/** Compiles a model as its file says, and gives its variables their values. */
function fill(model: Model, { tensors, metadata }: Safetensors, source: string, compile: boolean): void {
  buildAs(model, metadata);
  const isCompiled = compile && metadata.compile !== undefined;
  if (isCompiled) compileAs(model, fromText(`${source}: compile`, metadata.compile) as unknown as CompileConfig);
  const optimizer = isCompiled && hasOptimizer(tensors) ? model.compilation.optimizer : undefined;
  assignAll(matchedParts(model, optimizer, tensors, metadata, source));
  if (optimizer && metadata.averagesInPlace === "true") optimizer.averagesInPlace = true;
}

function compileAs(model: Model, config: CompileConfig): void {
  const { optimizer, loss, lossWeights, metrics, weightedMetrics, runEagerly, undecayed } = config;
  const each = <T, R>(given: Readonly<Record<string, T>>, make: (value: T) => R): Record<string, R> =>
    Object.fromEntries(Object.entries(given).map(([output, value]) => [output, make(value)]));
  const measured = (lists: CompileConfig["metrics"]) =>
    each(lists, (list) => list.map((metric) => owns(metricFrom(metric as never))));
  model.compile({
    optimizer: owns(optimizerFrom(optimizer as never)),
    loss: loss && each(loss, (one) => lossFrom(one as never)),
    lossWeights,
    metrics: measured(metrics),
    weightedMetrics: measured(weightedMetrics),
    runEagerly,
  });
  const { names, paths } = undecayed;
  if (names.length + paths.length === 0) return;
  const { weights } = model[STRUCTURE]();
  const variables = paths.map((path) => {
    const weight = weights.get(path);
    if (weight) return weight;
    throw new FormatError(`loadModel: weights without decay must be the model's, got ${path}`);
  });
  model.compilation.optimizer.excludeFromWeightDecay({ names: [...names], variables });
}
