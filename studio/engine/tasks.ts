// What a task is judged by: how training measures it, and how one output is measured against what it should be.
import { losses, type Tensor } from "heddle";
import { CLASSES, PIXELS, type Task } from "../catalogue.ts";

interface Judgement {
  readonly loss: "sparseCategoricalCrossentropy" | "binaryCrossentropy";
  readonly metrics: readonly ["accuracy" | "meanAbsoluteError"];
}

const judgements: { readonly [task in Task]: Judgement } = {
  classify: { loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] },
  reconstruct: { loss: "binaryCrossentropy", metrics: ["meanAbsoluteError"] },
};

/** What `compile` takes beside the optimizer. */
export function judgementOf(task: Task): Judgement {
  return judgements[task];
}

/** The loss of a batch, to be differentiated. */
export function lossOf(task: Task, images: Tensor, labels: Tensor<"i32">, outputs: Tensor): Tensor {
  return task === "classify"
    ? losses.sparseCategoricalCrossentropy(labels, outputs)
    : losses.binaryCrossentropy(images, outputs);
}

/** How many numbers a model gives for one digit. */
export function outputSize(task: Task): number {
  return task === "classify" ? CLASSES : PIXELS;
}

/** What one output is worth. */
export interface Verdict {
  readonly loss: number;
  /** 1 or 0 for a class; the mean absolute error of a picture. */
  readonly figure: number;
  /** What was read, or -1. */
  readonly said: number;
  /** How bad a mistake it is; 0 for none. */
  readonly weight: number;
}

// Keras's: no logarithm of less than this.
const LEAST = 1e-7;

export function judgeDigit(label: number, probabilities: Float32Array): Verdict {
  const said = largest(probabilities);
  const right = said === label;
  const loss = -Math.log(Math.max(probabilities[label], LEAST));
  return { loss, figure: right ? 1 : 0, said, weight: right ? 0 : probabilities[said] };
}

/** Pixels as bytes against what was drawn of them. */
export function judgePicture(pixels: Uint8Array, drawn: Float32Array): Verdict {
  let [loss, error] = [0, 0];
  for (let i = 0; i < drawn.length; i++) {
    const is = pixels[i] / 255;
    const p = Math.min(Math.max(drawn[i], LEAST), 1 - LEAST);
    loss -= is === 0 ? Math.log(1 - p) : is * Math.log(p) + (1 - is) * Math.log(1 - p);
    error += Math.abs(is - p);
  }
  return { loss: loss / drawn.length, figure: error / drawn.length, said: -1, weight: error / drawn.length };
}

export function largest(numbers: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i] > numbers[best]) best = i;
  return best;
}
