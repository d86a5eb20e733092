// The bundles of dist/: all of Heddle in a file or few, for Node, which takes 100 ms to load as many modules, and for where the
// core comes from elsewhere.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { build } from "esbuild";

const root = new URL("..", import.meta.url).pathname;

/**
 * Bundles a folder's entries into a file each, `dist/FOLDER/NAME.js`, with the core from `core`, one of ts/runtime/core-*.ts, in
 * place of the one that carries it packed. What entries share is in `library-HASH.js`, so that there is one engine.
 */
export async function bundle({ folder, core, readable, bundled }) {
  const path = `${root}ts/runtime/${core}`;
  const replaced = {
    name: "core source",
    setup: ({ onResolve }) => onResolve({ filter: /\/core-carried\.ts$/ }, () => ({ path })),
  };
  await build({
    absWorkingDir: root,
    entryPoints: bundled,
    outdir: `dist/${folder}`,
    chunkNames: "library-[hash]",
    bundle: true,
    splitting: true,
    minify: !readable,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    external: ["#wasm"],
    // Where names are to be read, classes keep theirs.
    keepNames: readable,
    plugins: [replaced],
  });
}

/** Beside a bundle, the entries that are parts of the main one: they take what they export out of it, so that there is one engine. */
export async function writeParts({ folder, parts }) {
  const whole = await import(`${root}dist/index.js`);
  const places = [["", whole], ...Object.entries(whole).filter(([, value]) => value[Symbol.toStringTag] === "Module")];
  for (const [part, path] of Object.entries(parts)) {
    const index = `${"../".repeat(part.split("/").length - 1) || "./"}index.js`;
    const lines = Object.entries(await import(`${root}${path}`)).map(([name, value]) => {
      const place = places.find(([, exported]) => exported[name] === value);
      if (place === undefined) {
        throw new Error(
          `heddle/${part}: heddle must have ${name} too, or scripts/entries.js say that the entry has its own`,
        );
      }
      return place[0] === "" ? `export { ${name} } from "${index}";` : `export const ${name} = ${place[0]}.${name};`;
    });
    const spaces = places.map(([name]) => name).filter((name) => lines.some((line) => line.includes(` = ${name}.`)));
    const imports = spaces.length > 0 ? [`import { ${spaces.join(", ")} } from "${index}";`] : [];
    const file = `${root}dist/${folder}/${part}.js`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${[...imports, ...lines].join("\n")}\n`);
  }
}
