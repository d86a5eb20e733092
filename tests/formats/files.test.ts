// Whole files: what a write leaves behind when it works and when it does not.
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readFile, readFileIfAny, removeFile, writeFileAtomic } from "../../ts/formats/files.ts";
import { ArgumentError, StateError } from "../../ts/runtime/errors.ts";

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

  it("writes through a link to a file that is not there yet", async () => {
    await mkdir(join(directory, "runs"));
    await symlink("runs", join(directory, "current"));
    await symlink("../weights.bin", join(directory, "runs", "latest"));
    await writeFileAtomic(join(directory, "current", "latest"), Uint8Array.of(7));
    expect((await lstat(join(directory, "runs", "latest"))).isSymbolicLink()).toBe(true);
    expect([...(await readFile(path))]).toEqual([7]);
  });

  it("fails on links in a circle, and leaves them", async () => {
    await symlink("weights.bin", join(directory, "other"));
    await symlink("other", path);
    await expect(writeFileAtomic(path, Uint8Array.of(1))).rejects.toThrow(StateError);
    expect((await readdir(directory)).sort()).toEqual(["other", "weights.bin"]);
  });

  it("writes to a device and to a pipe, which stay what they are", async () => {
    await writeFileAtomic("/dev/null", Uint8Array.of(1));
    expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
    await expect(writeFileAtomic("/dev/full", Uint8Array.of(1))).rejects.toThrow(StateError);
    const pipe = join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    const [bytes] = await Promise.all([readFile(pipe), writeFileAtomic(pipe, Uint8Array.of(1, 2))]);
    expect([...bytes]).toEqual([1, 2]);
    expect((await stat(pipe)).isFIFO()).toBe(true);
  });

  it("removes what writers that were killed have left, and nothing else", async () => {
    const name = (writer: string): string => `.heddle-${writer}-${crypto.randomUUID()}.tmp`;
    const host = hostname().replace(/\W/g, "");
    const ended = spawnSync(process.execPath, ["-e", ""]).pid;
    const [dead, earlier] = [name(`${host}-${ended}`), name(`${host}-${process.pid}`)];
    const kept = [name(`${host}-1`), name(`${host}-${process.pid}`), name(`elsewhere-${ended}`), ".other.tmp"];
    for (const file of [dead, earlier, ...kept]) await writeFile(join(directory, file), "left");
    // The number of a process before this one, as the first of a container has it each time.
    await utimes(join(directory, earlier), 1e9, 1e9);
    await writeFileAtomic(path, Uint8Array.of(1));
    expect((await readdir(directory)).sort()).toEqual([...kept, "weights.bin"].sort());
  });

  it("takes URLs and bytes for paths, and refuses what is no path", async () => {
    for (const same of [pathToFileURL(path), pathToFileURL(path).href, Buffer.from(path)]) {
      await writeFileAtomic(same, Uint8Array.of(5));
      expect([...(await readFile(same))]).toEqual([5]);
      await removeFile(same);
    }
    expect(await readdir(directory)).toEqual([]);
    const others = [new URL("https://example.com/a"), Buffer.of(255), "", "a\0b", 5, null, undefined, {}, ["a"]];
    for (const other of others as never[]) {
      await expect(writeFileAtomic(other, Uint8Array.of(5))).rejects.toThrow(ArgumentError);
      await expect(readFileIfAny(other)).rejects.toThrow(/^readFileIfAny: the path must be text, a file: URL or/);
    }
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

describe("readFileIfAny", () => {
  it("gives undefined where there is no file, and fails where one cannot be read", async () => {
    expect(await readFileIfAny(path)).toBeUndefined();
    await expect(readFileIfAny(directory)).rejects.toThrow(StateError);
    await writeFile(path, "");
    await expect(readFileIfAny(join(path, "inside"))).rejects.toThrow(StateError);
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
