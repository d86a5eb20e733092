// Tells bundlers which calls in the package's modules have no effect but their result, so that they leave out what nobody
// uses: those of functions that their source marks with @__NO_SIDE_EFFECTS__, which bundlers heed in their own file alone.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** The names of the marked functions in the sources. */
export function pureFunctions(paths) {
  return paths.flatMap((path) =>
    Array.from(
      readFileSync(path, "utf8").matchAll(/@__NO_SIDE_EFFECTS__ \*\/\n(?:export )?function (\w+)/g),
      ([, name]) => name,
    ),
  );
}

/** Marks the calls of these functions that give module-level constants their values, in the modules of a folder. */
export function markPureCalls(folder, names) {
  const call = new RegExp(`^((?:export )?const \\w+ = )((?:${names.join("|")})\\()`, "gm");
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!name.endsWith(".js")) continue;
    const path = `${folder}/${name}`;
    writeFileSync(path, readFileSync(path, "utf8").replace(call, "$1/* @__PURE__ */ $2"));
  }
}
