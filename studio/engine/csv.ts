// Digits in the lines of a CSV file: 784 pixels, or a label and 784 pixels, as MNIST is often passed around.
import { PIXELS, UNKNOWN } from "../catalogue.ts";
import type { Digits } from "./digits.ts";

/** Pixels may be bytes or numbers from 0 to 1; the first line may name the columns. Errors: Error with the line's number. */
export function parseCsv(text: string): Digits {
  const rows: { line: number; numbers: number[] }[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const numbers = line.split(/[,;\t]/).map((cell) => (cell.trim() === "" ? Number.NaN : Number(cell)));
    if (rows.length === 0 && i === 0 && numbers.every(Number.isNaN)) continue;
    checkRow(numbers, i + 1);
    rows.push({ line: i + 1, numbers });
  }
  if (rows.length === 0) throw new Error("CSV: there must be at least one line of pixels, got none");
  const pixels = new Uint8Array(rows.length * PIXELS);
  const labels = new Uint8Array(rows.length).fill(UNKNOWN);
  const scale = rows.every(({ numbers }) => numbers.slice(-PIXELS).every((number) => number <= 1)) ? 255 : 1;
  for (const [i, { line, numbers }] of rows.entries()) {
    const own = numbers.slice(-PIXELS);
    const strange = own.find((number) => !(number >= 0 && number <= 255));
    if (strange !== undefined) throw new Error(`CSV: pixels must be from 0 to 255, got ${strange} in line ${line}`);
    pixels.set(
      own.map((number) => Math.round(number * scale)),
      i * PIXELS,
    );
    if (numbers.length > PIXELS) labels[i] = numbers[0];
  }
  return { pixels, labels };
}

function checkRow(numbers: readonly number[], line: number): void {
  const { length } = numbers;
  if (length !== PIXELS && length !== PIXELS + 1) {
    throw new Error(`CSV: a line must have 784 pixels, or a label and 784 pixels, got ${length} cells in line ${line}`);
  }
  if (numbers.some(Number.isNaN)) throw new Error(`CSV: cells must be numbers, got something else in line ${line}`);
  const [label] = numbers;
  if (length > PIXELS && !(Number.isInteger(label) && label >= 0 && label <= 9)) {
    throw new Error(`CSV: labels must be from 0 to 9, got ${label} in line ${line}`);
  }
}
