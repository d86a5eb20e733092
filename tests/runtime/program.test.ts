// Random steps, run eagerly on one thread and as programs on two, cut into crumbs: always the same bits.
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { configure, engine, engineInfo } from "../../ts/runtime/engine.ts";
import { StateError } from "../../ts/runtime/errors.ts";
import { allocate, isRecording, launch, unrecorded } from "../../ts/runtime/launch.ts";
import type { Program } from "../../ts/runtime/program.ts";
import { record } from "../../ts/runtime/record.ts";
import { splitting } from "../../ts/runtime/splitting.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { scope } from "../../ts/tensor/scope.ts";
import { empty, type Tensor, unfilled } from "../../ts/tensor/tensor.ts";

const usual = { ...splitting };
const COLUMNS = 8;
const SIZES = [3, 90, 690];
const SMALLEST = SIZES[0] * COLUMNS;

beforeAll(async () => {
  configure({ threads: 2 });
  while (engineInfo().threads < 2) await new Promise((resolve) => setTimeout(resolve, 5));
});

afterEach(() => {
  Object.assign(splitting, usual);
});

/** One launch of a random step: what it computes, from which earlier values, at which of the sizes. */
interface RandomLaunch {
  readonly kind: "softmax" | "combine" | "map" | "add" | "repeat" | "average" | "update" | "drop" | "constant";
  readonly size: number;
  readonly a: number;
  readonly b: number;
}

const launches: fc.Arbitrary<RandomLaunch[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(
      ...(["softmax", "combine", "map", "map", "add", "add", "add", "repeat"] as const),
      ...(["average", "update", "drop", "drop", "constant"] as const),
    ),
    size: fc.nat(SIZES.length - 1),
    a: fc.nat(),
    b: fc.nat(),
  }),
  { minLength: 1, maxLength: 40 },
);

function numbers(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(seed + i * 1.7));
}

/** Runs a random step on values of each size; the first of a size is the input, the second lives outside the step. */
function runStep(step: readonly RandomLaunch[], values: Tensor[][]): Tensor[] {
  const constants = new Set<Tensor>();
  for (const { kind, size, a, b } of step) {
    const list = values[size];
    const units = SIZES[size];
    const x = list[a % list.length];
    const other = list[b % list.length];
    if (kind === "drop") {
      if (list.length > 3) list.splice(2 + (a % (list.length - 2)), 1)[0].dispose();
      continue;
    }
    if (kind === "average") {
      if (x !== other && !constants.has(x)) launch("running_average_f32", x.size, 1, x, other, 0.5);
      continue;
    }
    if (kind === "update") {
      // Written over in place, shifted by five numbers; constants must stay as they are.
      if (x === other || constants.has(x)) continue;
      launch(
        "view_write_u32",
        (units - 1) * COLUMNS,
        1,
        x,
        other,
        1,
        1,
        1,
        1,
        (units - 1) * COLUMNS,
        0,
        0,
        0,
        0,
        0,
        1,
        5,
      );
      continue;
    }
    if (kind === "constant") {
      const constant = unfilled(x.shape, "f32", numbers(x.size, b));
      constants.add(constant);
      list.push(constant);
      continue;
    }
    const y = empty(x.shape);
    if (kind === "softmax") launch("softmax_f32", units, 20, y, x, COLUMNS);
    else if (kind === "map") launch("sigmoid_f32", x.size, 1, y, x);
    else if (kind === "add") launch("accumulate_f32", x.size, 1, y, x, other);
    else if (kind === "repeat") launch("mul_f32", x.size, 1, y, x, values[0][0], 0, x.size / SMALLEST, SMALLEST, 3, 1);
    else launch("softmax_grad_f32", units, 20, y, x, other, COLUMNS);
    list.push(y);
  }
  return values.map((list) => list[list.length - 1]);
}

const bits = (x: Float32Array): string => Buffer.from(x.buffer, x.byteOffset, x.byteLength).toString("base64");

function read(program: Program, x: { buffer: Tensor["buffer"]; size: number }): string {
  const start = program.address(x.buffer) >>> 2;
  return bits(engine().memory.f32.slice(start, start + x.size));
}

