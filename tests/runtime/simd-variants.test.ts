// The module in which both builds travel: a multiply-add is a product and a sum, or one instruction.
import binaryen from "assemblyscript/binaryen";
import { describe, expect, it } from "vitest";
import { makeTravelForm } from "../../scripts/simd-variants.js";
import { chooseForm } from "../../ts/runtime/simd-variants.ts";

/** A module that writes f(x, y, z) over x, which lies at 0, with y at 16 and z at 32; `relaxed` has one instruction. */
function build(type: "f32x4" | "f64x2", body: string): Uint8Array {
  const module = binaryen.parseText(`(module (memory (export "memory") 1)
    (func (export "unused") nop)
    (func (export "run") (local $x v128) (local $y v128) (local $z v128)
      (local.set $x (v128.load (i32.const 0)))
      (local.set $y (v128.load (i32.const 16)))
      (local.set $z (v128.load (i32.const 32)))
      (v128.store (i32.const 0) ${body.replaceAll("madd", `${type}.relaxed_madd`)})))`);
  module.setFeatures(binaryen.Features.All);
  return module.emitBinary();
}

/** What the baseline form makes of x, y, z. */
function run<T extends Float32Array | Float64Array>(module: Uint8Array<ArrayBuffer>, view: (buffer: ArrayBuffer) => T) {
  const exports = new WebAssembly.Instance(new WebAssembly.Module(module)).exports;
  const numbers = view((exports.memory as WebAssembly.Memory).buffer);
  numbers.set([3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41].slice(0, 48 / numbers.BYTES_PER_ELEMENT));
  (exports.run as () => void)();
  return [...numbers.subarray(0, 16 / numbers.BYTES_PER_ELEMENT)];
}

/** How often these three bytes come. */
const count = (bytes: Uint8Array, ...three: number[]): number =>
  bytes.reduce((sum, _, i) => sum + (three.every((byte, j) => bytes[i + j] === byte) ? 1 : 0), 0);

const nested = "(madd (local.get $x) (madd (local.get $x) (local.get $y) (local.get $z)) (local.get $y))";

describe("the module that travels", () => {
  const [floats, doubles] = (["f32x4", "f64x2"] as const).map((type) =>
    makeTravelForm(build(type, nested), ["run", "memory"]),
  );

  it("becomes the baseline build, which multiplies and adds", () => {
    const [single, double] = [floats, doubles].map(({ bytes }) => new Uint8Array(bytes));
    expect(chooseForm(single, "simd")).toBe(4);
    expect(chooseForm(double, "simd")).toBe(4);
    const f = (x: number, y: number, z: number) => x * (x * y + z) + y;
    expect(run(single, (buffer) => new Float32Array(buffer))).toEqual([
      f(3, 13, 29),
      f(5, 17, 31),
      f(7, 19, 37),
      f(11, 23, 41),
    ]);
    expect(run(double, (buffer) => new Float64Array(buffer))).toEqual([f(3, 7, 13), f(5, 11, 17)]);
  });

  it("becomes the relaxed build, of as many bytes, with one instruction each", () => {
    for (const [form, opcode, multiply] of [
      [floats, 0x85, 0xe6],
      [doubles, 0x87, 0xf2],
    ] as const) {
      const relaxed = form.bytes.slice();
      expect(chooseForm(relaxed, "relaxed")).toBe(4);
      expect(relaxed.length).toBe(form.bytes.length);
      expect(count(relaxed, 0xfd, opcode, 2)).toBe(2);
      expect(count(relaxed, 0xfd, multiply, 1)).toBe(0);
    }
  });

  it("counts the multiply-adds and keeps only the exports asked for", () => {
    expect(floats.count).toBe(2);
    const text = new TextDecoder().decode(floats.bytes);
    expect(text).toContain("memory");
    expect(text).not.toContain("unused");
  });
});
