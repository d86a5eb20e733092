// Looks at how a model reads digits that it was not trained on: figures, confusions, and its worst mistakes.
import type { Sequential } from "heddle";
import { CLASSES, PIXELS, type Task } from "../catalogue.ts";
import type { Check, Mistake } from "../protocol.ts";
import { asImages, type Digits } from "./digits.ts";
import { judgeDigit, judgePicture, outputSize } from "./tasks.ts";

const CHUNK = 500;
const BATCH = 100;
const SHOWN = 18;

interface Candidate {
  readonly at: number;
  readonly weight: number;
  readonly output: Float32Array;
}

/** Checks the model on the first `count` digits. It gives way to other work now and then; `signal` ends it. */
export async function checkModel(
  model: Sequential,
  task: Task,
  digits: Digits,
  { step, count, signal }: { step: number; count: number; signal: AbortSignal },
): Promise<Check> {
  const size = outputSize(task);
  const confusion = new Int32Array(task === "classify" ? CLASSES * CLASSES : 0);
  let [loss, figure] = [0, 0];
  let worst: Candidate[] = [];
  for (let begin = 0; begin < count; begin += CHUNK) {
    const end = Math.min(begin + CHUNK, count);
    const outputs = await predict(model, digits.pixels.subarray(begin * PIXELS, end * PIXELS), signal);
    for (let at = begin; at < end; at++) {
      const output = outputs.subarray((at - begin) * size, (at - begin + 1) * size);
      const label = digits.labels[at];
      const verdict = task === "classify" ? judgeDigit(label, output) : judgePicture(pixelsOf(digits, at), output);
      loss += verdict.loss;
      figure += verdict.figure;
      if (task === "classify") confusion[label * CLASSES + verdict.said]++;
      if (verdict.weight > (worst.length < SHOWN ? 0 : worst[SHOWN - 1].weight)) {
        worst = [...worst, { at, weight: verdict.weight, output: output.slice() }];
        worst = worst.sort((a, b) => b.weight - a.weight).slice(0, SHOWN);
      }
    }
  }
  const mistakes = worst.map(
    ({ at, weight, output }): Mistake => ({
      pixels: pixelsOf(digits, at).slice(),
      label: digits.labels[at],
      output,
      weight,
    }),
  );
  const figures = { step, loss: loss / count, figure: figure / count };
  return { ...figures, images: count, of: digits.labels.length, confusion, worst: mistakes };
}

/** The model's outputs for digits of bytes, one after the other. */
export async function predict(model: Sequential, pixels: Uint8Array, signal?: AbortSignal): Promise<Float32Array> {
  const outputs = await model.predict(asImages(pixels), { batchSize: BATCH, signal });
  const values = outputs.data();
  outputs.dispose();
  return values;
}

export function pixelsOf(digits: Digits, at: number): Uint8Array {
  return digits.pixels.subarray(at * PIXELS, (at + 1) * PIXELS);
}