describe("a program", () => {
  it("gives the bits of the eager step, however it is cut and on however many threads", () => {
    fc.assert(
      fc.property(launches, fc.constantFrom(5, 50, 400), fc.constantFrom(0, 200, 20_000), (step, chunk, parallel) => {
        scope(() => {
          const make = (seed: number): Tensor[] =>
            SIZES.map((n, i) => tensor(numbers(n * COLUMNS, seed + i), { shape: [n, COLUMNS] }));
          const variables = make(20);
          const restore = (): void => {
            for (const [i, x] of variables.entries()) x.view().set(numbers(x.size, 20 + i));
          };
          const start = (inputs: Tensor[]): Tensor[][] => inputs.map((x, i) => [x, variables[i]]);

          // As it is usually cut, all of it is too small to be handed out.
          Object.assign(splitting, usual);
          const eager = runStep(step, start(make(10))).map((y) => bits(y.data()));
          const updated = variables.map((x) => bits(x.data()));

          restore();
          Object.assign(splitting, { parallelNanoseconds: parallel, chunkNanoseconds: chunk, blockUnits: chunk });
          const inputs = make(10);
          const outputs = (result: Tensor[]) => result.map((y) => y.buffer);
          const [first, program] = record(outputs(inputs), () => runStep(step, start(inputs)), outputs);
          expect(first.map((y) => bits(y.data()))).toEqual(eager);
          expect(variables.map((x) => bits(x.data()))).toEqual(updated);

          // Memory that the recorded run gave back is written over before the program runs.
          const trash = Array.from({ length: 20 }, (_, i) => empty([64 << (i % 9)]));
          for (const x of trash) x.view().fill(Number.NaN);
          for (let run = 0; run < 3; run++) {
            restore();
            inputs.forEach((x, i) => {
              engine().memory.f32.set(numbers(x.size, 10 + i), program.address(x.buffer) >>> 2);
            });
            program.run();
            expect(first.map((y) => read(program, y))).toEqual(eager);
            expect(variables.map((x) => bits(x.data()))).toEqual(updated);
          }
          program.dispose();
        });
      }),
      { numRuns: 300 },
    );
    expect(engineInfo()).toMatchObject({ threads: 2, reason: undefined });
    expect(engineInfo().memory.inUse).toBeLessThan(4 * 1024 * 1024);
  }, 120_000);

  it("does nothing for a step that launches nothing", () => {
    const x = tensor([1, 2, 3]);
    const [, program] = record(
      [x.buffer],
      () => x,
      () => [x.buffer],
    );
    program.run();
    expect([program.launches, program.address(x.buffer)]).toEqual([0, expect.any(Number)]);
    program.dispose();
  });

  it("cannot run once it is disposed, and lets go of its memory then", () => {
    const { inUse } = engine().memory.report();
    const [y, program] = record(
      [],
      () => {
        const y = empty([100]);
        launch("fill_u32", 100, 1, y, 0);
        return y;
      },
      (y) => [y.buffer],
    );
    program.dispose();
    program.dispose();
    y.dispose();
    expect(() => program.run()).toThrow(StateError);
    expect(engine().memory.report().inUse).toBe(inUse);
  });

  it("keeps what it reads from outside, after everyone else has let go of it", () => {
    const constant = tensor([1, 2, 3, 4]);
    const { buffer } = constant;
    const [y, program] = record(
      [],
      () => {
        const y = empty([4]);
        launch("softmax_f32", 1, 1, y, constant, 4);
        return y;
      },
      (y) => [y.buffer],
    );
    const expected = bits(y.data());
    constant.dispose();
    expect(buffer.references).toBe(1);
    for (let i = 0; i < 50; i++) empty([4]).view().fill(9);
    program.run();
    expect(read(program, y)).toBe(expected);
    program.dispose();
    expect(buffer.references).toBe(0);
  });

  it("counts as an in-place update of what it changes outside", () => {
    const state = tensor(Int32Array.of(1, 2, 0, 0));
    const [, program] = record(
      [],
      () => launch("random_advance_i32", 1, 1, state),
      () => [],
    );
    const { version } = state.buffer;
    program.run();
    program.run();
    expect(state.buffer.version).toBe(version + 2);
    expect([...state.data()]).toEqual([1, 2, 3, 0]);
    program.dispose();
  });
});

describe("a recording", () => {
  it("ends where the step throws", () => {
    const fail = (): never => {
      throw new RangeError("no");
    };
    expect(() => record([], fail, () => [])).toThrow(RangeError);
    expect(isRecording()).toBe(false);
    expect(tensor([5]).item()).toBe(5);
  });

  it("refuses to update a constant, which would not be one at the next run", () => {
    const step = (): void => {
      const state = unfilled([4], "i32").write([1, 2, 3, 4]);
      launch("random_advance_i32", 1, 1, state);
    };
    expect(() => record([], step, () => [])).toThrow(StateError);
    step();
  });

  it("cannot be made inside another", () => {
    expect(() =>
      record(
        [],
        () =>
          record(
            [],
            () => 1,
            () => [],
          ),
        () => [],
      ),
    ).toThrow(StateError);
    expect(isRecording()).toBe(false);
  });

  it("has no part in what runs unrecorded", () => {
    const x = empty([10]);
    const [, program] = record(
      [],
      () => unrecorded(() => launch("fill_u32", 10, 1, x, 7)),
      () => [],
    );
    expect(program.launches).toBe(0);
    expect(new Int32Array(x.data().buffer)[9]).toBe(7);
    program.dispose();
  });
});

describe("launch", () => {
  it("runs nothing for zero units", () => {
    const x = tensor([1]);
    launch("fill_u32", 0, 1, x, 0);
    expect(x.item()).toBe(1);
  });

  it("computes every unit, however many chunks that makes", () => {
    Object.assign(splitting, { parallelNanoseconds: 0, chunkNanoseconds: 1 });
    for (const units of [1, 2, 63, 64, 65, 1000, 100_000]) {
      const y = empty([units]);
      y.view().fill(0);
      launch("fill_u32", units, 1, y, 0x3f800000);
      expect(y.data().every((v) => v === 1)).toBe(true);
      y.dispose();
    }
  });

  it("takes numbers beyond 2^31 as addresses and bits", () => {
    const y = empty([2]);
    launch("fill_u32", 2, 1, y, -1);
    expect([...new Uint32Array(y.data().buffer)]).toEqual([0xffffffff, 0xffffffff]);
  });

  it("keeps to the memory that allocate gave", () => {
    const buffer = allocate(100);
    expect([buffer.bytes, buffer.block.bytes, buffer.block.address % 64]).toEqual([100, 128, 0]);
    engine().memory.release(buffer);
  });
});
