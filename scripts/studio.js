// Builds the studio and serves it: `npm run studio -- --port 8080 --no-isolation`. With `--build` it only builds, into
// build/studio, which any host can serve.
import { buildStudio } from "./studio/build.js";
import { serve } from "./studio/serve.js";

const root = new URL("..", import.meta.url).pathname;
const folder = `${root}build/studio`;
const args = process.argv.slice(2);
const known = new Set(["--build", "--no-isolation", "--port", "--host"]);
const values = new Map(args.flatMap((arg, i) => (["--port", "--host"].includes(arg) ? [[arg, args[i + 1]]] : [])));
const strange = args.find((arg, i) => !known.has(arg) && !values.has(args[i - 1]));
const port = Number(values.get("--port") ?? 4173);
if (strange !== undefined || !Number.isInteger(port) || port < 0 || port > 65_535 || values.get("--host") === null) {
  console.error("usage: npm run studio -- [--port 4173] [--host 127.0.0.1] [--no-isolation]");
  process.exit(2);
}

const files = await buildStudio(root, folder);
const size = (bytes) => `${bytes.toLocaleString("en").padStart(11)}`;
console.log(`build/studio                      bytes     gzipped`);
for (const { name, bytes, gzipped } of files) console.log(`  ${name.padEnd(26)}${size(bytes)} ${size(gzipped)}`);
const total = (key) => files.reduce((sum, file) => sum + file[key], 0);
console.log(`  ${"in all".padEnd(26)}${size(total("bytes"))} ${size(total("gzipped"))}`);

if (!args.includes("--build")) {
  const isolated = !args.includes("--no-isolation");
  const { address } = await serve(folder, { port, host: values.get("--host") ?? "127.0.0.1", isolated });
  console.log(`\nThe studio is at ${address}${isolated ? "" : " (without isolation: one thread)"}. Ctrl-C ends it.`);
}
