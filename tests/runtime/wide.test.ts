// The 256-bit mode: where it is refused, when it is kept, and that its tile gives the bits of the narrow one.
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { valueAndGrad } from "../../ts/autograd/grad.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { conv2d } from "../../ts/ops/conv.ts";
import { square } from "../../ts/ops/elementwise.ts";
import { linear, matmul } from "../../ts/ops/matmul.ts";
import { configure, engine } from "../../ts/runtime/engine.ts";
import { type Core, type LoadedCore, loadCore } from "../../ts/runtime/kernels.ts";
import { spawning, ThreadPool } from "../../ts/runtime/threads.ts";
import { machine, refuseWide, tryWide } from "../../ts/runtime/wide.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { scope } from "../../ts/tensor/scope.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";

// Where the runtime has the mode, the tiles below are compiled by it.
configure({ threads: 1, wide: true });
const { core, memory } = engine();
const usual = { ...machine };
afterAll(() => core.set_wide(false));

describe("the runtimes that are refused", () => {
  it.each(["node 20.20.2", "node 22.4.0", "deno 2.9.0", "bun 1.4.0", "browser", "unknown"])(
    "are told: %s",
    (runtime) => {
      expect(refuseWide(runtime)).toBe(`256 bits need Node 24 or later, this is ${runtime}`);
    },
  );

  it.each(["node 24.0.0", "node 26.10.0", "node 100.1.0"])("do not include %s", (runtime) => {
    expect(refuseWide(runtime)).toBeUndefined();
  });
});

describe("a trial", () => {
  /** Cores whose products take the time of `pace` on a clock of their own, the second also changing what `damage` does. */
  function trial(pace: { plain: number; paired: number }, damage = (_result: number): void => undefined) {
    let time = 0;
    const real = loadCore(memory.memory, true);
    const made = (milliseconds: number, isPaired: boolean): LoadedCore & { modes: boolean[] } => {
      const modes: boolean[] = [];
      const fake: Core = {
        ...real.core,
        set_wide: (on) => modes.push(on),
        matmul_f32: (...values) => {
          real.core.matmul_f32(...values);
          time += milliseconds;
          if (isPaired) damage(values[0]);
        },
      };
      return { ...real, core: fake, modes };
    };
    const plain = made(pace.plain, false);
    const paired = made(pace.paired, true);
    const scratch = memory.allocate(512 * 1024);
    const { buffers } = memory.report();
    const flags: boolean[] = [];
    machine.now = () => time;
    machine.pairVectors = (on) => flags.push(on);
    const { loaded, mode } = tryWide(plain, () => paired, memory, scratch.block.address);
    Object.assign(machine, usual);
    expect(memory.report().buffers).toBe(buffers);
    memory.release(scratch);
    return { kept: loaded === paired, flags, modes: [...plain.modes, ...paired.modes], ...mode };
  }

  it("keeps what is faster", () => {
    expect(trial({ plain: 1.7, paired: 1 })).toEqual({
      kept: true,
      flags: [true, false],
      modes: [true],
      on: true,
      reason: "256 bits ran 1.70 times as fast as 128 bits",
    });
  });

  it.each([
    [{ plain: 1, paired: 1.5 }, "256 bits ran 0.67 times as fast as 128 bits"],
    [{ plain: 1.1, paired: 1 }, "256 bits ran 1.10 times as fast as 128 bits"],
  ])("leaves what is not: %j", (pace, reason) => {
    expect(trial(pace)).toMatchObject({ kept: false, flags: [true, false], on: false, reason });
  });

  it("leaves what computes other numbers, however fast", () => {
    const lastBit = (result: number): void => {
      memory.i32[(result >>> 2) + 2303] ^= 1;
    };
    const reason = "256 bits gave other numbers than 128 bits";
    expect(trial({ plain: 10, paired: 1 }, lastBit)).toMatchObject({
      kept: false,
      flags: [true, false],
      on: false,
      reason,
    });
  });
});

describe("a worker", () => {
  it.each([true, false])("is told whether to use the wide tile: %s", (wide) => {
    const messages: unknown[] = [];
    const make = spawning.make;
    spawning.make = () => ({ postMessage: (message) => messages.push(message), terminate: () => undefined });
    const { module } = loadCore(memory.memory, true);
    const pool = new ThreadPool(memory, core, module, 2, wide);
    pool.start();
    pool.stop();
    spawning.make = make;
    expect(messages).toEqual([expect.objectContaining({ wide })]);
  });
});

describe("the tile of 16 columns", () => {
  let seed = 1;
  const random = (shape: number[]): Tensor => {
    const size = shape.reduce((x, y) => x * y, 1);
    return tensor(
      Float32Array.from({ length: size }, () => {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        return seed / 2 ** 31 - 1;
      }),
      { shape },
    );
  };
  /** The bits of what `compute` returns, with either tile. */
  const both = (compute: () => Tensor[]): [narrow: number[][], wide: number[][]] => {
    const bits = (wide: boolean): number[][] => {
      core.set_wide(wide);
      return compute().map((result) => [...new Int32Array(result.data().slice().buffer)]);
    };
    return [bits(false), bits(true)];
  };
  const size = (largest: number) => fc.integer({ min: 1, max: largest });

  it("gives products the same bits, for any sizes, strides and ends", () => {
    const options = fc.record({ transposeA: fc.boolean(), transposeB: fc.boolean() });
    fc.assert(
      fc.property(size(40), size(150), size(600), options, (m, n, k, { transposeA, transposeB }) => {
        scope(() => {
          const a = random(transposeA ? [k, m] : [m, k]);
          const b = random(transposeB ? [n, k] : [k, n]);
          const [narrow, wide] = both(() => [matmul(a, b, { transposeA, transposeB })]);
          expect(wide).toEqual(narrow);
        });
      }),
      { numRuns: 60 },
    );
  });

  it("starts from the bias and ends with the activation", () => {
    fc.assert(
      fc.property(size(20), size(100), size(300), (m, n, k) => {
        scope(() => {
          const [x, weights, bias] = [random([m, k]), random([k, n]), random([n])];
          const [narrow, wide] = both(() => [linear(x, weights, bias, { activation: "relu" })]);
          expect(wide).toEqual(narrow);
        });
      }),
      { numRuns: 40 },
    );
  });

  it("gives convolutions and their gradients the same bits", () => {
    const shapes = fc.record({
      batch: size(5),
      height: fc.integer({ min: 3, max: 9 }),
      channels: fc.constantFrom(3, 8, 17, 32),
      outputs: fc.constantFrom(8, 16, 24, 40, 57),
      stride: size(2),
      padding: fc.constantFrom("same" as const, "valid" as const),
    });
    fc.assert(
      fc.property(shapes, ({ batch, height, channels, outputs, stride, padding }) => {
        scope(() => {
          const x = random([batch, height, height + 1, channels]);
          const filters = random([3, 3, channels, outputs]);
          const step = valueAndGrad((inputs: Tensor[]) => {
            const y = conv2d(inputs[0], inputs[1], undefined, { strides: stride, padding });
            return sum(square(y));
          });
          const [narrow, wide] = both(() => {
            const [loss, gradients] = step([x, filters]);
            return [loss, ...gradients];
          });
          expect(wide).toEqual(narrow);
        });
      }),
      { numRuns: 30 },
    );
  });
});
