// Which tickets may be run again after part of them was done.
import { describe, expect, it } from "vitest";
import { kernels } from "../../ts/generated/kernels.ts";
import { GROUP_WORDS, isRepeatable, LAUNCH_WORDS, writeGroup } from "../../ts/runtime/encoding.ts";

type Name = keyof typeof kernels;

/** A group of launches in memory of its own, each a kernel and the addresses and numbers it is given. */
function group(launches: readonly (readonly [Name, ...number[]])[], block: number): Int32Array {
  const words = launches.reduce((sum, launch) => sum + LAUNCH_WORDS + launch.length - 1, GROUP_WORDS);
  const i32 = new Int32Array(words);
  writeGroup(i32, 0, words * 4, 0, 1, 0, 100, 100, launches.length, block);
  let at = GROUP_WORDS;
  for (const [name, ...args] of launches) {
    i32.set([kernels[name].index, (LAUNCH_WORDS + args.length) * 4, 100, ...args], at);
    at += LAUNCH_WORDS + args.length;
  }
  return i32;
}

describe("isRepeatable", () => {
  it.each<[string, boolean, (readonly [Name, ...number[]])[]]>([
    ["a launch that writes elsewhere", true, [["relu_f32", 640, 128]]],
    ["a launch that writes over its operand", false, [["relu_f32", 128, 128]]],
    ["a launch that updates in place", false, [["running_average_f32", 640, 128, 0]]],
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
      "a launch that writes twice, unread",
      true,
      [
        ["relu_f32", 640, 128],
        ["neg_f32", 640, 128],
      ],
    ],
  ])("knows %s", (_title, expected, launches) => {
    for (const block of [0, 32]) expect(isRepeatable(group(launches, block), 0, 0)).toBe(expected);
  });
});
