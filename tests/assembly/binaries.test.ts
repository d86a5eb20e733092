// The two binaries as files: what they import and export, that they carry constants only, and that the loader takes them.
import { readFileSync } from "node:fs";
import { instantiateSync } from "@assemblyscript/loader";
import { describe, expect, it } from "vitest";
import { kernels } from "../../ts/generated/kernels.ts";
import { unpackCore } from "../../ts/runtime/core-carried.ts";
import { FIRST_BYTE } from "../../ts/runtime/memory.ts";

const SECTIONS = [
  "custom",
  "type",
  "import",
  "function",
  "table",
  "memory",
  "global",
  "export",
  "start",
  "element",
  "code",
  "data",
  "data count",
];

interface Section {
  readonly name: string;
  readonly contents: Uint8Array;
}

/** A number in LEB128 and the position after it. */
function readNumber(bytes: Uint8Array, at: number): [number, number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 127) << shift;
    if (byte < 128) return [value >>> 0, at];
  }
}

function sectionsOf(binary: Uint8Array): Section[] {
  expect([...binary.subarray(0, 8)]).toEqual([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const sections: Section[] = [];
  for (let at = 8; at < binary.length; ) {
    const name = SECTIONS[binary[at]];
    const [size, begin] = readNumber(binary, at + 1);
    sections.push({ name, contents: binary.subarray(begin, begin + size) });
    at = begin + size;
    expect(at).toBeLessThanOrEqual(binary.length);
  }
  return sections;
}

/** Everything a runtime must give: module, name, kind, and for a memory its flags and limits. */
function importsOf({ contents }: Section): unknown[][] {
  const text = new TextDecoder();
  let [count, at] = readNumber(contents, 0);
  const list: unknown[][] = [];
  const number = (): number => {
    const [value, next] = readNumber(contents, at);
    at = next;
    return value;
  };
  const name = (): string => {
    const length = number();
    at += length;
    return text.decode(contents.subarray(at - length, at));
  };
  for (; count > 0; count--) {
    const found: unknown[] = [name(), name(), number()];
    // Of anything but a memory the rest cannot be read here: then this is the last one listed.
    if (found[2] !== 2) return [...list, found];
    found.push(number(), number(), number());
    list.push(found);
  }
  return list;
}

const MEMORY = 2;
const SHARED_WITH_MAXIMUM = 3;

describe.each(["simd", "relaxed"] as const)("the %s binary", (target) => {
  const binary = new Uint8Array(readFileSync(`build/${target}.wasm`));
  const sections = sectionsOf(binary);

  it("runs no code by itself", () => {
    const names = sections.map(({ name }) => name);
    expect(names).toContain("code");
    expect(names).not.toContain("start");
  });

  it("imports one shared memory and nothing else", () => {
    const section = sections.find(({ name }) => name === "import");
    expect(section && importsOf(section)).toEqual([
      ["env", "memory", MEMORY, SHARED_WITH_MAXIMUM, expect.any(Number), 65536],
    ]);
  });

  it("exports what is called by name: what runs programs, and the product", () => {
    // Node 20 compiles relaxed SIMD behind a flag only: the names are read from the file.
    const section = sections.find(({ name }) => name === "export");
    const text = new TextDecoder().decode(section?.contents);
    const machinery = ["redo", "run", "run_alone", "run_launch", "walk", "work", "set_scratch", "set_wide"];
    for (const name of [...machinery, "matmul_f32"]) expect(text).toContain(name);
    expect(text).not.toContain("neg_f32");
  });

  it("is what travels in the JavaScript", () => {
    expect(Buffer.compare(unpackCore(target), binary)).toBe(0);
  });
});

describe("the simd binary", () => {
  it("is instantiated by AssemblyScript's loader, and computes", () => {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });
    const { exports } = instantiateSync<Record<string, (...args: number[]) => void>>(readFileSync("build/simd.wasm"), {
      env: { memory },
    });
    const floats = new Float32Array(memory.buffer);
    floats.set([1, -2, 3.5], 4096);
    // A row: the kernel, the bytes to the next one, units, arguments.
    new Int32Array(memory.buffer).set([kernels.neg_f32.index, 0, 3, 32768, 16384], 2048);
    exports.run_launch(8192, 0, 3);
    expect([...floats.subarray(8192, 8196)]).toEqual([-1, 2, -3.5, 0]);
  });

  it("keeps its constants below the first buffer, where another thread's instance writes the same again", () => {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });
    instantiateSync(readFileSync("build/simd.wasm"), { env: { memory } });
    const end = new Uint8Array(memory.buffer).findLastIndex((byte) => byte !== 0);
    expect(end).toBeGreaterThan(1024);
    expect(end).toBeLessThan(FIRST_BYTE);
  });

  it("has one number for each kernel in the dispatcher", () => {
    const numbers = Object.values(kernels).map(({ index }) => index);
    expect(numbers).toEqual(numbers.map((_, i) => i));
    for (const { kinds } of Object.values(kernels)) expect(kinds).toMatch(/^[wurif]+$/);
  });
});
