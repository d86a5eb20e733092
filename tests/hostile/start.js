// npm run test:hostile: runs the hostile tests on this folder's source, in the Node that tests/everywhere brings where it is
// installed, since wide products ask for a current one.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const current = join(import.meta.dirname, "../everywhere/node_modules/node-24/bin/node");
const node = existsSync(current) ? current : process.execPath;
const words = ["--import", "tsx", join(import.meta.dirname, "main.ts"), ...process.argv.slice(2)];
// Ctrl-C reaches both processes: the tests end what they started, this one waits.
process.on("SIGINT", () => {});
const { status } = spawnSync(node, words, { stdio: "inherit" });
process.exit(status ?? 1);
