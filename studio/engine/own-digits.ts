// Digits that a person brought, labelled or not: judged, and kept as a safetensors file.
import { decodeSafetensors, encodeSafetensors, type Sequential } from "heddle";
import { PIXELS, SIDE, type Task, UNKNOWN } from "../catalogue.ts";
import type { OwnDigits } from "../protocol.ts";
import { type Digits, digitsOf } from "./digits.ts";
import { largest, outputSize } from "./tasks.ts";
import { pixelsOf, predict } from "./validation.ts";

const NAME = "own";
const SHOWN = 40;
const CHUNK = 500;

/** What the model makes of them. It gives way to other work now and then; `signal` ends it. */
export async function judgeOwn(model: Sequential, task: Task, digits: Digits, signal: AbortSignal): Promise<OwnDigits> {
  const count = digits.labels.length;
  const size = outputSize(task);
  const shown: OwnDigits["shown"][number][] = [];
  let [labelled, right] = [0, 0];
  for (let begin = 0; begin < count; begin += CHUNK) {
    const end = Math.min(begin + CHUNK, count);
    const outputs = await predict(model, digits.pixels.subarray(begin * PIXELS, end * PIXELS), signal);
    for (let at = begin; at < end; at++) {
      const output = outputs.slice((at - begin) * size, (at - begin + 1) * size);
      const label = digits.labels[at];
      if (label !== UNKNOWN && task === "classify") {
        labelled++;
        if (largest(output) === label) right++;
      }
      if (shown.length < SHOWN) shown.push({ pixels: pixelsOf(digits, at).slice(), label, output });
    }
  }
  return { count, labelled, right, shown };
}

export function encodeDigits({ pixels, labels }: Digits): Uint8Array {
  const count = labels.length;
  return encodeSafetensors(
    new Map([
      [`${NAME}/images`, { dtype: "u8", shape: [count, SIDE, SIDE, 1], data: pixels }],
      [`${NAME}/labels`, { dtype: "u8", shape: [count], data: labels }],
    ]),
  );
}

/** The digits that a file holds. Errors: FormatError where it is damaged, Error where it holds something else. */
export function decodeDigits(bytes: Uint8Array, source: string): Digits {
  return digitsOf(decodeSafetensors(bytes, source).tensors, NAME, source);
}
