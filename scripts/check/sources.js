// Lists the project's source files and their lines: what git tracks, without generated files.
import { readdirSync, readFileSync } from "node:fs";

const folders = ["assembly", "ts", "tests", "examples", "studio", "bench", "scripts"];
const notOurs = new Set(["node_modules", "generated", "dist", "build"]);

/** Paths of all .ts and .js files of the project, or of those below one folder. */
export function sourceFiles(below = folders) {
  return [below].flat().flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const path = `${folder}/${entry.name}`;
        if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : sourceFiles(path);
        return /\.[tj]s$/.test(entry.name) ? [path] : [];
      }),
  );
}

/** The lines of a file. */
export function linesOf(path) {
  return readFileSync(path, "utf8").split("\n");
}

/** `file:line: message` for every line of the files that `wrong` returns a message for. */
export function findLines(files, wrong) {
  return files.flatMap((path) =>
    linesOf(path).flatMap((line, i) => {
      const message = wrong(line, path);
      return message ? [`${path}:${i + 1}: ${message}`] : [];
    }),
  );
}
