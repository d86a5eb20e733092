// Whole files, read and written through the runtime's own file system. A write happens completely or not at all.

import { StateError } from "../runtime/errors.ts";
import { builtinModule } from "../runtime/features.ts";

type FileSystem = typeof import("node:fs").promises;

/** The bytes of a file. Throws StateError when there is no file system here or the file cannot be read. */
export async function readFile(path: string): Promise<Uint8Array> {
  const { fs } = fileSystem("readFile");
  try {
    const { buffer, byteOffset, byteLength } = await fs.readFile(path);
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    throw new StateError(`readFile: ${path} must be a readable file, got ${error}`, { cause: error });
  }
}

/** The bytes of a file, or undefined where there is none. Throws StateError when it is there but cannot be read. */
export async function readFileIfAny(path: string): Promise<Uint8Array | undefined> {
  const { fs } = fileSystem("readFileIfAny");
  const there = await fs.stat(path).catch(() => undefined);
  return there && readFile(path);
}

/** Makes a folder and those it lies in, where they are missing. StateError when there is no file system here. */
export async function makeFolder(path: string): Promise<void> {
  const { fs } = fileSystem("makeFolder");
  try {
    await fs.mkdir(path, { recursive: true });
  } catch (error) {
    throw new StateError(`makeFolder: ${path} must be a folder or a free name, got ${error}`, { cause: error });
  }
}

/** Makes the folder that a file is to lie in. */
export function makeFolderOf(path: string): Promise<void> {
  return makeFolder(fileSystem("makeFolderOf").dirname(path));
}

/** Removes a file if it is there. */
export async function removeFile(path: string): Promise<void> {
  const { fs } = fileSystem("removeFile");
  await fs.rm(path, { force: true });
}

/**
 * Adds bytes to the end of a file, which is created if need be: for formats whose readers tell a record that was cut off.
 * Throws StateError when the file cannot be written.
 */
export async function appendToFile(path: string, bytes: Uint8Array): Promise<void> {
  const { fs } = fileSystem("appendToFile");
  try {
    await fs.appendFile(path, bytes);
  } catch (error) {
    throw new StateError(`appendToFile: ${path} must be a writable file, got ${error}`, { cause: error });
  }
}

/**
 * Makes `bytes` the content of the file, which is created or replaced: they go to a temporary file beside it, to the
 * disk, and only then take its name. After a failure, even of the power, the old content is still there, whole.
 * Throws StateError when there is no file system here or the file cannot be written.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const { fs, dirname } = fileSystem("writeFileAtomic");
  // A link stays a link: what it points to is replaced.
  const target = await fs.realpath(path).catch(() => path);
  const directory = dirname(target);
  const temporary = `${directory}/.${crypto.randomUUID()}.tmp`;
  try {
    const replaced = await fs.stat(target).catch(() => undefined);
    await writeDurably(fs, temporary, bytes, replaced?.mode);
    await fs.rename(temporary, target);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => {});
    throw new StateError(`writeFileAtomic: ${path} must be a writable file, got ${error}`, { cause: error });
  }
  await syncDirectory(fs, directory);
}

/** Writes a new file, with the permissions of the one it will replace, and waits until the disk has it. */
async function writeDurably(fs: FileSystem, path: string, bytes: Uint8Array, mode?: number): Promise<void> {
  const file = await fs.open(path, "wx", mode);
  try {
    if (mode !== undefined) await file.chmod(mode);
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a new name durable. The content is safe and in place, so a file system without this is no failure. */
async function syncDirectory(fs: FileSystem, directory: string): Promise<void> {
  const handle = await fs.open(directory, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function fileSystem(operation: string): { fs: FileSystem; dirname: (path: string) => string } {
  const fs = builtinModule<typeof import("node:fs")>("node:fs");
  const path = builtinModule<typeof import("node:path")>("node:path");
  if (!fs || !path) throw new StateError(`${operation}: there must be a file system, got a runtime without one`);
  return { fs: fs.promises, dirname: path.dirname };
}
