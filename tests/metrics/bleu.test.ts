// BLEU: the published example, the formula computed naively (tests/golden/bleu.py), gathering over batches, errors.
import { describe, expect, it } from "vitest";
import { Bleu, type BleuOptions, bleu } from "../../ts/metrics/bleu.ts";
import { readGolden } from "../golden/read.ts";

interface Row extends BleuOptions {
  readonly references: readonly (readonly number[])[][];
  readonly candidates: readonly (readonly number[])[];
  readonly bleu: number;
}

const rows: readonly Row[] = readGolden("bleu");
const words = (text: string): string[] => text.split(" ");

// The example of NLTK's documentation, after that of Papineni et al.
const guide = words("It is a guide to action which ensures that the military always obeys the commands of the party");
const guides = [
  "It is a guide to action that ensures that the military will forever heed Party commands",
  "It is the guiding principle which guarantees the military forces always being under the command of the Party",
  "It is the practical guide for the army always to heed the directions of the party",
].map(words);
const reader = words("he read the book because he was interested in world history");
const readers = [words("he was interested in world history because he read the book")];

describe("values", () => {
  it("of the published example", () => {
    expect(bleu([guides], [guide])).toBeCloseTo(0.5045666840058485, 12);
    expect(bleu([guides, readers], [guide, reader])).toBeCloseTo(0.5920778868801042, 12);
  });

  it.each(rows.map((row) => [`${row.maxOrder} ${row.smoothing} ${row.bleu}`, row] as const))("%s", (_title, row) => {
    const { references, candidates, maxOrder, smoothing } = row;
    expect(bleu(references, candidates, { maxOrder, smoothing })).toBeCloseTo(row.bleu, 12);
  });

  it("1 for a reference itself, 0 for nothing, less for less", () => {
    expect(bleu([guides], [guides[1]])).toBe(1);
    expect(bleu([guides], [[]])).toBe(0);
    expect(bleu([guides], [guides[1].slice(0, 9)])).toBeCloseTo(Math.exp(1 - 16 / 9), 12);
  });

  it("tokens are told apart by what they are", () => {
    expect(bleu([[["a b", "c"]]], [["a", "b c"]], { maxOrder: 1 })).toBe(0);
    expect(bleu([[[1, 2]]], [["1", "2"]], { maxOrder: 1 })).toBe(0);
  });
});

it("is that of the whole corpus, in whatever batches", () => {
  const metric = new Bleu();
  metric.update([guides], [guide]);
  metric.update([readers], [reader]);
  expect(metric.result()).toBe(bleu([guides, readers], [guide, reader]));
  metric.reset();
  expect(metric.result()).toBe(0);
  metric.update([readers], [reader]);
  expect(metric.result()).toBe(bleu([readers], [reader]));
});

it("refuses what is no corpus", () => {
  expect(() => new Bleu({ maxOrder: 0 })).toThrow("Bleu: maxOrder must be a whole number of at least 1, got 0");
  expect(() => new Bleu({ smoothing: "much" as never })).toThrow("Bleu: smoothing must be one of none, addOne,");
  expect(() => bleu([guides], [])).toThrow("Bleu: each candidate must have at least one reference");
  expect(() => bleu([[]], [guide])).toThrow("Bleu: each candidate must have at least one reference");
});
