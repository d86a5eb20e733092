// Whole models from the files that `save` writes. What a file says is made anew, so that nothing that exists can change.
import { readFile } from "../formats/files.ts";
import { decodeSafetensors } from "../formats/safetensors.ts";
import { reserveNames } from "../layers/layer.ts";
import { STRUCTURE } from "../layers/module.ts";
import { withoutInitializers } from "../layers/starting-values.ts";
import { FormatError, OutOfMemoryError } from "../runtime/errors.ts";
import { type FilePath, pathOf } from "../runtime/paths.ts";
import type { Model } from "./model.ts";
import { type ModelConfig, modelFromConfig } from "./model-config.ts";
import { assignAll, matchedParts } from "./parts.ts";
import { fromText, MODEL_FORMAT } from "./saving.ts";

/**
 * A new model from a file that `model.save` wrote: it predicts with the same bits. Classes of one's own must have been made
 * known by `registerLayer`. Errors: FormatError for other and for damaged files, StateError where there is none.
 */
export async function loadModel(path: FilePath): Promise<Model> {
  return decodeModel(await readFile(path), pathOf("loadModel: the path", path));
}

/**
 * A new model from the bytes that `model.exportModel` returned; see {@link loadModel}.
 * Shapes: those of the model.
 * Errors: FormatError for other or damaged bytes; ArgumentError for layers of an unknown kind.
 */
export function importModel(bytes: Uint8Array): Model {
  return decodeModel(bytes, "importModel");
}

function decodeModel(bytes: Uint8Array, source: string): Model {
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  const { format, version } = MODEL_FORMAT;
  if (metadata.format !== format || metadata.version !== version) {
    const got = `${metadata.format} ${metadata.version ?? ""}`.trim();
    throw new FormatError(
      `${source}: the file must be a model's, ${format} ${version}, got ${got}; weights alone are read by loadWeights`,
    );
  }
  const config = fromText(`${source}: the model's configuration`, metadata.model ?? "");
  let numbers = 0;
  for (const { data } of tensors.values()) numbers += data.length;
  let model: Model | undefined;
  try {
    const pairs = withoutInitializers(numbers, () => {
      model = modelFromConfig(config as unknown as ModelConfig);
      return matchedParts(model, undefined, tensors, metadata, source);
    });
    assignAll(pairs);
    const made = model as unknown as Model;
    reserveNames([...made[STRUCTURE]().modules.values()].map(({ name }) => name));
    return made;
  } catch (cause) {
    model?.dispose();
    if (cause instanceof FormatError || cause instanceof OutOfMemoryError) throw cause;
    const got = cause instanceof Error ? cause.message : cause;
    throw new FormatError(`${source}: the file must hold the configuration of a model, got one where ${got}`, {
      cause,
    });
  }
}
