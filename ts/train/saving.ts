// A whole model as one safetensors file: its tensors, and in the metadata as JSON what makes the model again.
import { encodeSafetensors } from "../formats/safetensors.ts";
import { type Json, toConfig } from "../layers/config.ts";
import type { Layer } from "../layers/layer.ts";
import { ArgumentError, FormatError } from "../runtime/errors.ts";
import { recordsOfParts } from "./parts.ts";
import { aboutPaths } from "./weights.ts";

/** What the file of a model says of itself. Readers refuse versions that they do not know. */
export const MODEL_FORMAT = { format: "heddle-model", version: "1" } as const;

/** How long the JSON of a configuration may be: that of a thousand layers takes a tenth of it. */
const MAX_CONFIG_LENGTH = 4_000_000;

/** The key of a number that JSON does not have. */
const NUMBER = "$number";

/** The bytes of a model's file. ArgumentError for options that only code can make, and for a configuration beyond bounds. */
export function encodeModel(model: Layer): Uint8Array {
  const metadata = { ...MODEL_FORMAT, model: toText(toConfig(model)), ...aboutPaths(model) };
  return encodeSafetensors(recordsOfParts(model, undefined), metadata);
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
export function fromText(what: string, text: string): Json {
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
