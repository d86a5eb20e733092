// Loads a module that is written in TypeScript, as the build needs some of its own parts.
import { buildSync } from "esbuild";

/** What the module at `path`, in the root's folder, exports. */
export async function load(path) {
  const entry = new URL(`../${path}`, import.meta.url).pathname;
  const { outputFiles } = buildSync({ entryPoints: [entry], bundle: true, write: false, format: "esm" });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}
