// Paths of files in all their forms. Does not read files.
import { ArgumentError } from "./errors.ts";
import { builtinModule } from "./features.ts";

/** A file's path: text, a `file:` URL (an object or text), or UTF-8 bytes such as Node's Buffer. */
export type FilePath = string | URL | Uint8Array;

/**
 * The path as text; `what` names it in errors. A URL stays one where there is no file system. Errors: ArgumentError if it is
 * no path.
 */
export function pathOf(what: string, path: FilePath): string {
  try {
    const text = path instanceof Uint8Array ? new TextDecoder("utf-8", { fatal: true }).decode(path) : path;
    const url = text instanceof URL || /^file:\/\//.test(text);
    const name = url
      ? (builtinModule<typeof import("node:url")>("node:url")?.fileURLToPath(text) ?? String(text))
      : text;
    if (typeof name === "string" && name !== "" && !name.includes("\0")) return name;
  } catch {
    // A URL of another kind, bytes that are not UTF-8, or what cannot become text.
  }
  const told = typeof path === "string" || path instanceof URL;
  const got = told ? JSON.stringify(path) : path === null ? "null" : typeof path;
  throw new ArgumentError(`${what} must be text, a file: URL or text's bytes, got ${got}`);
}
