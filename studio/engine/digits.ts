// The digits that the studio trains on and is tested with: MNIST, from one compressed safetensors file that lies beside
// the page. Bytes stay bytes.
import { ArrayData, decodeSafetensors } from "heddle";
import { PIXELS, SIDE } from "../catalogue.ts";

/** Pictures [count, 28, 28, 1], stored as bytes, and what they are. */
export interface Digits {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

export interface AllDigits {
  readonly train: Digits;
  readonly validation: Digits;
}

type Tensors = ReturnType<typeof decodeSafetensors>["tensors"];

const GZIP = 0x1f8b;

/** Fetches the file. Errors: Error when it is not there, FormatError when it is damaged. */
export async function loadDigits(url: URL): Promise<AllDigits> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`digits: ${url.pathname} must be served beside the page, got ${response.status}`);
  const { tensors } = decodeSafetensors(await unzip(new Uint8Array(await response.arrayBuffer())), url.pathname);
  return { train: digitsOf(tensors, "train", url.pathname), validation: digitsOf(tensors, "validation", url.pathname) };
}

/** The digits of that name in a safetensors file. Errors: Error where they are not there, or not whole. */
export function digitsOf(tensors: Tensors, name: string, source: string): Digits {
  const [pixels, labels] = [tensors.get(`${name}/images`)?.data, tensors.get(`${name}/labels`)?.data];
  if (!(pixels instanceof Uint8Array && labels instanceof Uint8Array && pixels.length === labels.length * PIXELS)) {
    throw new Error(`digits: ${source} must hold the images and labels of ${name}, got something else`);
  }
  return { pixels, labels };
}

/** Some servers say that the file is compressed, and the browser has unpacked it already. */
async function unzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (((bytes[0] << 8) | bytes[1]) !== GZIP) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Bytes as the models see them: [count, 28, 28, 1] from 0 to 1. */
export function asImages(pixels: Uint8Array): ArrayData<"f32"> {
  return new ArrayData(pixels, [pixels.length / PIXELS, SIDE, SIDE, 1], "f32", 1 / 255);
}

export function asLabels(labels: Uint8Array): ArrayData<"i32"> {
  return new ArrayData(Int32Array.from(labels), [labels.length], "i32");
}

/** The place of the digit of that class that comes `turn` places after the first, over and over. */
export function findDigit({ labels }: Digits, digit: number, turn: number): number {
  const places = [...labels.keys()].filter((i) => labels[i] === digit);
  return places[turn % places.length];
}
