// A model as a table: its layers, the shapes they put out, their numbers of weights.
import type { Layer } from "../layers/layer.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Variable } from "../tensor/variable.ts";

const HEADINGS = ["Layer (type)", "Output Shape", "Param #"] as const;

/** The table that `model.summary()` returns; batches are shown as None, as in Keras. */
export function summarize(name: string, rows: readonly { layer: Layer; outputShape: Shape | undefined }[]): string {
  const cells = rows.map(({ layer, outputShape }) => [
    `${layer.name} (${layer.constructor.name})`,
    outputShape === undefined ? "?" : `(${["None", ...outputShape].join(", ")})`,
    layer.built || outputShape !== undefined ? group(count(layer.weights)) : "0 (unbuilt)",
  ]);
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...cells.map((row) => row[i].length)));
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
    text(HEADINGS, "┃"),
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
