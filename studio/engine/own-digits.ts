// Judges digits that a person brought, labelled or not.
import type { Sequential } from "heddle";
import { PIXELS, type Task, UNKNOWN } from "../catalogue.ts";
import type { OwnDigits } from "../protocol.ts";
import type { Digits } from "./digits.ts";
import { largest, outputSize } from "./tasks.ts";
import { pixelsOf, predict } from "./validation.ts";

const SHOWN = 40;
const CHUNK = 500;

export async function judgeOwn(model: Sequential, task: Task, digits: Digits): Promise<OwnDigits> {
  const count = digits.labels.length;
  const size = outputSize(task);
  const shown: OwnDigits["shown"][number][] = [];
  let [labelled, right] = [0, 0];
  for (let begin = 0; begin < count; begin += CHUNK) {
    const end = Math.min(begin + CHUNK, count);
    const outputs = await predict(model, digits.pixels.subarray(begin * PIXELS, end * PIXELS));
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
