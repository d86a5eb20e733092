// Loads a TypeScript module of this project, for the build.
import { buildSync } from "esbuild";

/** The exports of the module at `path`, from the project's root. */
export async function load(path) {
  const entry = new URL(`../${path}`, import.meta.url).pathname;
  const { outputFiles } = buildSync({ entryPoints: [entry], bundle: true, write: false, format: "esm" });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}
