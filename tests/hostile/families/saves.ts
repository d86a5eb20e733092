// Processes that are killed at any moment of their saving: the file is one of those that were saved, whole, and the next
// save removes what the killed have left.
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../../../ts/formats/files.ts";
import { decodeSafetensors } from "../../../ts/formats/safetensors.ts";
import { type Case, type Family, must } from "../harness/family.ts";

const saver = join(import.meta.dirname, "../apps/saver.ts");
const KILLS = 4;
const LATEST_MILLISECONDS = 80;

export const saves: Family = {
  async run({ random, say }: Case): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "heddle-saves-"));
    const file = join(folder, "weights.safetensors");
    try {
      const numbers = random.pick([1000, 300_000, 3_000_000]);
      let left = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        await killInSave(file, numbers, random.whole(0, LATEST_MILLISECONDS));
        left = (await readdir(folder)).length;
        checkWhole(await readFile(file), numbers);
      }
      say(`${numbers} numbers, ${left} files in the folder after ${KILLS} kills`);
      const { mode } = await stat(file);
      await writeFileAtomic(file, new Uint8Array([1]));
      const names = await readdir(folder);
      must(names.length === 1, `one file must be left after the next save, got ${names.join(", ")}`);
      must((await stat(file)).mode === mode, "the file's permissions must stay");
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** Lets a process save again and again, and kills it so many milliseconds after its first save. */
async function killInSave(file: string, numbers: number, delay: number): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, saver, file, String(numbers)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout.once("data", () => resolve());
      child.once("close", () => reject(new Error("the saving process must not end by itself, got an end")));
    });
    await new Promise((resolve) => setTimeout(resolve, delay));
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

/** Throws unless the file is one that was saved: all of its numbers tell the same round. */
function checkWhole(bytes: Uint8Array, numbers: number): void {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const data = tensors.get("dense/kernel")?.data;
  must(data?.length === numbers, `the file must hold ${numbers} numbers, got ${data?.length}`);
  const strange = data.findIndex((value) => value !== Number(metadata.round));
  must(strange < 0, `all numbers must be of round ${metadata.round}, got ${data[strange]} at ${strange}`);
}
