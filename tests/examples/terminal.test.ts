// The drawings of the examples, character by character, and their command-line flags.
import { describe, expect, it } from "vitest";
import { countConfusions, drawConfusionMatrix } from "../../examples/terminal/confusion-matrix.ts";
import { drawImages, IMAGE_WIDTH } from "../../examples/terminal/digits.ts";
import { drawFacts } from "../../examples/terminal/facts.ts";
import { helpText, readFlags, UsageError } from "../../examples/terminal/flags.ts";
import { count, counted, duration, fileSize, percent } from "../../examples/terminal/numbers.ts";
import { makePaint, mayColor } from "../../examples/terminal/paint.ts";

const plain = makePaint(false);
const colored = makePaint(true);
const withoutCodes = (text: string): string => text.replace(/\x1b\[[\d;]*m/g, "");

describe("the confusion matrix", () => {
  it("counts what was taken for what", () => {
    expect(countConfusions([0, 1, 1, 2, 1], [0, 1, 2, 2, 1], 3)).toEqual([
      [1, 0, 0],
      [0, 2, 1],
      [0, 0, 1],
    ]);
  });

  it("is aligned, zeros are dots, shares stand at the right", () => {
    const counts = [
      [977, 0, 3],
      [0, 1135, 0],
      [12, 1, 87],
    ];
    expect(drawConfusionMatrix(counts, plain)).toEqual([
      "      0    1    2      right",
      " 0  977    ·    3     99.7 %",
      " 1    · 1135    ·    100.0 %",
      " 2   12    1   87     87.0 %",
    ]);
  });

  it("colours mistakes, frequent ones more, and nothing else; alignment stays", () => {
    const counts = [
      [90, 4, 0],
      [9, 91, 0],
      [0, 0, 100],
    ];
    const lines = drawConfusionMatrix(counts, colored);
    expect(lines.map(withoutCodes)).toEqual(drawConfusionMatrix(counts, plain));
    expect(lines[1]).toContain("\x1b[33m    4\x1b[0m");
    expect(lines[2]).toContain("\x1b[1;31m    9\x1b[0m");
    expect(lines[3]).not.toMatch(/\x1b\[(1;31|33)m/);
  });

  it("has no share for a class that does not occur", () => {
    const lines = drawConfusionMatrix(countConfusions([0], [1], 2), plain);
    expect(lines).toEqual(["      0    1      right", " 0    ·    1      0.0 %", " 1    ·    ·"]);
  });
});

/** An image of 28 x 28 with a rectangle of ink. */
function rectangle(left: number, top: number, width: number, height: number, ink = 1): Float32Array {
  return Float32Array.from({ length: 28 * 28 }, (_, i) => {
    const [x, y] = [i % 28, Math.floor(i / 28)];
    return x >= left && x < left + width && y >= top && y < top + height ? ink : 0;
  });
}

describe("images", () => {
  const image = { pixels: rectangle(4, 4, 20, 20), caption: [{ text: "read 8" }] };

  it("are half blocks, with the ink in the middle and captions below", () => {
    const lines = drawImages([image], plain, 80);
    expect(lines).toEqual([
      "▄████████████▄",
      ...new Array<string>(5).fill("██████████████"),
      "▀████████████▀",
      "read 8",
    ]);
  });

  it("look the same wherever the ink lies", () => {
    const draw = (left: number, top: number) =>
      drawImages([{ pixels: rectangle(left, top, 4, 12), caption: [] }], plain, 80);
    expect(draw(0, 0)).toEqual(draw(12, 8));
    expect(draw(24, 16)).toEqual(draw(12, 8));
    expect(draw(0, 0)).toHaveLength(IMAGE_WIDTH / 2);
  });

  it("stand side by side, as many as fit", () => {
    const three = [image, image, image];
    expect(drawImages(three, plain, 48)).toHaveLength(8);
    expect(drawImages(three, plain, 46)).toHaveLength(8);
    expect(drawImages(three, plain, 45)).toHaveLength(8 + 1 + 8);
    expect(drawImages(three, plain, 5)).toHaveLength(3 * 8 + 2);
    expect(drawImages(three, plain, 46)[7]).toBe("read 8          read 8          read 8");
    for (const line of drawImages(three, plain, 46)) expect(line.length).toBeLessThanOrEqual(46);
  });

  it("have greys where there are colours", () => {
    const [line] = drawImages([{ pixels: rectangle(0, 0, 28, 28, 0.7), caption: [] }], colored, 80);
    expect(withoutCodes(line)).toBe("▀".repeat(IMAGE_WIDTH));
    expect(line.split("\x1b[38;5;248;48;5;248m")).toHaveLength(IMAGE_WIDTH + 1);
  });

  it("without ink are paper", () => {
    expect(drawImages([{ pixels: new Float32Array(784), caption: [] }], plain, 80)).toEqual(
      new Array<string>(7).fill(""),
    );
  });

  it("captions are painted without losing their place", () => {
    const caption = [{ text: "read 8", paint: colored.red }];
    const [first] = drawImages([{ pixels: image.pixels, caption }, image], colored, 80).slice(-1);
    expect(withoutCodes(first)).toBe("read 8          read 8");
    expect(first.startsWith("\x1b[1;31mread 8\x1b[0m ")).toBe(true);
  });
});

describe("facts", () => {
  it("are aligned", () => {
    const facts = [
      ["Accuracy", "99.1 %"],
      ["Throughput", "24,190 images/s"],
    ] as const;
    expect(drawFacts(facts, plain)).toEqual(["Accuracy     99.1 %", "Throughput   24,190 images/s"]);
    expect(drawFacts(facts, colored)[0]).toBe("\x1b[2mAccuracy  \x1b[0m   99.1 %");
  });
});

describe("numbers", () => {
  it("read as people read them", () => {
    expect([count(60_000), counted(1, "epoch"), counted(1875, "step")]).toEqual(["60,000", "1 epoch", "1,875 steps"]);
    expect([percent(0.99125), percent(1), percent(0), percent(0.5, 0)]).toEqual([
      "99.13 %",
      "100.00 %",
      "0.00 %",
      "50 %",
    ]);
    expect([duration(0), duration(59.94), duration(59.96), duration(75.4)]).toEqual([
      "0.0 s",
      "59.9 s",
      "1 min 0 s",
      "1 min 15 s",
    ]);
    expect([fileSize(999), fileSize(372_804), fileSize(999_499), fileSize(999_500)]).toEqual([
      "999 B",
      "373 kB",
      "999 kB",
      "1.0 MB",
    ]);
  });

  it("what is not quite all never reads as all", () => {
    expect([percent(0.99999), percent(0.9999, 1), percent(0.99, 0)]).toEqual(["99.99 %", "99.9 %", "99 %"]);
  });
});

describe("colours", () => {
  it.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: true }, { TERM: "dumb" }, false],
    [{ isTTY: true }, { NO_COLOR: "1" }, false],
    [{ isTTY: true }, { NO_COLOR: "" }, true],
    [{ isTTY: true }, { FORCE_COLOR: "0" }, false],
    [{}, {}, false],
    [{}, { FORCE_COLOR: "1" }, true],
    [{}, { FORCE_COLOR: "3", NO_COLOR: "1" }, false],
  ])("on %j with %j: %j", (output, environment, expected) => {
    expect(mayColor(output, environment)).toBe(expected);
  });

  it("are nothing where they are not wanted", () => {
    expect([plain.bold("a"), plain.red("a"), plain.greys("a", 0, 1), colored.bold("")]).toEqual(["a", "a", "a", ""]);
  });
});

