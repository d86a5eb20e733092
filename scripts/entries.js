// The package's entries, a line each, and the forms they have. From these tables follow package.json's exports, side effects
// and size limits (`npm run entries` writes them), the build of dist/, the API docs' entries and the tests of consumers.

/**
 * Bundles beside the modules that tsc makes of ts/, by their folders in dist/: who takes them (conditions of package.json's
 * exports), which of ts/runtime/core-*.ts brings the core, and whether names are left as they are, to be read.
 */
export const forms = {
  edge: { conditions: ["workerd", "edge-light"], core: "core-imported.ts", readable: false },
  node: { conditions: ["node"], core: "core-plain.ts", readable: true },
  separate: { conditions: ["default"], core: "core-given.ts", readable: false },
};

/**
 * What people import: `path` as in package.json's exports, `source` in ts/, `uses` what a consumer's test imports, `limit` how
 * many kB all of it may have (minified, gzipped, with all that it imports), `limits` those of parts and other forms.
 * What an entry exports is `heddle`'s too, or it has code of its `own`. Without `forms` it has the modules and the bundles
 * for Node and the edge. `docs` gives it a page of its own in the API docs; what others export is on `heddle`'s.
 */
export const entries = [
  {
    path: ".",
    source: "ts/index.ts",
    own: true,
    docs: true,
    uses: "Sequential, tensor, type Tensor",
    limit: 204,
    limits: [
      { what: "a model of dense layers", imports: "{ Sequential, tensor }", limit: 136 },
      { what: "in Node", form: "node", limit: 263 },
    ],
  },
  { path: "./layers", source: "ts/layers/index.ts", docs: true, uses: "dense, Layer, type LayerOptions", limit: 143 },
  { path: "./ops", source: "ts/ops/public.ts", uses: "matmul, relu", limit: 101 },
  { path: "./losses", source: "ts/losses/index.ts", uses: "meanSquaredError, type LossFunction", limit: 82 },
  { path: "./metrics", source: "ts/metrics/index.ts", uses: "AUC, type Metric", limit: 89 },
  { path: "./optim", source: "ts/optim/public.ts", uses: "adam, type Optimizer", limit: 82 },
  { path: "./data", source: "ts/data/index.ts", uses: "ArrayData", limit: 62 },
  { path: "./formats", source: "ts/formats/index.ts", uses: "decodeSafetensors", limit: 64 },
  { path: "./datasets", source: "ts/datasets/index.ts", uses: "mnist", limit: 64 },
  { path: "./train", source: "ts/train/index.ts", uses: "EarlyStopping, Model, type Callback", limit: 196 },
  {
    path: "./worker",
    source: "ts/worker/index.ts",
    own: true,
    docs: true,
    forms: ["modules", "node"],
    uses: "RemoteModel, serve",
    limits: [{ what: "a remote model, with all of heddle for its worker", imports: "{ RemoteModel }", limit: 218 }],
  },
  {
    path: "./separate",
    source: "ts/separate.ts",
    own: true,
    forms: ["separate"],
    uses: "initialize, tensor, type InitializeOptions",
    limit: 160,
  },
];

/** Files that people may name, beside the entries. */
export const files = ["dist/core-simd.wasm", "dist/core-relaxed.wasm", "dist/thread.js", "package.json"];

/** Modules that do something when they are loaded: bundlers must keep them. (ts/index.ts is left out where it only gives an order.) */
export const effects = ["dist/index.js", "dist/ops/methods.js", "ts/ops/methods.ts"];
