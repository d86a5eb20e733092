// Whole files: what a write leaves behind when it works and when it does not.
import fs from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readFile, writeFileAtomic } from "../../ts/io/files.ts";
import { StateError } from "../../ts/runtime/errors.ts";

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "heddle-files-"));
  path = join(directory, "weights.bin");
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

describe("writeFileAtomic", () => {
  it("makes and replaces a file, and leaves nothing else", async () => {
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    await writeFileAtomic(path, new Uint8Array([9, 4, 5]).subarray(1));
    expect([...(await readFile(path))]).toEqual([4, 5]);
    expect(await readdir(directory)).toEqual(["weights.bin"]);
  });

  it("keeps the permissions of the file it replaces", async () => {
    await writeFile(path, "secret");
    await chmod(path, 0o600);
    await writeFileAtomic(path, Uint8Array.of(1));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("writes through a link", async () => {
    const link = join(directory, "latest");
    await writeFile(path, "old");
    await symlink("weights.bin", link);
    await writeFileAtomic(link, Uint8Array.of(7));
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect([...(await readFile(path))]).toEqual([7]);
  });

  it("lets one of several writers at once win, whole", async () => {
    const contents = [1, 2, 3, 4].map((byte) => new Uint8Array(100_000).fill(byte));
    await Promise.all(contents.map((bytes) => writeFileAtomic(path, bytes)));
    const winner = await readFile(path);
    expect(winner.length).toBe(100_000);
    expect(new Set(winner).size).toBe(1);
    expect(await readdir(directory)).toEqual(["weights.bin"]);
  });

  it("fails on a directory, and leaves it and everything around it as it was", async () => {
    await mkdir(path);
    await writeFile(join(path, "inside"), "kept");
    const writing = writeFileAtomic(path, Uint8Array.of(1));
    await expect(writing).rejects.toBeInstanceOf(StateError);
    await expect(writing).rejects.toThrow(`writeFileAtomic: ${path} must be a writable file, got Error: E`);
    expect(await readdir(directory)).toEqual(["weights.bin"]);
    expect(await readdir(path)).toEqual(["inside"]);
  });

  it("fails where there is no such folder", async () => {
    const writing = writeFileAtomic(join(directory, "nowhere", "weights.bin"), Uint8Array.of(1));
    await expect(writing).rejects.toBeInstanceOf(StateError);
    await expect(writing).rejects.toThrow("ENOENT");
    expect(await readdir(directory)).toEqual([]);
  });

  it.each(["rename", "sync"] as const)("keeps the old content when the disk fails in %s", async (step) => {
    await writeFile(path, "old");
    const failure = Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
    if (step === "rename") vi.spyOn(fs.promises, "rename").mockRejectedValue(failure);
    else {
      const { open } = fs.promises;
      vi.spyOn(fs.promises, "open").mockImplementation(async (...args) => {
        const file = await open(...args);
        file.sync = () => Promise.reject(failure);
        return file;
      });
    }
    const writing = writeFileAtomic(path, Uint8Array.of(1));
    await expect(writing).rejects.toBeInstanceOf(StateError);
    await expect(writing).rejects.toThrow("got Error: EIO: i/o error");
    expect(new TextDecoder().decode(await readFile(path))).toBe("old");
    expect(await readdir(directory)).toEqual(["weights.bin"]);
  });
});

describe("readFile", () => {
  it("fails on what is not a readable file", async () => {
    for (const wrong of [path, directory]) {
      const reading = readFile(wrong);
      await expect(reading).rejects.toBeInstanceOf(StateError);
      await expect(reading).rejects.toThrow(`readFile: ${wrong} must be a readable file, got Error: E`);
    }
  });
});

describe("without a file system", () => {
  it("says so", async () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
    await expect(readFile(path)).rejects.toEqual(
      new StateError("readFile: there must be a file system, got a runtime without one"),
    );
    await expect(writeFileAtomic(path, Uint8Array.of(1))).rejects.toBeInstanceOf(StateError);
  });
});
