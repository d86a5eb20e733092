// A confusion matrix in text: what things are (rows) against what they were taken for (columns).
import { percent } from "./numbers.ts";
import type { Paint } from "./paint.ts";

const SHARE_WIDTH = 11;

/** How often class `truth[i]` was taken for `said[i]`: counts [classes][classes]. */
export function countConfusions(truth: ArrayLike<number>, said: ArrayLike<number>, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < truth.length; i++) counts[truth[i]][said[i]]++;
  return counts;
}

/**
 * The matrix as lines, with the share of each class that was recognized at the right. Zeros are dots; mistakes stand out,
 * frequent ones (at least half of the most frequent) more.
 */
export function drawConfusionMatrix(counts: readonly (readonly number[])[], paint: Paint): string[] {
  const classes = counts.map((_, i) => i);
  const width = Math.max(5, String(Math.max(...counts.flat())).length + 1);
  const mistakes = counts.flatMap((row, is) => row.filter((_, said) => said !== is));
  const frequent = Math.max(...mistakes) / 2;
  const drawCell = (value: number, is: number, said: number): string => {
    const text = (value === 0 ? "·" : String(value)).padStart(width);
    if (is === said || value === 0) return paint.dim(text);
    return value >= frequent ? paint.red(text) : paint.yellow(text);
  };
  const heading = classes.map((said) => String(said).padStart(width)).join("");
  const header = paint.bold(`  ${heading}`) + paint.dim("right".padStart(SHARE_WIDTH));
  const rows = counts.map((row, is) => {
    const total = row.reduce((sum, value) => sum + value, 0);
    const share = total === 0 ? "" : percent(row[is] / total, 1).padStart(SHARE_WIDTH);
    return paint.bold(String(is).padStart(2)) + row.map((value, said) => drawCell(value, is, said)).join("") + share;
  });
  return [header, ...rows];
}
