// A model as a table: its layers, the shapes they put out, their numbers of weights.
import type { Layer } from "../layers/layer.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Variable } from "../tensor/variable.ts";

/** One line of the table. */
export interface SummaryRow {
  readonly layer: Layer;
  /** Of one example; undefined while unknown. */
  readonly outputShape: Shape | undefined;
  /** The layers that it was applied to, in a functional model. */
  readonly from?: readonly string[];
}

const HEADINGS = ["Layer (type)", "Output Shape", "Param #", "Connected to"] as const;

/** "conv2d_transpose" as Conv2dTranspose: the names of classes do not outlive minifying. */
function typeOf({ kind }: Layer): string {
  return kind
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** The table that `model.summary()` returns; batches are shown as None, as in Keras. */
export function summarize(name: string, rows: readonly SummaryRow[]): string {
  // Chains need no last column.
  const isChain = rows.every(
    ({ from = [] }, i) => from.length === 0 || (from.length === 1 && from[0] === rows[i - 1]?.layer.name),
  );
  const headings = isChain ? HEADINGS.slice(0, 3) : HEADINGS;
  const cells = rows.map(({ layer, outputShape, from = [] }) => [
    `${layer.name} (${typeOf(layer)})`,
    outputShape === undefined ? "?" : `(${["None", ...outputShape].join(", ")})`,
    layer.built || outputShape !== undefined ? group(count(layer.weights)) : "0 (unbuilt)",
    ...(isChain ? [] : [from.join(", ")]),
  ]);
  const widths = headings.map((heading, i) => Math.max(heading.length, ...cells.map((row) => row[i].length)));
  const rule = (left: string, line: string, cross: string, right: string): string =>
    left + widths.map((width) => line.repeat(width + 2)).join(cross) + right;
  const text = (row: readonly string[], edge: string): string => {
    const padded = row.map((cell, i) => (i === 2 ? cell.padStart(widths[i]) : cell.padEnd(widths[i])));
    return `${edge} ${padded.join(` ${edge} `)} ${edge}`;
  };
  const weights = [...new Set(rows.flatMap(({ layer }) => layer.weights))];
  const trainable = count(weights.filter((weight) => weight.trainable));
  const total = count(weights);
  return [
    `Model: "${name}"`,
    rule("┏", "━", "┳", "┓"),
    text(headings, "┃"),
    rule("┡", "━", "╇", "┩"),
    ...cells.map((row) => text(row, "│")),
    rule("└", "─", "┴", "┘"),
    ` Total params: ${group(total)} (${size(total)})`,
    ` Trainable params: ${group(trainable)} (${size(trainable)})`,
    ` Non-trainable params: ${group(total - trainable)} (${size(total - trainable)})`,
  ].join("\n");
}

function count(weights: readonly Variable[]): number {
  return weights.reduce((sum, weight) => sum + weight.size, 0);
}

function group(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

function size(numbers: number): string {
  const bytes = numbers * 4;
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(2)} KB` : `${(bytes / 1024 ** 2).toFixed(2)} MB`;
}
