// What the plots show of a history: training smoothed and raw, validation where it was looked at, in columns of one axis.
import type { CheckFigures, EpochFigures } from "./protocol.ts";

/** Columns as uPlot takes them: places on the axis, training raw, training smoothed, validation. */
export type Columns = [x: number[], raw: Numbers, smooth: Numbers, validation: Numbers];
type Numbers = (number | null | undefined)[];

/** The list of figures to plot: the loss, or the one beside it. */
export type Which = "loss" | "figure";

const MOST_POINTS = 500;
/** Steps after which a number counts a third as much: at least so many, or this part of the history. */
const SHORTEST_MEMORY = 20;
const MEMORY_PART = 30;

/** By steps: of long histories, means of as many steps as fall together. */
export function byStep(series: Float32Array, checks: readonly CheckFigures[], which: Which): Columns {
  const size = Math.max(1, Math.ceil(series.length / MOST_POINTS));
  const memory = Math.max(SHORTEST_MEMORY, series.length / MEMORY_PART);
  const training = new Map<number, readonly [raw: number | null, smooth: number | null]>();
  let [average, weight] = [0, 0];
  for (let begin = 0; begin < series.length; begin += size) {
    const end = Math.min(begin + size, series.length);
    let sum = 0;
    for (let i = begin; i < end; i++) {
      sum += series[i];
      average += (series[i] - average) / memory;
      weight += (1 - weight) / memory;
    }
    // Divided by its weight, the average is right from the first step on.
    training.set(end, [finite(sum / (end - begin)), finite(average / weight)]);
  }
  const validation = new Map(checks.map((check) => [check.step, finite(check[which])]));
  const x = [...new Set([...training.keys(), ...validation.keys()])].sort((a, b) => a - b);
  // Undefined is a place without a number, which a line passes over; null is a gap.
  return [
    x,
    x.map((step) => training.get(step)?.[0]),
    x.map((step) => training.get(step)?.[1]),
    x.map((step) => validation.get(step)),
  ];
}

export function byEpoch(epochs: readonly EpochFigures[], which: Which): Columns {
  const training = epochs.map((epoch) => finite(epoch[which]));
  const validation = epochs.map((epoch) => finite(which === "loss" ? epoch.validationLoss : epoch.validationFigure));
  return [epochs.map(({ epoch }) => epoch), training.map(() => undefined), training, validation];
}

function finite(number: number): number | null {
  return Number.isFinite(number) ? number : null;
}

/** The range of what is worth seeing: the first steps, which lie far off, do not count once there are others. */
export function rangeOf([x, , smooth, validation]: Columns): [least: number, most: number] | undefined {
  const from = x.length > 20 ? x[x.length - 1] * 0.05 : 0;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [i, place] of x.entries()) {
    if (place < from) continue;
    for (const number of [smooth[i], validation[i]]) {
      if (number === null || number === undefined) continue;
      least = Math.min(least, number);
      most = Math.max(most, number);
    }
  }
  return least <= most ? [least, most] : undefined;
}
