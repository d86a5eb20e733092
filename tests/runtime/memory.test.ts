// The linear memory: growth, its end, reuse of small buffers, collection of forgotten ones, the report.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ArgumentError, OutOfMemoryError } from "../../ts/runtime/errors.ts";
import { checkMaximum, FIRST_BYTE, LinearMemory } from "../../ts/runtime/memory.ts";
import type { Buffer } from "../../ts/runtime/operand.ts";

const MB = 1024 * 1024;

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("LinearMemory", () => {
  it("grows in steps of 16 MiB, or by as much as one buffer needs", () => {
    const memory = new LinearMemory(256 * MB);
    expect(memory.report()).toMatchObject({ inUse: 0, reserved: 16 * MB, maximum: 256 * MB, buffers: 0 });
    const first = memory.allocate(10 * MB);
    const second = memory.allocate(10 * MB);
    expect(memory.report()).toMatchObject({ inUse: 20 * MB, reserved: 32 * MB, buffers: 2 });
    memory.allocate(100 * MB);
    expect(memory.report().reserved).toBeLessThanOrEqual(136 * MB);
    memory.release(first);
    memory.release(second);
    expect(memory.report()).toMatchObject({ inUse: 100 * MB, buffers: 1 });
    expect(memory.bytes.length).toBe(memory.report().reserved);
    expect([memory.f32.length, memory.i32.length]).toEqual([memory.bytes.length / 4, memory.bytes.length / 4]);
  });

  it("says how much is missing when it is full, and works on after it", () => {
    const memory = new LinearMemory(64 * MB);
    const held = [memory.allocate(20 * MB), memory.allocate(20 * MB)];
    let caught: unknown;
    try {
      memory.allocate(30 * MB);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(OutOfMemoryError);
    expect(caught).toMatchObject({ requested: 30 * MB, inUse: 40 * MB, maximum: 64 * MB });
    expect((caught as Error).message).toBe(
      "allocate: the request must fit in the engine's memory, got 31457280 bytes with 41943040 of 67108864 in use: " +
        "2 buffers, most of them made so: 2 by copying with 40 MiB; run each step in scope(() => ...), which frees what " +
        "it made, dispose tensors, raise configure({ memory }), or use smaller batches",
    );
    expect(memory.report().buffers).toBe(2);
    memory.release(held[1]);
    memory.release(memory.allocate(43 * MB));
    expect(() => memory.allocate(2 ** 40)).toThrow(OutOfMemoryError);
    expect(memory.report()).toMatchObject({ inUse: 20 * MB, buffers: 1 });
  });

  it("makes small buffers of spare ones first, and gives those up before it is full", () => {
    const memory = new LinearMemory(64 * MB);
    const buffer = memory.allocate(1000);
    const { address } = buffer.block;
    memory.release(buffer);
    const again = memory.allocate(990);
    expect([again.block.address, again.bytes, again.references]).toEqual([address, 990, 1]);
    memory.release(again);
    // Spare buffers of many sizes lie all over the memory; in the end it is one piece again.
    const small: Buffer[] = [];
    for (let bytes = 64; bytes <= 65536; bytes += 640) for (let i = 0; i < 8; i++) small.push(memory.allocate(bytes));
    for (const spare of small) memory.release(spare);
    expect(memory.report()).toMatchObject({ inUse: 0, buffers: 0 });
    expect(memory.allocate(64 * MB - FIRST_BYTE).bytes).toBe(64 * MB - FIRST_BYTE);
  });

  it("never hands out again a buffer that stands for a value of a program", () => {
    const memory = new LinearMemory(64 * MB);
    const buffer = memory.allocate(64);
    buffer.reusable = false;
    memory.release(buffer);
    expect(memory.allocate(64)).not.toBe(buffer);
  });

  it("frees a buffer with its last holder", () => {
    const memory = new LinearMemory(64 * MB);
    const buffer = memory.allocate(MB);
    buffer.references++;
    memory.release(buffer);
    expect(memory.report().inUse).toBe(MB);
    memory.release(buffer);
    expect(memory.report().inUse).toBe(0);
  });

  it("frees what was forgotten when it is collected", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const memory = new LinearMemory(64 * MB);
    for (let i = 0; i < 100; i++) memory.allocate(100_000 + i);
    const kept = memory.allocate(MB);
    for (let i = 0; i < 100 && memory.report().buffers > 1; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(memory.report()).toMatchObject({ buffers: 1, inUse: kept.block.bytes });
  });

  it("has garbage collected before it is full, although JavaScript's own heap stays small", async () => {
    const memory = new LinearMemory(512 * MB);
    for (let i = 0; i < 3000; i++) {
      memory.allocate(MB);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(memory.report().peak).toBeLessThan(512 * MB);
  });

  it("takes nothing more from JavaScript where memory is freed by hand", () => {
    const memory = new LinearMemory(512 * MB);
    const use = (): void => {
      const buffers = Array.from({ length: 300 }, () => memory.allocate(MB));
      for (const buffer of buffers) memory.release(buffer);
    };
    use();
    const made = vi.fn(ArrayBuffer);
    vi.stubGlobal("ArrayBuffer", made);
    for (let i = 0; i < 20; i++) use();
    expect(made).not.toHaveBeenCalled();
  });

  it("works where the runtime has no addresses for ballast", () => {
    vi.stubGlobal("ArrayBuffer", function refuse(): never {
      throw new RangeError("Array buffer allocation failed");
    });
    const memory = new LinearMemory(512 * MB);
    for (let i = 0; i < 3; i++) memory.allocate(100 * MB);
    expect(memory.report().buffers).toBe(3);
  });

  it("knows the most that was in use at once", () => {
    const memory = new LinearMemory(64 * MB);
    const small = memory.allocate(1000);
    memory.release(memory.allocate(2 * MB));
    expect(memory.report()).toMatchObject({ inUse: 1024, peak: 2 * MB + 1024 });
    memory.resetPeak();
    memory.release(small);
    memory.allocate(500);
    expect(memory.report().peak).toBe(1024);
  });

  it("reports where buffers were made, while tracing", () => {
    const memory = new LinearMemory(64 * MB);
    const before = memory.allocate(64);
    memory.trace(true);
    const traced = [1, 2, 3].map(() => memory.allocate(6400));
    const { lines } = memory.report();
    expect(lines).toEqual([{ origin: expect.stringContaining("memory.test.ts"), count: 3, bytes: 19200 }]);
    for (const buffer of [before, ...traced]) memory.release(buffer);
    memory.trace(false);
    memory.allocate(6400);
    expect(memory.report().lines).toEqual([]);
  });

  it("asks for half as much where the runtime refuses", () => {
    const { Memory } = WebAssembly;
    const asked: number[] = [];
    class Frugal extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        asked.push((descriptor.maximum ?? 0) / 16);
        if ((descriptor.maximum ?? 0) > 3000) throw new RangeError("could not allocate memory");
        super(descriptor);
      }
    }
    vi.stubGlobal("WebAssembly", { ...WebAssembly, Memory: Frugal });
    expect(new LinearMemory(1024 * MB).maximum).toBe(128 * MB);
    expect(asked).toEqual([1024, 512, 256, 128]);
  });

  it("passes on the runtime's error where it refuses the least", () => {
    const Memory = function refuse(): never {
      throw new RangeError("could not allocate memory");
    };
    vi.stubGlobal("WebAssembly", { ...WebAssembly, Memory });
    expect(() => new LinearMemory(1024 * MB)).toThrow("could not allocate memory");
  });

  it("turns a refused growth into an OutOfMemoryError", () => {
    const memory = new LinearMemory(256 * MB);
    const grow = vi.spyOn(memory.memory, "grow").mockImplementation(() => {
      throw new RangeError("Maximum memory size exceeded");
    });
    expect(() => memory.allocate(20 * MB)).toThrow(OutOfMemoryError);
    grow.mockRestore();
    expect(memory.allocate(20 * MB).bytes).toBe(20 * MB);
  });

  it("reaches beyond 2 GiB", () => {
    const memory = new LinearMemory(4096 * MB);
    memory.allocate(2048 * MB);
    const high = memory.allocate(64);
    expect(high.block.address).toBeGreaterThanOrEqual(2 ** 31);
    memory.f32[high.block.address >>> 2] = 5;
    expect(memory.f32[high.block.address / 4]).toBe(5);
  });
});

describe("checkMaximum", () => {
  it.each([0, -1, Number.NaN, 64 * MB - 1, 4096 * MB + 1, Number.POSITIVE_INFINITY])("refuses %d", (bytes) => {
    expect(() => checkMaximum(bytes)).toThrow(ArgumentError);
  });
});
