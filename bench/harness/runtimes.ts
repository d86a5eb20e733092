// What runs the contenders' files: how each runtime is found on this machine, and how to get it where it is missing.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Runtime {
  /** The command that runs a file, as a list of words; undefined where the runtime is missing. */
  command(file: string): string[] | undefined;
  install: string;
}

export const benchFolder = dirname(dirname(fileURLToPath(import.meta.url)));
export const installPackages = "npm ci --prefix bench";

/** A Node of its own version, whatever runs the comparison: an optional package, for 64-bit Linux on x86. */
function packagedNode(name: string): Runtime {
  return {
    command: (file) => {
      const path = join(benchFolder, "node_modules", name, "bin", "node");
      return runs(path, "--version") ? onNode(path, file) : undefined;
    },
    install: `${installPackages} (on 64-bit Linux on x86)`,
  };
}

/** The Python of the virtual environment that has the packages of requirements.txt. */
const python: Runtime = {
  command: (file) => {
    const path = join(benchFolder, ".venv", "bin", "python");
    return runs(path, "-c", "import torch, keras") ? [path, file] : undefined;
  },
  install: "python3 -m venv bench/.venv && bench/.venv/bin/pip install -r bench/requirements.txt",
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

export const runtimes = { node: packagedNode("node-26"), "node 20": packagedNode("node-20"), python, native };

/** Contenders run with their own defaults: nothing that this shell says about threads or instruction sets reaches them. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const meant = /^(OMP|GOMP|KMP|MKL|DNNL|ONEDNN|OPENBLAS|NVPL|TF|KERAS|NODE)_/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !meant.test(name)));
}

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
