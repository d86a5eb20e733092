// Runs a TypeScript file of this project with its arguments: `node scripts/run.js examples/mlp.ts --epochs 2`.
import { spawnSync } from "node:child_process";

const [file, ...args] = process.argv.slice(2);
process.on("SIGINT", () => {}); // Ctrl-C reaches both processes: the program decides, this one waits
const { status, signal } = spawnSync(process.execPath, ["--import", "tsx", file, ...args], { stdio: "inherit" });
process.exit(signal ? 1 : status);
