// The process of one family: runs its cases one after the other until its time is over or one fails, and tells its parent of
// each on standard output, at once, so that the last thing said names the case in which it ended.
import { writeSync } from "node:fs";
import { families } from "../families.ts";
import { Random } from "./random.ts";

const STACK_LINES = 12;

const [name, seed, first, milliseconds] = process.argv.slice(2);

/** Says a line at once, even if the parent is slow to listen. */
function tell(line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

const family = await families.find((entry) => entry.name === name)?.load();
if (family === undefined) throw new Error(`there must be a family of that name, got ${name}`);
await family.begin?.(new Random(seed, name));
const deadline = performance.now() + Number(milliseconds);
let number = Number(first);
do {
  const said: string[] = [];
  tell(`begun ${number}`);
  try {
    await family.run({ random: new Random(seed, name, number), say: (what) => said.push(what) });
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const lines = [...stack.split("\n").slice(0, STACK_LINES), ...said];
    tell(`failed ${number} ${JSON.stringify(lines.join("\n"))}`);
    process.exit(1);
  }
  tell(`passed ${number++}`);
} while (performance.now() < deadline);
process.exit(0);
