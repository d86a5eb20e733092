// Hostile files: those of safetensors, of models and IDX with bits flipped, cut off, with lies in their headers. What is read
// must be what the bytes say; all else is a FormatError, soon, and a model keeps the weights that it had.
import { ArrayData } from "../../../ts/data/array.ts";
import { parseIdx } from "../../../ts/formats/idx.ts";
import { decodeSafetensors, encodeSafetensors, type TensorRecord } from "../../../ts/formats/safetensors.ts";
import { add, batchNormalization, concatenate, dense, dropout, input, lstm } from "../../../ts/layers/index.ts";
import { maximum } from "../../../ts/ops/arithmetic.ts";
import { SGD } from "../../../ts/optim/index.ts";
import { FormatError } from "../../../ts/runtime/errors.ts";
import { makeArray } from "../../../ts/tensor/dtype.ts";
import { sizeOf } from "../../../ts/tensor/shape.ts";
import { type CompileOptions, importModel, Model, Sequential } from "../../../ts/train/index.ts";
import { bitsOf, sameBits } from "../harness/bits.ts";
import { type Family, must } from "../harness/family.ts";
import type { Random } from "../harness/random.ts";

const MOST_MILLISECONDS = 2000;

export const formats: Family = {
  run({ random, say }) {
    random.pick([checkIdx, checkWeights, checkModel, checkModel, checkSafetensors, checkSafetensors])(random, say);
  },
};

/** Runs `read` on hostile bytes: its result, or undefined after a FormatError; any other error fails. */
function readHostile<T>(bytes: Uint8Array, read: (bytes: Uint8Array) => T): T | undefined {
  const before = bytes.slice();
  const began = performance.now();
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw new Error(`reading must throw a FormatError, got ${error}`, { cause: error });
  } finally {
    const took = performance.now() - began;
    must(took < MOST_MILLISECONDS, `reading must take less than ${MOST_MILLISECONDS} ms, got ${took}`);
    must(Buffer.compare(before, bytes) === 0, "reading must not change the bytes, got others");
  }
}

function checkSafetensors(random: Random, say: (what: string) => void): void {
  const bytes = mutate(safetensorsFile(random), random, say);
  const found = readHostile(bytes, (hostile) => decodeSafetensors(hostile));
  if (found === undefined) return;
  // What was read must be what the file says, by a second reading that knows nothing of the first.
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
  const header = JSON.parse(text) as Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;
  const names = Object.keys(header).filter((name) => name !== "__metadata__");
  must(found.tensors.size === names.length, `there must be ${names.length} tensors, got ${found.tensors.size}`);
  let covered = 0;
  for (const name of names) {
    const { dtype, shape, data_offsets } = header[name];
    const record = found.tensors.get(name) as TensorRecord;
    must(String(record.shape) === String(shape), `${name} must have shape [${shape}], got [${record.shape}]`);
    must(record.data.length === sizeOf(shape), `${name} must have ${sizeOf(shape)} numbers, got ${record.data.length}`);
    covered += data_offsets[1] - data_offsets[0];
    if (!["F32", "I32", "U8", "BOOL"].includes(dtype)) continue;
    const stored = bytes.subarray(8 + length + data_offsets[0], 8 + length + data_offsets[1]);
    const { buffer, byteOffset, byteLength } = record.data;
    const same = Buffer.compare(stored, new Uint8Array(buffer, byteOffset, byteLength)) === 0;
    must(same, `${name} must have the bytes of the file, got others`);
  }
  must(covered === bytes.length - 8 - length, `the tensors must cover all data, got ${covered} bytes`);
}

