// Which tickets may be run again after part of them was done.
import { describe, expect, it } from "vitest";
import { kernels } from "../../ts/generated/kernels.ts";
import { GROUP_WORDS, isRepeatable, ROW_WORDS, writeGroup } from "../../ts/runtime/rows.ts";

type Name = keyof typeof kernels;

/** A group of rows in memory of its own, each a kernel and the addresses and numbers it is given. */
function group(rows: readonly (readonly [Name, ...number[]])[], block: number): Int32Array {
  const words = rows.reduce((sum, row) => sum + ROW_WORDS + row.length - 1, GROUP_WORDS);
  const i32 = new Int32Array(words);
  writeGroup(i32, 0, words * 4, 0, 1, 0, 100, 100, rows.length, block);
  let at = GROUP_WORDS;
  for (const [name, ...args] of rows) {
    i32.set([kernels[name].index, (ROW_WORDS + args.length) * 4, 100, ...args], at);
    at += ROW_WORDS + args.length;
  }
  return i32;
}

describe("isRepeatable", () => {
  it.each<[string, boolean, (readonly [Name, ...number[]])[]]>([
    ["a row that writes elsewhere", true, [["relu_f32", 640, 128]]],
    ["a row that writes over its operand", false, [["relu_f32", 128, 128]]],
    ["a row that updates in place", false, [["running_average_f32", 640, 128, 0]]],
    [
      "a chain over separate memory",
      true,
      [
        ["relu_f32", 640, 128],
        ["neg_f32", 704, 640],
      ],
    ],
    [
      "a chain that ends in place",
      false,
      [
        ["relu_f32", 640, 128],
        ["neg_f32", 640, 640],
      ],
    ],
    [
      "a chain that ends over its beginning",
      false,
      [
        ["relu_f32", 640, 128],
        ["neg_f32", 128, 640],
      ],
    ],
    [
      "a row that writes twice, unread",
      true,
      [
        ["relu_f32", 640, 128],
        ["neg_f32", 640, 128],
      ],
    ],
  ])("knows %s", (_title, expected, rows) => {
    for (const block of [0, 32]) expect(isRepeatable(group(rows, block), 0, 0)).toBe(expected);
  });
});
