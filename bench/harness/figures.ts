// The arithmetic of the comparison: medians, ranges, ratios and how a figure is written.
import type { Question } from "./question.ts";

/** The median of at least one number. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The least and the greatest. */
export function range(values: number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

/** How many times better Heddle's figure is than the peer's. */
export function ratio(question: Question, heddle: number, peer: number): number {
  if (heddle === peer) return 1;
  return question.better === "more" ? heddle / peer : peer / heddle;
}

/** Three significant digits, and never an exponent. */
export function plain(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return `${value}`;
  const decimals = 2 - Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(Math.max(decimals, 0), 6));
}

/** Pads every column to its widest cell: the first to the right, the rest to the left. */
export function columns(lines: string[][]): string[] {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return lines.map((cells) => `  ${cells.map(pad).join("  ")}`.trimEnd());
}
