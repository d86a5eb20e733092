// Every kernel that is declared element by element: a range of its units needs nothing but the same range of elements,
// and a result may lie where an operand lay.
import { describe, expect, it } from "vitest";
import { type Kernel, kernels } from "../../ts/generated/kernels.ts";
import { bitsOf, LAUNCH_WORDS } from "../../ts/runtime/encoding.ts";
import { engine } from "../../ts/runtime/engine.ts";
import type { Buffer } from "../../ts/runtime/operand.ts";

const UNITS = 53;
const BLOCKS = [0, 1, 9, 16, 17, 44, UNITS];
const isWritten = (kind: string): boolean => kind === "w" || kind === "u";
/** Kernels whose results are all declared so: launches of theirs may be run block by block. */
const declared = Object.entries<Kernel>(kernels).filter(
  ([, { kinds, each }]) => /[wu]/.test(kinds) && [...kinds].every((kind, i) => !isWritten(kind) || each[i] !== "0"),
);

/** Bytes of numbers that every dtype can stand: small whole ones for bytes, spread ones for f32 and i32 alike. */
function bytesOf(size: number, seed: number): Uint8Array {
  if (size === UNITS) return Uint8Array.from({ length: size }, (_, i) => (i * 7 + seed) % 2);
  return new Uint8Array(Float32Array.from({ length: size / 4 }, (_, i) => 1.5 + Math.sin(seed + i * 1.7)).buffer);
}

/** A launch of one kernel with memory for each pointer; a broadcast is [1, 1, UNITS], both operands spanning the columns. */
class TestLaunch {
  readonly pointers: { readonly kind: string; readonly each: number; buffer: Buffer; readonly bytes: Uint8Array }[] =
    [];
  private readonly words: Buffer;
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    const { memory } = engine();
    this.kernel = kernel;
    this.words = memory.allocate(4 * (LAUNCH_WORDS + kernel.kinds.length));
    [...kernel.kinds].forEach((kind, i) => {
      if (kind === "i" || kind === "f") return;
      const each = Number(kernel.each[i]);
      const bytes = bytesOf(each === 0 ? 64 : each * UNITS, i);
      this.pointers.push({ kind, each, buffer: memory.allocate(bytes.length), bytes });
    });
  }

  /** Fills the memory: with values in elements [begin, end), with `other` bytes elsewhere. */
  fill(begin: number, end: number, other: number): void {
    for (const { each, buffer, bytes } of this.pointers) {
      const view = this.view(buffer);
      if (each === 0) view.set(bytes);
      else view.fill(other).set(bytes.subarray(begin * each, end * each), begin * each);
    }
  }

  run(begin: number, end: number): void {
    const { memory, core } = engine();
    const at = this.words.block.address >>> 2;
    const { kinds, index } = this.kernel;
    const broadcast = kinds.endsWith("iiii") ? [1, UNITS, 1, 1] : [];
    let pointer = 0;
    memory.i32[at] = index;
    [...kinds].forEach((kind, i) => {
      const whole = broadcast[i - (kinds.length - 4)] ?? 1;
      const value = kind === "f" ? bitsOf(0.5) : kind === "i" ? whole : this.pointers[pointer++].buffer.block.address;
      memory.i32[at + LAUNCH_WORDS + i] = value;
    });
    core.run_launch(at << 2, begin, end);
  }

  /** What lies in the written memory. */
  results(): number[][] {
    return this.pointers.filter(({ kind }) => isWritten(kind)).map(({ buffer }) => [...this.view(buffer)]);
  }

  private view(buffer: Buffer): Uint8Array {
    const { address } = buffer.block;
    return engine().memory.bytes.subarray(address, address + buffer.bytes);
  }
}

function wholeResult(kernel: Kernel): number[][] {
  const launch = new TestLaunch(kernel);
  launch.fill(0, UNITS, 0);
  launch.run(0, UNITS);
  return launch.results();
}

it("most kernels over elements are declared so", () => {
  const names = declared.map(([name]) => name);
  expect(names).toEqual(
    expect.arrayContaining(["relu_f32", "gelu_grad_f32", "add_f32", "less_i32", "adam_f32", "fill_u8"]),
  );
  expect(names).not.toContain("softmax_f32");
});

describe.each(declared)("%s", (_name, kernel) => {
  it("computes a block from that block alone, and writes nothing else", () => {
    const expected = wholeResult(kernel);
    const launch = new TestLaunch(kernel);
    const written = launch.pointers.filter(({ kind }) => isWritten(kind));
    for (const [i, begin] of BLOCKS.slice(0, -1).entries()) {
      const end = BLOCKS[i + 1];
      for (const other of [0, 0xff]) {
        launch.fill(begin, end, other);
        launch.run(begin, end);
        launch.results().forEach((bytes, output) => {
          const { each } = written[output];
          const inside = expected[output].slice(begin * each, end * each);
          const rest = (count: number): number[] => new Array(count * each).fill(other);
          expect(bytes).toEqual([...rest(begin), ...inside, ...rest(UNITS - end)]);
        });
      }
    }
  });

  it("may write its result over an operand of the same size", () => {
    const expected = wholeResult(kernel);
    for (const operand of kernel.kinds.replace(/[if]/g, "").split("").keys()) {
      const launch = new TestLaunch(kernel);
      const [result, source] = [launch.pointers[0], launch.pointers[operand]];
      if (result.kind !== "w" || source.kind !== "r" || source.each !== result.each) continue;
      launch.fill(0, UNITS, 0);
      result.buffer = source.buffer;
      launch.run(0, UNITS);
      expect(launch.results()).toEqual(expected);
    }
  });
});
