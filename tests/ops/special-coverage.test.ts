// Every op that people see has a row in a table of special values, or stands here with the reason why not.
import { expect, it } from "vitest";
import { methodNames } from "../../ts/ops/methods.ts";
import * as ops from "../../ts/ops/public.ts";
import { readRows } from "./special-rows.ts";

const random = "random: tests/ops/random.test.ts has what its numbers are like";
const made = "takes no tensors";
const colors = "sums and products of ops that have rows, without values of its own";

/** Why these have no row. */
const exempt: { readonly [name: string]: string } = {
  Generator: made,
  seed: made,
  tri: made,
  dropout: random,
  randomBernoulli: random,
  randomInteger: random,
  randomNormal: random,
  randomPermutation: random,
  randomTruncatedNormal: random,
  randomUniform: random,
  adjustBrightness: colors,
  adjustContrast: colors,
  adjustHue: colors,
  adjustSaturation: colors,
  hsvToRgb: colors,
  perImageStandardization: colors,
  rgbToGrayscale: colors,
  rgbToHsv: colors,
  istft: "undoes stft: tests/ops/fft.test.ts takes it there and back",
  at: "copies elements as slice does: tests/ops/layout.test.ts has its errors",
  backward: "no op: the way back itself",
  stopGradient: "no op of numbers: x without its gradient",
};

const rowed = new Set(["special-values", "special-structures"].flatMap(readRows).map(({ name }) => name.split(" ")[0]));
const named = new Set([...Object.keys(ops), ...methodNames]);

it("every op has a row of special values, or a reason why not", () => {
  const without = [...named].filter((name) => !rowed.has(name) && !Object.hasOwn(exempt, name));
  expect(without).toEqual([]);
});

it("no reason is given for what has a row or is no op", () => {
  expect(Object.keys(exempt).filter((name) => rowed.has(name) || !named.has(name))).toEqual([]);
});
