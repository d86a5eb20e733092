// Unpacks the core, by a WebAssembly module of its own (assembly/packing/).
import unpacker from "../generated/unpacker.ts";
import { decodeBase64 } from "./base64.ts";
import { compileBytes } from "./core-source.ts";

interface Unpacker {
  readonly memory: WebAssembly.Memory;
  unpack(from: number, to: number, length: number): void;
}

/** Unpacks a module: its length in four bytes, then what the unpacker reads. */
export function unpack(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const module = compileBytes(decodeBase64(unpacker), false);
  const { memory, unpack } = new WebAssembly.Instance(module).exports as unknown as Unpacker;
  const length = new DataView(packed.buffer, packed.byteOffset).getInt32(0);
  const [from, to] = [memory.buffer.byteLength, memory.buffer.byteLength + packed.length];
  memory.grow(((packed.length + length) >> 16) + 1);
  new Uint8Array(memory.buffer).set(packed, from);
  unpack(from + 4, to, length);
  return new Uint8Array(memory.buffer as ArrayBuffer, to, length);
}
