// Whole files, read and written through the runtime's own file system. A write happens completely or not at all.

import { StateError } from "../runtime/errors.ts";
import { builtinModule } from "../runtime/features.ts";
import { type FilePath, pathOf } from "../runtime/paths.ts";

type FileSystem = typeof import("node:fs").promises;

/** What the runtime offers: its file system, paths, and what is known of processes. */
interface System {
  readonly fs: FileSystem;
  readonly path: typeof import("node:path");
  readonly os: typeof import("node:os");
  readonly process: typeof import("node:process");
}

/** Names of temporary files: the machine and the process that write them, which tell whether they still do. */
const TEMPORARY = /^\.heddle-(.*)-(\d+)-[\da-f-]{36}\.tmp$/;

/** The bytes of a file. Errors: ArgumentError for what is no path, StateError where it cannot be read. */
export function readFile(path: FilePath): Promise<Uint8Array> {
  return withFile("readFile", path, "a readable file", ({ fs }, name) => bytesOf(fs, name));
}

/** The bytes of a file, or undefined where there is none. Errors: as `readFile`, where it is there but cannot be read. */
export function readFileIfAny(path: FilePath): Promise<Uint8Array | undefined> {
  return withFile("readFileIfAny", path, "a readable file or none", ({ fs }, name) =>
    bytesOf(fs, name).catch((error) => {
      if (codeOf(error) !== "ENOENT") throw error;
      return undefined;
    }),
  );
}

/** Makes a folder and those it lies in, where they are missing. Errors: as `readFile`. */
export function makeFolder(path: FilePath): Promise<void> {
  return withFile("makeFolder", path, "a folder or a free name", async ({ fs }, name) => {
    await fs.mkdir(name, { recursive: true });
  });
}

/** Makes the folder that a file is to lie in. Errors: as `readFile`. */
export function makeFolderOf(path: FilePath): Promise<void> {
  return withFile(
    "makeFolderOf",
    path,
    "a file in a folder or a free name",
    async ({ fs, path: { dirname } }, name) => {
      await fs.mkdir(dirname(name), { recursive: true });
    },
  );
}

/** Removes a file if it is there. Errors: as `readFile`. */
export function removeFile(path: FilePath): Promise<void> {
  return withFile("removeFile", path, "a file that may be removed", ({ fs }, name) => fs.rm(name, { force: true }));
}

/**
 * Adds bytes to the end of a file, which is created if need be: for formats whose readers tell a record that was cut off.
 * Errors: as `readFile`.
 */
export function appendToFile(path: FilePath, bytes: Uint8Array): Promise<void> {
  return withFile("appendToFile", path, "a writable file", ({ fs }, name) => fs.appendFile(name, bytes));
}

/**
 * Makes `bytes` the content of the file, which is created or replaced: they go to a temporary file beside it, to the
 * disk, and only then take its name. After a failure, even of the power, the old content is still there, whole. Links are
 * followed; a device or a pipe is written to. What writers that were killed have left in the folder is removed.
 * Errors: as `readFile`; a file that is write-protected stays as it is.
 */
export function writeFileAtomic(path: FilePath, bytes: Uint8Array): Promise<void> {
  return withFile("writeFileAtomic", path, "a writable file", async (system, name) => {
    const { fs } = system;
    const replaced = await fs.stat(name).catch(() => undefined);
    if (replaced !== undefined && !replaced.isFile()) return fs.writeFile(name, bytes);
    if (replaced !== undefined) await fs.access(name, fs.constants.W_OK);
    const target = await followLinks(system, name);
    const folder = system.path.dirname(target);
    await sweep(system, folder);
    const temporary = system.path.join(
      folder,
      `.heddle-${hostOf(system)}-${system.process.pid}-${crypto.randomUUID()}.tmp`,
    );
    try {
      await writeDurably(fs, temporary, bytes, replaced);
      await fs.rename(temporary, target);
    } catch (error) {
      await fs.rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
    await syncFolder(fs, folder);
  });
}

/** The file that is meant: where links lead, even to one that is not there yet. */
async function followLinks(system: System, name: string): Promise<string> {
  const { fs, path } = system;
  try {
    return await fs.realpath(name);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    const link = await fs.readlink(name).catch(() => undefined);
    if (link === undefined) return name;
    return followLinks(system, path.resolve(await fs.realpath(path.dirname(name)), link));
  }
}

/** Writes a new file, with owner and permissions of the one it will replace, and waits until the disk has it. */
async function writeDurably(
  fs: FileSystem,
  name: string,
  bytes: Uint8Array,
  replaced?: { mode: number; uid: number; gid: number },
): Promise<void> {
  const file = await fs.open(name, "wx", replaced?.mode);
  try {
    if (replaced !== undefined) {
      // Only root may give files away.
      await file.chown(replaced.uid, replaced.gid).catch(() => {});
      await file.chmod(replaced.mode);
    }
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes the temporary files of this machine's processes that have ended. A folder that cannot be listed stays as it is. */
async function sweep(system: System, folder: string): Promise<void> {
  const { fs, path, process } = system;
  const host = hostOf(system);
  const begun = Date.now() - process.uptime() * 1000;
  for (const name of await fs.readdir(folder).catch(() => [])) {
    const [, writer, id] = TEMPORARY.exec(name) ?? [];
    if (writer !== host) continue;
    const leftover = path.join(folder, name);
    // In a container every process may have the same number: then older files are an earlier one's.
    const ended =
      Number(id) === process.pid
        ? await fs.stat(leftover).then(
            ({ mtimeMs }) => mtimeMs < begun - 1000,
            () => false,
          )
        : hasEnded(process, Number(id));
    if (ended) await fs.rm(leftover, { force: true }).catch(() => {});
  }
}

function hasEnded(process: System["process"], id: number): boolean {
  try {
    process.kill(id, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

/** The machine's name: on a disk that several share, the numbers of others' processes say nothing. */
function hostOf({ os }: System): string {
  try {
    return os.hostname().replace(/\W/g, "");
  } catch {
    // Deno may not be allowed to tell.
    return "";
  }
}

/** Makes a new name durable. The content is safe and in place, so a file system without this is no failure. */
async function syncFolder(fs: FileSystem, folder: string): Promise<void> {
  const handle = await fs.open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

async function bytesOf(fs: FileSystem, name: string): Promise<Uint8Array> {
  const { buffer, byteOffset, byteLength } = await fs.readFile(name);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Does `work` on a file; what fails is told with what must hold. */
async function withFile<T>(
  operation: string,
  path: FilePath,
  held: string,
  work: (system: System, name: string) => Promise<T>,
): Promise<T> {
  const system = findSystem();
  if (system === undefined)
    throw new StateError(`${operation}: there must be a file system, got a runtime without one`);
  const name = pathOf(`${operation}: the path`, path);
  try {
    return await work(system, name);
  } catch (error) {
    throw new StateError(`${operation}: ${name} must be ${held}, got ${error}`, { cause: error });
  }
}

function findSystem(): System | undefined {
  const [fs, path, os, process] = ["fs", "path", "os", "process"].map((name) => builtinModule<unknown>(`node:${name}`));
  return fs ? ({ fs: (fs as typeof import("node:fs")).promises, path, os, process } as System) : undefined;
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}
