// The examples, run as people run them, with small budgets.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeSafetensors } from "../../ts/formats/safetensors.ts";

interface Outcome {
  code: number | null;
  out: string;
  error: string;
}

const { FORCE_COLOR: _, NODE_OPTIONS: __, ...inherited } = process.env;
const environment = { ...inherited, NO_COLOR: "1" };

/** Runs `node scripts/run.js examples/NAME.ts ARGS`. */
function run(name: string, ...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const command = ["scripts/run.js", `examples/${name}.ts`, ...args];
    const child = execFile(process.execPath, command, { env: environment }, (_failure, out, error) => {
      resolve({ code: child.exitCode, out, error });
    });
  });
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-examples-"));
});

afterAll(() => rm(folder, { recursive: true }));

describe("linear-regression", () => {
  it("recovers both numbers, twice", async () => {
    const { code, out } = await run("linear-regression");
    expect(code).toBe(0);
    const lines = [...out.matchAll(/^(plain loop|fit) +y = (\d\.\d+) x \+ (\d\.\d+)$/gm)];
    expect(lines.map(([, way]) => way)).toEqual(["plain loop", "fit"]);
    for (const [, , slope, intercept] of lines) {
      expect(Math.abs(Number(slope) - 3)).toBeLessThan(0.05);
      expect(Math.abs(Number(intercept) - 2)).toBeLessThan(0.05);
    }
  });
});

describe("small examples", () => {
  const number = (out: string, pattern: RegExp): number => Number(pattern.exec(out)?.[1]);

  it("subclassed-model tells spirals apart, with a figure of its own", async () => {
    const { code, out } = await run("subclassed-model");
    expect(code).toBe(0);
    expect(out).toContain('Model: "spirals"');
    expect(out).toMatch(/Total params: 3,489 /);
    expect(number(out, /^(\d+\.\d) % of 400 points right, mean activity \d\.\d{3}$/m)).toBeGreaterThan(95);
  });

  it("functional-model learns both outputs from both inputs", async () => {
    const { code, out } = await run("functional-model");
    expect(code).toBe(0);
    expect(number(out, /^off by (\d+) minutes on average/m)).toBeLessThan(6);
    const hours = [...out.matchAll(/^10 km (on foot|by bicycle|by train): (\d\.\d) h$/gm)].map(([, , time]) =>
      Number(time),
    );
    expect(hours).toHaveLength(3);
    expect(Math.abs(hours[0] - 2)).toBeLessThan(0.3);
    expect(hours[1]).toBeLessThan(hours[0]);
  });

  it("text-masks reads sentences, however much padding follows them", async () => {
    const { code, out } = await run("text-masks");
    expect(code).toBe(0);
    expect(number(out, /^(\d+\.\d) % of 600 sentences read right$/m)).toBeGreaterThan(95);
    const scores = [...out.matchAll(/^(0\.\d{4}) fine, padded to (12|36): /gm)].map(([, score]) => Number(score));
    expect([scores[1], scores[3]]).toEqual([scores[0], scores[2]]);
    expect(scores[0]).toBeGreaterThan(0.5);
    expect(scores[2]).toBeLessThan(0.5);
  });

  it("generation writes the text that it has read", async () => {
    const { code, out } = await run("generation");
    expect(code).toBe(0);
    expect(number(out, /after 25 epochs (\d\.\d\d)$/m)).toBeLessThan(0.5);
    expect(out).toContain("the heddle lifts the thread, the shuttle runs between, the r");
  });
});

describe("mlp", () => {
  it("learns from a few thousand digits", async () => {
    const { code, out, error } = await run("mlp", "--epochs", "1", "--limit", "6400", "--seed", "3");
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(out).toMatch(/Total params: 55,050 /);
    expect(out).toMatch(/^Epoch 1\/1 - \d+s - \d+[mu]?s\/step - accuracy: 0\.\d{4} - loss: \d\.\d{4}$/m);
    const accuracy = /^(\d\d\.\d\d) % of the 10,000 test digits read right, loss \d\.\d{4}\n$/m.exec(out)?.[1];
    expect(Number(accuracy)).toBeGreaterThan(80);
  });

  it("explains itself, and refuses what it does not know", async () => {
    const [help, wrong] = await Promise.all([run("mlp", "--help"), run("mlp", "--limit", "60001")]);
    expect(help.code).toBe(0);
    expect(help.out).toMatch(/^Usage: node scripts\/run\.js examples\/mlp\.ts \[flags\]\n/);
    expect(wrong).toEqual({
      code: 2,
      out: "",
      error: 'mlp: --limit must be a whole number from 1 to 60000, got "60001"\n',
    });
  });
});

