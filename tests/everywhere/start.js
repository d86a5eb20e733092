// npm run test:everywhere: installs this folder's package where its lock file has changed, then runs the tests in the Node
// that it brings, since some of the tools ask for a current one. `--install` stops before the tests.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const stamp = join(here, "node_modules", ".installed");
const lock = readFileSync(join(here, "package-lock.json"), "utf8");

function run(command, words) {
  const { status } = spawnSync(command, words, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  // No package's install script is needed: the binaries come in packages of their own.
  const words = ["ci", "--prefix", here, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
  // The npm that runs this: the root's packages bring an old one along, which comes first on its path.
  const npm = process.env.npm_execpath;
  if (npm) run(process.execPath, [npm, ...words]);
  else run("npm", words);
  writeFileSync(stamp, lock);
}
if (process.argv.includes("--install")) process.exit(0);
const node = join(here, "node_modules/node-24/bin/node");
const words = [join(here, "main.ts"), ...process.argv.slice(2)];
if (existsSync(node)) run(node, words);
else run(process.execPath, ["--import", "tsx", ...words]);
