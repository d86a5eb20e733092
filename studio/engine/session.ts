// A training as one safetensors file: weights, the optimizer's state, the history, and how far it has come. From it
// training goes on as if nothing had happened.
import { decodeSafetensors, encodeSafetensors, scope, tensor } from "heddle";
import { type ModelId, models, optimizers, type Settings } from "../catalogue.ts";
import type { CheckFigures, EpochFigures } from "../protocol.ts";
import { type Progress, Training } from "./training.ts";

type TensorRecord = ReturnType<typeof decodeSafetensors>["tensors"] extends Map<string, infer R> ? R : never;

/** What the file says in words. */
interface Words {
  readonly settings: Settings;
  readonly progress: Progress;
  readonly checks: readonly CheckFigures[];
  readonly epochs: readonly EpochFigures[];
  readonly running: boolean;
}

export function encodeSession(training: Training, running: boolean): Uint8Array {
  const { model, optimizer, settings, progress, checks, epochs, losses, figures } = training;
  optimizer.build(model.trainableWeights);
  const tensors = new Map<string, TensorRecord>();
  for (const [path, weight] of decodeSafetensors(model.exportWeights()).tensors) tensors.set(`model/${path}`, weight);
  for (const [name, state] of Object.entries(optimizer.state())) tensors.set(`optimizer/${name}`, recordOf(state));
  for (const [name, series] of Object.entries({ losses, figures })) {
    tensors.set(`history/${name}`, { dtype: "f32", shape: [series.length], data: series.from(0) });
  }
  const words: Words = { settings, progress, checks, epochs, running };
  return encodeSafetensors(tensors, { studio: JSON.stringify(words) });
}

/** The training that a file holds, and whether it was running. Errors: FormatError where it does not hold one. */
export function decodeSession(bytes: Uint8Array, source: string): { training: Training; running: boolean } {
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  const { settings, progress, checks, epochs, running } = JSON.parse(metadata.studio ?? "{}") as Words;
  if (!Object.hasOwn(models, settings?.model) || !Object.hasOwn(optimizers, settings.optimizer)) {
    throw new Error(`${source}: the file must hold a training of this studio, got something else`);
  }
  const training = new Training(settings, progress);
  try {
    training.model.importWeights(encodeSafetensors(part(tensors, "model")));
    scope(() => {
      const state = [...part(tensors, "optimizer")].map(([name, { data, shape, dtype }]) => [
        name,
        tensor(data, { shape, dtype }),
      ]);
      training.optimizer.restore(Object.fromEntries(state), training.model.trainableWeights);
    });
    const history = part(tensors, "history");
    training.losses.replace(history.get("losses")?.data as Float32Array);
    training.figures.replace(history.get("figures")?.data as Float32Array);
    training.checks.push(...checks);
    training.epochs.push(...epochs);
  } catch (error) {
    training.dispose();
    throw error;
  }
  return { training, running };
}

/** What weights say about themselves when they are kept or downloaded. */
export interface WeightsLabel {
  readonly model: ModelId;
  readonly step: number;
  readonly figure: number | undefined;
}

/** The model's weights alone, with a label. */
export function encodeWeights(training: Training): Uint8Array {
  const { model, settings, progress, checks } = training;
  const label: WeightsLabel = { model: settings.model, step: progress.step, figure: checks.at(-1)?.figure };
  const { tensors, metadata } = decodeSafetensors(model.exportWeights());
  return encodeSafetensors(tensors, { ...metadata, studio: JSON.stringify(label) });
}

/** The label of weights, or undefined for those of other programs. */
export function labelOf(bytes: Uint8Array, source: string): WeightsLabel | undefined {
  const { studio } = decodeSafetensors(bytes, source).metadata;
  const label = studio === undefined ? undefined : (JSON.parse(studio) as WeightsLabel);
  return label !== undefined && Object.hasOwn(models, label.model) ? label : undefined;
}

function recordOf(x: {
  readonly dtype: TensorRecord["dtype"];
  readonly shape: readonly number[];
  data(): unknown;
}): TensorRecord {
  return { dtype: x.dtype, shape: x.shape, data: x.data() as TensorRecord["data"] };
}

/** The tensors whose names begin with a folder, without it. */
function part(tensors: ReadonlyMap<string, TensorRecord>, folder: string): Map<string, TensorRecord> {
  const found = [...tensors].filter(([name]) => name.startsWith(`${folder}/`));
  return new Map(found.map(([name, record]) => [name.slice(folder.length + 1), record]));
}
