// npm's `prepare`: builds dist/ where Heddle is installed from git, linked or packed. After `npm ci` in a clone of one's own
// there is nothing to do: `npm start`, `npm test` and the others build what they need.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Whether a package manager that has this environment installs Heddle for somebody else: not `npm ci` or `npm install` in `folder`. */
export function isForOthers(environment, folder) {
  const { INIT_CWD = "", npm_command: command } = environment;
  return !(["ci", "install"].includes(command) && resolve(INIT_CWD) === resolve(folder));
}

/** Runs a Node program in the root's folder, and ends this one if it fails. */
function run(program, ...words) {
  const { status } = spawnSync(process.execPath, [program, ...words], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

function prepare() {
  if (!isForOthers(process.env, root)) return;
  if (!existsSync(`${root}node_modules/esbuild`)) {
    const npm = process.env.npm_execpath;
    if (!npm) {
      console.error(`heddle: building must have the packages that it needs, got none: run npm ci in ${root}`);
      process.exit(1);
    }
    // A clone that is linked: npm does not install what it needs. Flags go before what the outer npm leaves in the environment.
    run(npm, "ci", "--prefix", root, "--no-global", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund");
  }
  run(`${root}scripts/build.js`, "--quiet");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) prepare();
