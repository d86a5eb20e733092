// Numbers as people read them.
import type { Task } from "./catalogue.ts";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 12,345 */
export function count(number: number): string {
  return whole.format(number);
}

/** 97.8 %; what is not quite 100 is not rounded up to it. */
export function percent(share: number, digits = 1): string {
  if (!Number.isFinite(share)) return "–";
  const scale = 100 * 10 ** digits;
  const rounded = share < 1 ? Math.min(Math.round(share * scale), scale - 1) : scale;
  return `${((100 * rounded) / scale).toFixed(digits)} %`;
}

/** Four digits: 2.303, 0.0512. */
export function decimal(number: number): string {
  if (!Number.isFinite(number)) return "–";
  return number >= 1
    ? number.toFixed(3)
    : number >= 0.001 || number === 0
      ? number.toFixed(4)
      : number.toExponential(1);
}

/** Two digits of any size: 0.05, 0.00032. */
export function short(number: number): string {
  return Number.isFinite(number) ? String(Number(number.toPrecision(2))) : "–";
}

/** 1.1 MB */
export function bytes(number: number): string {
  return number < 1e6 ? `${count(number / 1e3)} kB` : `${(number / 1e6).toFixed(1)} MB`;
}

/** The figure beside the loss: an accuracy, or a mean absolute error. */
export function figure(task: Task, number: number): string {
  return task === "classify" ? percent(number, 2) : decimal(number);
}