const program = {
  name: "digits",
  command: "npm start --",
  does: "Reads digits.",
  flags: {
    epochs: { kind: "number", default: 5, help: "times through the images" },
    batchSize: { kind: "number", default: 32, most: 100, help: "images in a step" },
    threads: { kind: "number", default: 2, most: 64, help: "threads", defaultText: "all" },
    weights: { kind: "path", default: "w.bin", help: "where they go" },
    json: { kind: "switch", help: "one line" },
  },
} as const;

describe("flags", () => {
  const defaults = { epochs: 5, batchSize: 32, threads: 2, weights: "w.bin", json: false };
  const read = (...args: string[]) => readFlags(program, args);

  it("have defaults", () => {
    expect(read()).toEqual(defaults);
  });

  it("are read, the last one wins", () => {
    const values = { epochs: 3, batchSize: 100, threads: 2, weights: "a b", json: true };
    expect(read("--epochs", "2", "--batch-size=100", "--json", "--weights", "a b", "--epochs=3")).toEqual(values);
  });

  it.each([["--help"], ["-h"], ["--epochs", "2", "--help"]])("%s asks for help", (...args) => {
    expect(read(...args)).toBe("help");
  });

  it.each([
    [["--epoch", "2"], "flags must be among --epochs, --batch-size, --threads, --weights, --json, --help, got --epoch"],
    [["-e"], "flags must be among --epochs, --batch-size, --threads, --weights, --json, --help, got -e"],
    [["--epochs"], "--epochs must be a whole number of at least 1, got nothing"],
    [["--epochs", "two"], '--epochs must be a whole number of at least 1, got "two"'],
    [["--epochs", "-1"], '--epochs must be a whole number of at least 1, got "-1"'],
    [["--epochs", "0"], '--epochs must be a whole number of at least 1, got "0"'],
    [["--epochs", "1e1"], '--epochs must be a whole number of at least 1, got "1e1"'],
    [["--epochs="], '--epochs must be a whole number of at least 1, got ""'],
    [["--batch-size", "101"], '--batch-size must be a whole number from 1 to 100, got "101"'],
    [["--weights", ""], "--weights must be followed by a path, got nothing"],
    [["--json=yes"], '--json must stand alone, got "yes"'],
    [["2"], 'flags must begin with --, got "2"; for example npm start -- --epochs 1'],
  ])("%j is refused", (args, message) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(message);
  });

  it("are explained", () => {
    expect(helpText(program)).toBe(`Usage: npm start -- [flags]

Reads digits.

  --epochs N       times through the images (5)
  --batch-size N   images in a step (32)
  --threads N      threads (all)
  --weights PATH   where they go (w.bin)
  --json           one line
  --help           this text
`);
  });
});