describe("digit-cnn", () => {
  const train = (...args: string[]) => run("digit-cnn", "--epochs", "1", "--limit", "1600", ...args);
  const saved = (name: string): string => join(folder, "new/folder", name);

  it("shows a person what happened, in 80 columns", async () => {
    const weights = saved("one-thread.safetensors");
    const { code, out, error } = await train("--threads", "1", "--weights", weights);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(out).not.toContain("\x1b");
    for (const line of out.split("\n")) if (!line.includes(weights)) expect([...line].length).toBeLessThanOrEqual(80);
    expect(out).toMatch(/Total params: 93,322 /);
    expect(out).toMatch(/^Epoch 1\/1 - \d+s - \d+ms\/step - accuracy: 0\.\d{4} - loss: \d\.\d{4}$/m);
    expect(out).toMatch(/^\d\d\.\d\d % of the 10,000 test digits read right, loss \d\.\d{4}$/m);
    expect(out).toMatch(/^Throughput {3}[\d,]+ images\/s, \d+\.\d\d ms per step of 32 images$/m);
    expect(out).toMatch(/^Machine {6}1 thread, (relaxed )?SIMD, node /m);

    const matrix = [...out.matchAll(/^ \d((?: +(?:\d+|·)){10}) +\d+\.\d %$/gm)].map(([, row]) =>
      row.match(/\d+|·/g)?.map((cell) => (cell === "·" ? 0 : Number(cell))),
    );
    expect(matrix.map((row) => row?.length)).toEqual(new Array(10).fill(10));
    const right = matrix.reduce((sum, row, digit) => sum + (row?.[digit] ?? 0), 0);
    expect(matrix.flat().reduce((sum: number, cell) => sum + (cell ?? 0), 0)).toBe(10_000);
    expect(out).toContain(`${(right / 100).toFixed(2)} % of the 10,000`);
    expect(out).toContain(`Misread: ${(10_000 - right).toLocaleString("en-US")}, `);

    const said = out.split("\n").filter((line) => /^read \d/.test(line));
    const is = out.split("\n").filter((line) => /^ {2}is \d/.test(line));
    const digits = (line: string, word: string): string[] =>
      [...line.matchAll(new RegExp(`${word} (\\d)`, "g"))].map((m) => m[1]);
    expect([said.length, is.length]).toEqual([2, 2]);
    const [wrongSaid, rightSaid] = said.map((line) => digits(line, "read"));
    const [wrongIs, rightIs] = is.map((line) => digits(line, "is"));
    expect([wrongSaid.length, wrongIs.length]).toEqual([5, 5]);
    expect(wrongSaid.some((digit, i) => digit === wrongIs[i])).toBe(false);
    expect(rightSaid).toEqual(rightIs);
  });

  it("--json ends with one line of JSON on stdout, and saves weights that can be read", async () => {
    const weights = saved("two-threads.safetensors");
    const { code, out, error } = await train("--threads", "2", "--json", "--weights", weights);
    expect(code).toBe(0);
    expect(out.split("\n")).toHaveLength(2);
    const figures = JSON.parse(out) as Record<string, unknown>;
    expect(Object.keys(figures)).toEqual(["testAccuracy", "imagesPerSecond", "seconds", "threads", "weights"]);
    const { testAccuracy, imagesPerSecond, seconds } = figures as Record<string, number>;
    expect(testAccuracy).toBeGreaterThan(0.7);
    expect(testAccuracy).toBeLessThan(1);
    expect(imagesPerSecond * seconds).toBeGreaterThan(1500);
    expect(imagesPerSecond * seconds).toBeLessThan(1700);
    expect(figures.weights).toBe(weights);
    expect(error).toContain("Confusion matrix");

    const { tensors } = decodeSafetensors(await readFile(weights));
    const sizes = [...tensors.values()].map(({ shape }) => shape.join("x")).sort();
    const expected = ["10", "3x3x1x32", "3x3x32x64", "3x3x64x64", "32", "576x64", "64", "64", "64", "64x10"];
    expect(sizes).toEqual(expected.sort());
  });

  it("comes to the same weights with any number of threads, and to others from another seed", async () => {
    await train("--seed", "8", "--json", "--weights", saved("other-seed.safetensors"));
    const files = ["one-thread", "two-threads", "other-seed"].map((name) => readFile(saved(`${name}.safetensors`)));
    const [one, two, other] = await Promise.all(files);
    expect(two.equals(one)).toBe(true);
    expect(other.equals(one)).toBe(false);
  });

  it("explains itself", async () => {
    const { code, out } = await run("digit-cnn", "--help");
    expect(code).toBe(0);
    for (const flag of ["epochs N", "batch-size N", "limit N", "seed N", "threads N", "weights PATH", "json", "help"]) {
      expect(out).toContain(`--${flag} `);
    }
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    [["--epochs", "0"], '--epochs must be a whole number of at least 1, got "0"'],
    [["--threads", "65"], '--threads must be a whole number from 1 to 64, got "65"'],
    [["--what"], "flags must be among "],
    [["--weights", tmpdir()], "--weights must be the path of a file, got the folder "],
    [["--weights", "package.json/w"], "--weights must be in a folder that can be written, got "],
  ])("refuses %j with one line and 2", async (args, message) => {
    const { code, out, error } = await run("digit-cnn", ...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(error.startsWith(`digit-cnn: ${message}`)).toBe(true);
    expect(error.split("\n")).toHaveLength(2);
  });

  it("stops at Ctrl-C, tells what was reached, and ends with 130", async () => {
    const weights = join(folder, "stopped.safetensors");
    const args = ["--import", "tsx", "examples/digit-cnn.ts", "--weights", weights];
    const child = spawn(process.execPath, args, { env: environment });
    let out = "";
    let interrupted = false;
    child.stdout.on("data", (data: Buffer) => {
      out += data;
      // Training begins right after the summary.
      if (interrupted || !out.includes("Non-trainable params")) return;
      interrupted = true;
      setTimeout(() => child.kill("SIGINT"), 1500);
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe(130);
    const figures = String.raw`(loss \d\.\d{4}, accuracy 0\.\d{4}|nothing learned)`;
    expect(out).toMatch(new RegExp(`^Stopped in epoch 1 of 5, after [\\d,]+ of 1,875 steps: ${figures}\\.\n`, "m"));
    expect(out.endsWith("No weights were saved.\n")).toBe(true);
    await expect(readFile(weights)).rejects.toThrow("ENOENT");
  });
});