function checkIdx(random: Random, say: (what: string) => void): void {
  const shape = Array.from({ length: random.whole(1, 4) }, () => random.whole(0, 6));
  const [code, width] = random.pick([
    [8, 1],
    [12, 4],
    [13, 4],
  ] as const);
  const bytes = new Uint8Array(4 + 4 * shape.length + width * sizeOf(shape)).map(() => random.whole(0, 255));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (code << 8) | shape.length);
  for (const [axis, size] of shape.entries()) view.setUint32(4 + 4 * axis, size);
  const hostile = mutate(bytes, random, say);
  const found = readHostile(hostile, (file) => parseIdx(file));
  if (found === undefined) return;
  must(found instanceof ArrayData, "an IDX file must become ArrayData");
  const again = new DataView(hostile.buffer, hostile.byteOffset, hostile.byteLength);
  const begin = 4 + 4 * again.getUint8(3);
  for (const [i, value] of found.data.entries()) {
    const kind = again.getUint8(2);
    const at = begin + i * (kind === 8 ? 1 : 4);
    const wanted = kind === 8 ? again.getUint8(at) : kind === 12 ? again.getInt32(at) : again.getFloat32(at);
    must(Object.is(value, wanted), `number ${i} must be ${wanted}, got ${value}`);
  }
}

function checkWeights(random: Random, say: (what: string) => void): void {
  const model = new Sequential([dense({ units: 3, inputShape: [2] }), dense({ units: 1 })]);
  const bits = (): ReturnType<typeof bitsOf>[] => model.weights.map((weight) => bitsOf(weight.name, weight));
  const before = bits();
  const valid = model.exportWeights();
  const hostile = mutate(valid, random, say);
  const loaded = readHostile(hostile, (bytes) => {
    model.importWeights(bytes);
    return true;
  });
  if (loaded === undefined) sameBits(bits(), before, "after a FormatError");
  else {
    const again = model.exportWeights();
    const [got, wanted] = [decodeSafetensors(again), decodeSafetensors(hostile)];
    must(got.tensors.size === wanted.tensors.size, "a file that is loaded must hold all weights");
  }
  model.dispose();
}

function checkModel(random: Random, say: (what: string) => void): void {
  const model = random.chance(0.5) ? chain(random) : graph(random);
  if (random.chance(0.7)) model.compile(random.pick(compiles));
  const whole = model.exportModel();
  model.dispose();
  const hostile = mutate(random.chance(0.7) ? lyingMetadata(whole, random, say) : whole, random, say);
  const loaded = readHostile(hostile, (bytes) => importModel(bytes));
  if (loaded === undefined) return;
  const { tensors } = decodeSafetensors(hostile);
  for (const [path, { data }] of decodeSafetensors(loaded.exportWeights()).tensors) {
    must(String(tensors.get(`model/${path}`)?.data) === String(data), `${path} must be as in the file`);
  }
  loaded.dispose();
}

function chain(random: Random): Model {
  const hidden = [dense({ units: 3, activation: "relu" }), dropout({ rate: 0.2, seed: 1 }), batchNormalization()];
  return new Sequential([
    dense({ units: 2, inputShape: [2], trainable: random.chance(0.5) }),
    random.pick(hidden),
    new Sequential([dense({ units: 1, kernelRegularizer: { l2: 0.1 } })]),
  ]);
}

function graph(random: Random): Model {
  const inputs = [input({ shape: [3, 2] }), input({ shape: [3, 2] })];
  const shared = lstm({ units: 2 });
  const [a, b] = inputs.map((x) => shared.apply(x));
  return new Model({
    inputs,
    outputs: random.pick([() => add().apply([a, b]), () => concatenate().apply([a, b]), () => maximum(a, b).mul(2)])(),
  });
}

const compiles: readonly CompileOptions[] = [
  { optimizer: "adam", loss: "meanSquaredError", metrics: ["meanAbsoluteError", "auc"] },
  { optimizer: new SGD({ learningRate: 0.1, momentum: 0.5 }), loss: "huber", lossWeights: [2] },
];

/** A model's file with something else in the texts of its metadata. */
function lyingMetadata(file: Uint8Array, random: Random, say: (what: string) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(file);
  const texts: Record<string, string> = { ...metadata };
  for (let i = random.whole(1, 3); i > 0; i--) {
    const key = random.pick(Object.keys(texts));
    const [pattern, instead] = random.pick(lies);
    const places = [...texts[key].matchAll(pattern)];
    if (places.length === 0) continue;
    const { index, 0: found } = random.pick(places);
    const other = random.pick([...instead, random.pick(places)[0]]);
    say(`${other} for ${found} at ${index} of ${key}`);
    texts[key] = texts[key].slice(0, index) + other + texts[key].slice(index + found.length);
  }
  return encodeSafetensors(tensors, texts);
}

