// Files that the browser keeps for this page alone (the origin private file system). Each is written whole or not at all:
// the browser puts a new content in the old one's place when it is closed.

const LOCK = "heddle-studio";
const LOCK_MILLISECONDS = 3000;
/** A browser that has not shown a file by then may never do so: the page goes on without. */
const PATIENCE_MILLISECONDS = 15_000;

export class Storage {
  private readonly folder: FileSystemDirectoryHandle;

  private constructor(folder: FileSystemDirectoryHandle) {
    this.folder = folder;
  }

  /** Errors: Error that says why nothing can be kept here. */
  static open(): Promise<Storage> {
    return inTime(Storage.openFolder());
  }

  private static async openFolder(): Promise<Storage> {
    if (typeof navigator.storage?.getDirectory !== "function") {
      throw new Error("this browser keeps no files for pages here (it does on https and localhost)");
    }
    const root = await navigator.storage.getDirectory().catch((error: unknown) => {
      throw new Error(`this browser keeps no files here: ${error instanceof Error ? error.message : error}`);
    });
    // Two tabs would overwrite each other's training: the first one has it. After a reload the old page needs a moment.
    if (!(await holdLock()))
      throw new Error(
        "another tab has the studio open, whose files would be overwritten. Close that tab, then reload this one",
      );
    const storage = new Storage(await root.getDirectoryHandle("heddle-studio", { create: true }));
    await storage.list("");
    return storage;
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const file = await this.folder.getFileHandle(name, { create: true });
    const writable = await file.createWritable();
    try {
      await writable.write(bytes as Uint8Array<ArrayBuffer>);
    } catch (error) {
      await writable.abort();
      throw error;
    }
    await writable.close();
  }

  /** A file's bytes, or undefined when there is none. */
  async read(name: string): Promise<Uint8Array | undefined> {
    const content = async (): Promise<ArrayBuffer> => {
      const file = await (await this.folder.getFileHandle(name)).getFile();
      return file.arrayBuffer();
    };
    try {
      return new Uint8Array(await inTime(content()));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Removes a file, if it is there. */
  async remove(name: string): Promise<void> {
    await this.folder.removeEntry(name).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  /** The names of files that begin so, in alphabetical order. */
  async list(prefix: string): Promise<string[]> {
    const names: string[] = [];
    for await (const name of this.folder.keys()) if (name.startsWith(prefix)) names.push(name);
    return names.sort();
  }
}

/** What a promise gives; an Error where it gives nothing for too long. */
function inTime<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = new Error("this browser did not answer when it was asked for its files");
    const timer = setTimeout(() => reject(late), PATIENCE_MILLISECONDS);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof DOMException && error.name === "NotFoundError";
}

/** Takes the lock for as long as this worker lives; whether it could be had. */
function holdLock(): Promise<boolean> {
  return new Promise((resolve) => {
    const forever = (): Promise<never> => {
      resolve(true);
      return new Promise(() => {});
    };
    const signal = AbortSignal.timeout(LOCK_MILLISECONDS);
    navigator.locks.request(LOCK, { signal }, forever).catch(() => resolve(false));
  });
}
