// A new layer, loss or metric is one file: in a copy of the source, files that define one are added, and nothing else is
// changed; then they are exported, found by name, written and read.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import allLayers from "../../ts/generated/layers.ts";
import allLosses from "../../ts/generated/losses.ts";
import allMetrics from "../../ts/generated/metrics.ts";
import allOptimizers from "../../ts/generated/optimizers.ts";

const copy = mkdtempSync(join(tmpdir(), "heddle-one-place-"));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const added = {
  "layers/doubling.ts": `// A layer that doubles.
import { mul } from "../ops/arithmetic.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { defineLayer, Layer, type LayerDefinition, type LayerOptions } from "./layer.ts";

/** x times 2. */
export class Doubling extends Layer {
  constructor(options: LayerOptions = {}) {
    super(doubling, options);
  }

  call(x: AnyTensor): Tensor {
    return mul(this.floats(x), 2);
  }
}

/** Doubles. */
export const doubling: LayerDefinition<typeof Doubling> = defineLayer("doubling", Doubling);
`,
  "losses/cubic.ts": `// A loss of third powers.
import { mul, sub } from "../ops/arithmetic.ts";
import { abs } from "../ops/elementwise.ts";
import type { LossFunction } from "./loss.ts";
import { defineMeanLoss } from "./mean-loss.ts";

const cube = (t: Parameters<typeof abs>[0]): ReturnType<typeof abs> => mul(abs(t), mul(t, t));

/** mean(|yPred - yTrue|^3). */
export const cubic: LossFunction = defineMeanLoss("cubic", (t, p) => cube(sub(p, t)), []);
`,
  "metrics/farthest.ts": `// The farthest error.
import { sub } from "../ops/arithmetic.ts";
import { abs } from "../ops/elementwise.ts";
import { defineFigure, type FigureFunction } from "./metric.ts";

/** |yPred - yTrue|. */
export const farthest: FigureFunction = defineFigure("farthest", (t, p) => abs(sub(p, t as typeof p)), {
  direction: "min",
  optionNames: [],
});
`,
};

/** What the build does with them, and what then holds. */
const ask = (root: string): string => `
import { readdirSync, writeFileSync } from "node:fs";
import { build } from "${root}/node_modules/esbuild/lib/main.js";
import { definitionsSources } from "${root}/scripts/definitions.js";
const files = readdirSync("ts", { recursive: true }).map((path) => "ts/" + path.replaceAll("\\\\", "/"));
const sources = files.filter((path) => path.endsWith(".ts") && !path.includes("generated")).sort();
for (const { path, text } of definitionsSources(sources)) writeFileSync(path, text);
await build({ entryPoints: ["ts/index.ts"], outfile: "heddle.mjs", bundle: true, format: "esm", platform: "node", logLevel: "error" });
const { layers, losses, metrics, tensor } = await import(process.cwd() + "/heddle.mjs");
const layer = layers.fromConfig({ kind: "doubling", config: { name: "mine" } });
const metric = metrics.getMetric("farthest");
metric.update(tensor([1, 2]), tensor([2, 4]));
console.log(JSON.stringify({
  layer: [layer instanceof layers.Doubling, layers.doubling().kind, layer.config().name, layer.apply(tensor([[3]])).item()],
  loss: [losses.getLoss("cubic") === losses.cubic, losses.fromConfig("cubic")(tensor([1]), tensor([3])).item()],
  metric: [metric.kind, metric.direction, metric.result(), metrics.getMetric("cubic").kind],
}));
`;

beforeAll(() => {
  cpSync("ts", join(copy, "ts"), { recursive: true });
  for (const [path, text] of Object.entries(added)) writeFileSync(join(copy, "ts", path), text);
  symlinkSync(join(process.cwd(), "node_modules"), join(copy, "node_modules"));
  writeFileSync(join(copy, "ask.mjs"), ask(process.cwd()));
});

it("one file each adds a layer, a loss and a metric", () => {
  const { stdout, stderr } = spawnSync(process.execPath, ["ask.mjs"], { cwd: copy, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    layer: [true, "doubling", "mine", 6],
    loss: [true, 8],
    metric: ["farthest", "min", 1.5, "cubic"],
  });
});

/** Files that may name several of one sort, and why. */
const allowed: { readonly [path: string]: string } = {
  "studio/catalogue.ts": "what the studio offers is a choice",
  "scripts/compatibility/notes.js": "what differs from Keras is told of each by itself",
};

const layersByKind = Object.fromEntries(allLayers.map((one) => [one.kind, one]));
const sorts = { layers: layersByKind, losses: allLosses, metrics: allMetrics, optimizers: allOptimizers };

it.each(Object.entries(sorts))("no file lists the %s", (sort, all) => {
  const kinds = new Set([...Object.keys(all), ...Object.values<{ kind: string }>(all).map(({ kind }) => kind)]);
  const files = ["ts", "studio", "scripts"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
      // Ops have the names of layers that use them.
      .filter((path) => /\.[tj]s$/.test(path) && !/generated\/|^ts\/ops\//.test(path) && !(path in allowed)),
  );
  const own =
    { layers: "ts/layers/", losses: "ts/losses/", metrics: "ts/metrics/", optimizers: "ts/optim/" }[sort] ?? "";
  const lists = files.flatMap((path) => {
    const text = readFileSync(path, "utf8");
    if (path.startsWith(own) && /= define[A-Z]\w+[(<]/.test(text)) return [];
    const words = new Set(
      Array.from(text.matchAll(/["'](\w+)["']/g), ([, word]) => word).filter((word) => kinds.has(word)),
    );
    return words.size > 3 ? [`${path} names ${[...words].join(", ")}`] : [];
  });
  expect(lists).toEqual([]);
});