const dtypes = ["f32", "i32", "u8", "bool"] as const;

function safetensorsFile(random: Random): Uint8Array {
  const tensors = new Map<string, TensorRecord>();
  for (let i = random.whole(0, 4); i > 0; i--) {
    const dtype = random.pick(dtypes);
    const shape = Array.from({ length: random.whole(0, 3) }, () => random.whole(0, 5));
    const data = makeArray(dtype, sizeOf(shape)).map(() => random.whole(0, dtype === "bool" ? 1 : 200));
    tensors.set(random.pick(["a", "b", "dense/kernel", "ä ✓", "__proto__", "constructor"]), { dtype, shape, data });
  }
  return encodeSafetensors(tensors, random.chance(0.5) ? { format: "pt", note: "x" } : {});
}

/** Texts in a header or its metadata and what may stand there instead. */
const lies: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\d+/g, ["-1", "1e9", "4294967296", "9007199254740993", "1.5", "1e400", "null", '"2"', "[]", "00", "0x1", "NaN"]],
  [/"(F32|I32|U8|BOOL)"/g, ['"F64"', '"I64"', '"F16"', '"BF16"', '"F8_E4M3"', '"f32"', "3", "null", '"C64"', '"U64"']],
  [/"(shape|dtype|data_offsets)"/g, ['"shape"', '"dtype"', '"data_offsets"', '"other"', '"__proto__"']],
  [/[{}[\],:]/g, ["{", "}", "[", "]", ",", ":", "", '"', "\\", "\u0000", " ".repeat(9), "[[[[[[[["]],
  [/"[^"]*"/g, ['"a"', '"__metadata__"', '"\\ud800"', '""', '"__proto__"', "{}"]],
];

/** The file with something wrong, or with nothing wrong, now and then. */
function mutate(file: Uint8Array, random: Random, say: (what: string) => void): Uint8Array {
  let bytes: Uint8Array = new Uint8Array(file);
  for (let i = random.whole(0, 3); i > 0; i--) {
    const at = random.whole(0, Math.max(0, bytes.length - 1));
    const choice = random.whole(0, 6);
    say(`mutation ${choice} at ${at} of ${bytes.length}`);
    if (choice === 0 && bytes.length > 0) bytes[at] ^= 1 << random.whole(0, 7);
    else if (choice === 1) bytes = bytes.slice(0, at);
    else if (choice === 2)
      bytes = Uint8Array.from([...bytes.slice(0, at), ...random.floats(3, 0, 255), ...bytes.slice(at)]);
    else if (choice === 3) bytes = Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + random.whole(1, 9))]);
    else if (choice === 4 && bytes.length > 8) bytes[random.whole(0, 15)] = random.pick([0, 1, 127, 128, 255]);
    else bytes = rewriteHeader(bytes, random);
  }
  // Files are often views on larger memory, at any place.
  const shifted = new Uint8Array(bytes.length + 16);
  const offset = random.whole(0, 9);
  shifted.set(bytes, offset);
  return shifted.subarray(offset, offset + bytes.length);
}

/** Another text in the header of a safetensors file, whose length is told right. */
function rewriteHeader(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length < 8) return bytes;
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  if (length > bytes.length - 8) return bytes;
  const [pattern, texts] = random.pick(lies);
  let text = Buffer.from(bytes.subarray(8, 8 + length)).toString();
  const places = [...text.matchAll(pattern)];
  if (places.length === 0) return bytes;
  const place = random.pick(places);
  text = text.slice(0, place.index) + random.pick(texts) + text.slice(place.index + place[0].length);
  const header = Buffer.from(text);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  return new Uint8Array(Buffer.concat([size, header, bytes.subarray(8 + length)]));
}
