// What the tests of remote models learn: in which quadrant a point of the plane lies.
import { ArrayData, layers } from "../../ts/index.ts";

const COUNT = 200;
const points = Float32Array.from({ length: 2 * COUNT }, (_, i) => Math.sin(i * i + 1));
const quadrants = Int32Array.from(
  { length: COUNT },
  (_, i) => (points[2 * i] > 0 ? 1 : 0) + (points[2 * i + 1] > 0 ? 2 : 0),
);

export const x: ArrayData<"f32"> = new ArrayData(points, [COUNT, 2], "f32");
export const y: ArrayData<"i32"> = new ArrayData(quadrants, [COUNT], "i32");

export const judgement = { loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] } as const;

/** Layers with dropout, so that the same bits need the same random numbers too. */
export function classifierLayers(): layers.Layer[] {
  return [
    layers.dense({ units: 16, activation: "relu", inputShape: [2] }),
    layers.dropout({ rate: 0.1 }),
    layers.dense({ units: 4, activation: "softmax" }),
  ];
}

/** The bits of numbers of 32 bits. */
export function bits(values: ArrayLike<number>): number[] {
  return [...new Int32Array(Float32Array.from(values).buffer)];
}
