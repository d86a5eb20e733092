// What follows from the table of entries (entries.js): fields of package.json, and the plan by which the build makes dist/.
// `npm run entries` writes the fields; `npm run check` compares them.
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { effects, entries, files, forms } from "./entries.js";

/** Where an entry's forms are when it names none. */
const everywhere = ["modules", "node", "edge"];

const formsOf = (entry) => entry.forms ?? everywhere;

/** The file of a source in ts/ in dist/, without suffix. */
const compiled = (source) => `./dist/${source.slice("ts/".length, -".ts".length)}`;

/** An entry's file in a folder of bundles, without suffix: its path, or index for the main one and one with a folder of its own. */
function fileIn(folder, { path }) {
  const name = path.slice("./".length);
  return name === "" || name === folder ? "index" : name;
}

/** What people write to import an entry. */
export const importName = ({ path }) => `heddle${path.slice(1)}`;

/** An entry's file of a form. */
function fileOf(entry, form) {
  return form === "modules" ? `${compiled(entry.source)}.js` : `./dist/${form}/${fileIn(form, entry)}.js`;
}

/** package.json's exports. */
export function exportsOf(table = entries) {
  const listed = table.map((entry) => {
    const conditions = { "heddle-source": `./${entry.source}`, types: `${compiled(entry.source)}.d.ts` };
    for (const [form, { conditions: names }] of Object.entries(forms)) {
      if (formsOf(entry).includes(form)) for (const name of names) conditions[name] = fileOf(entry, form);
    }
    if (formsOf(entry).includes("modules")) conditions.default = fileOf(entry, "modules");
    return [entry.path, conditions];
  });
  return Object.fromEntries([...listed, ...files.map((file) => [`./${basename(file)}`, `./${file}`])]);
}

/** package.json's size limits, for size-limit. */
export function sizeLimitsOf(table = entries) {
  return table.flatMap((entry) =>
    [...(entry.limit ? [{ limit: entry.limit }] : []), ...(entry.limits ?? [])].map(
      ({ what, form, imports, limit }) => ({
        name: `${importName(entry)}${what ? `: ${what}` : ""}`,
        path: fileOf(entry, form ?? formsOf(entry)[0]).slice("./".length),
        import: imports,
        limit: `${limit} kB`,
        gzip: true,
      }),
    ),
  );
}

/** package.json's side effects: bundles are whole, of modules those that do something when they are loaded. */
export function sideEffects() {
  const scripts = files.filter((file) => file.endsWith(".js"));
  const folders = Object.keys(forms).map((form) => `dist/${form}/*`);
  return [...effects, ...folders, ...scripts].map((path) => `./${path}`);
}

/** The fields of package.json that follow from the table. */
export function packageFields(table = entries) {
  return { sideEffects: sideEffects(), exports: exportsOf(table), "size-limit": sizeLimitsOf(table) };
}

/** Fields of package.json, as a text, that are not what the table says. */
export function checkFields(text, table = entries) {
  const written = JSON.parse(text);
  return Object.entries(packageFields(table))
    .filter(([name, value]) => JSON.stringify(written[name]) !== JSON.stringify(value))
    .map(([name]) => `package.json: ${name} must be what scripts/entries.js says: npm run entries`);
}

/**
 * What the build makes in each folder of bundles: `bundled` by file, of sources; `parts` by file, of the modules whose names
 * they take out of the main entry's bundle.
 */
export function bundlesOf(table = entries) {
  return Object.entries(forms).map(([folder, { core, readable }]) => {
    const here = table.filter((entry) => formsOf(entry).includes(folder));
    const bundled = here.filter(({ own }) => own).map((entry) => [fileIn(folder, entry), entry.source]);
    const parts = here.filter(({ own }) => !own).map((entry) => [fileIn(folder, entry), fileOf(entry, "modules")]);
    return { folder, core, readable, bundled: Object.fromEntries(bundled), parts: Object.fromEntries(parts) };
  });
}

/** Every script of dist/ that package.json names. */
export function scriptsOf(table = entries) {
  const named = JSON.stringify(exportsOf(table)).match(/dist\/[^"]+\.js(?=")/g);
  return [...new Set(named)].sort();
}

/** Modules that tsc makes of entries and that are none of their forms. */
export function unusedModules(table = entries) {
  return table.filter((entry) => !formsOf(entry).includes("modules")).map(({ source }) => `${compiled(source)}.js`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const path = new URL("../package.json", import.meta.url);
  const written = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, `${JSON.stringify({ ...written, ...packageFields() }, null, 2)}\n`);
}
