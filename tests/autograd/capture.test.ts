// The contract of capture: a replay is the eager step bit for bit, or an error; never a wrong result.
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { type Captured, capture } from "../../ts/autograd/capture.ts";
import { backward, grad, valueAndGrad } from "../../ts/autograd/grad.ts";
import { noGrad } from "../../ts/autograd/tape.ts";
import { batchNormalization } from "../../ts/layers/normalization.ts";
import { add, mul } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { relu } from "../../ts/ops/elementwise.ts";
import { reshape } from "../../ts/ops/layout.ts";
import { matmul } from "../../ts/ops/matmul.ts";
import { Generator, randomUniform } from "../../ts/ops/random.ts";
import { engine, memory } from "../../ts/runtime/engine.ts";
import { ArgumentError, OutOfMemoryError, StateError } from "../../ts/runtime/errors.ts";
import { profile } from "../../ts/runtime/profile.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { keep, scope } from "../../ts/tensor/scope.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { variable } from "../../ts/tensor/variable.ts";

const made: { dispose(): void }[] = [];

/** A captured step that is disposed of after the test. */
function captured<
  Args extends readonly unknown[],
  R extends AnyTensor | AnyTensor[] | Record<string, AnyTensor> | void,
>(step: (...args: Args) => R): Captured<Args, R> {
  const result = capture(step as (...args: readonly unknown[]) => R) as Captured<Args, R>;
  made.push(result);
  return result;
}

afterEach(() => {
  for (const step of made.splice(0)) step.dispose();
});

const values = (x: AnyTensor): number[] => [...x.data()];

describe("a captured step", () => {
  it("runs once and is replayed from then on", () => {
    let runs = 0;
    const step = captured((x: Tensor) => {
      runs++;
      return mul(add(x, 1), x);
    });
    for (const x of [
      [1, 2],
      [3, 4],
      [5, 6],
    ])
      expect(values(step(tensor(x)))).toEqual(x.map((v) => (v + 1) * v));
    expect([runs, step.recordings]).toEqual([1, 1]);
  });

  it("does not write over the results of earlier replays", () => {
    const step = captured((x: Tensor) => add(x, 1));
    const results = [1, 2, 3, 4].map((v) => step(tensor([v])));
    expect(results.map((y) => y.item())).toEqual([2, 3, 4, 5]);
  });

  it("does not change what it was given, nor share memory with it", () => {
    const step = captured((x: Tensor) => [x, reshape(x, [2, 1])]);
    for (let call = 0; call < 3; call++) {
      const x = tensor([1, 2]);
      const [same, column] = step(x);
      same.write([7, 8]);
      expect([values(x), values(column), column.shape]).toEqual([
        [1, 2],
        [1, 2],
        [2, 1],
      ]);
    }
  });

  it("returns lists and records as the step does, or nothing", () => {
    const step = captured((x: Tensor) => ({ twice: add(x, x), square: mul(x, x) }));
    for (let call = 0; call < 2; call++) {
      const { twice, square } = step(tensor([3]));
      expect([twice.item(), square.item()]).toEqual([6, 9]);
    }
    const silent = captured(() => {});
    expect([silent(), silent()]).toEqual([undefined, undefined]);
  });

  it("may be called while another is being recorded", () => {
    const inner = captured((x: Tensor) => add(x, 1));
    const outer = captured((x: Tensor) => mul(inner(x), 2));
    for (const x of [1, 2, 3]) expect(outer(tensor([x])).item()).toBe((x + 1) * 2);
    expect([inner.recordings, outer.recordings]).toEqual([0, 1]);
  });
});

describe("signatures", () => {
  it("make another program for another shape, dtype or plain value", () => {
    let runs = 0;
    const step = captured((x: AnyTensor, scale: unknown) => {
      runs++;
      return mul(x as Tensor, typeof scale === "number" ? scale : 10);
    });
    const calls: [AnyTensor, unknown][] = [
      [tensor([1, 2]), 2],
      [tensor([1, 2, 3]), 2],
      [tensor([[1, 2, 3]]), 2],
      [tensor(Int32Array.of(1, 2)), 2],
      [tensor([1, 2]), 3],
      [tensor([1, 2]), "2"],
      [tensor([1, 2]), true],
      [tensor([1, 2]), "true"],
      [tensor([1, 2]), null],
      [tensor([1, 2]), undefined],
      [tensor([1, 2]), 0],
      [tensor([1, 2]), -0],
    ];
    for (let round = 0; round < 2; round++) {
      for (const [x, scale] of calls) {
        const factor = typeof scale === "number" ? scale : 10;
        const y = step(x, scale);
        expect(y.shape).toEqual(x.shape);
        expect(values(y)).toEqual(values(x).map((v) => v * factor));
      }
    }
    expect([runs, step.recordings]).toEqual([calls.length, calls.length]);
  });

  it("are told apart when they take turns", () => {
    const step = captured((x: AnyTensor, scale?: number) => mul(x as Tensor, scale ?? 10));
    const [a, b] = [variable(tensor([5])), variable(tensor([6]))];
    const calls: [AnyTensor, number?][] = [
      [tensor([1, 2]), 2],
      [tensor([1, 2]), 3],
      [tensor([[1, 2]]), 3],
      [tensor(Int32Array.of(1, 2)), 3],
      [a, 3],
      [b, 3],
      [tensor([1, 2])],
      [tensor([1, 2]), 0],
      [tensor([1, 2]), -0],
    ];
    for (let round = 0; round < 3; round++) {
      for (const call of calls) {
        for (let repeat = 0; repeat < 2; repeat++) {
          const y = step(...call);
          expect([y.shape, y.dtype]).toEqual([call[0].shape, call[0].dtype]);
          expect(values(y)).toEqual(values(call[0]).map((v) => v * (call[1] ?? 10)));
        }
      }
    }
    expect(step.recordings).toBe(calls.length);
  });

  it("tell strings from what they look like", () => {
    const step = captured((a: string, b?: string) => tensor([a.length, b === undefined ? -1 : b.length]));
    expect(values(step('a"; "b'))).toEqual([6, -1]);
    expect(values(step("a", "b"))).toEqual([1, 1]);
  });

  it("are too many when something changes all the time", () => {
    const step = captured((x: Tensor, i: number) => add(x, i));
    const x = tensor([1]);
    for (let i = 0; i < 32; i++) step(x, i);
    expect(() => step(x, 32)).toThrow(
      /^capture: at most 32 signatures must be recorded, got one more: f32\[1\]; 32; pass what/,
    );
    expect(step(x, 5).item()).toBe(6);
    step.dispose();
    expect(step(x, 32).item()).toBe(33);
  });

  it("take each other's places where the oldest may go", () => {
    const step = capture((x: Tensor) => mul(x, 2), { replaceOldest: true });
    made.push(step);
    for (let round = 0; round < 2; round++) {
      for (let size = 1; size <= 40; size++) {
        expect(values(step(tensor(new Float32Array(size).fill(size))))).toEqual(new Array(size).fill(2 * size));
      }
    }
    expect(step.recordings).toBe(32);
  });

  it("are made of tensors and plain values only", () => {
    const step = captured((x: unknown) => tensor([typeof x === "object" ? 1 : 2]));
    const endless: unknown[] = [];
    endless.push(endless);
    for (const x of [new Date(), new Map(), () => 1, Symbol("x"), [() => 1], endless]) {
      expect(() => step(x)).toThrow(ArgumentError);
    }
  });
});

describe("lists and records of arguments", () => {
  it("are inputs as tensors are", () => {
    const step = captured(({ x, more }: { x: Tensor; more: readonly [Tensor, number] }) =>
      add(mul(x, more[0]), more[1]),
    );
    const call = (x: number, factor: number, more: number): number =>
      step({ x: tensor([x]), more: [tensor([factor]), more] }).item();
    expect([call(2, 3, 1), call(4, 5, 1), call(4, 5, 2)]).toEqual([7, 21, 22]);
    expect(step.recordings).toBe(2);
  });

  it("are told apart by how they are nested", () => {
    const count = (x: unknown): number => (Array.isArray(x) ? 1 + x.map(count).reduce((a, b) => a + b, 0) : 0);
    const step = captured((...args: unknown[]) => tensor([count(args)]));
    const x = tensor([1]);
    for (const args of [[x, x], [[x, x]], [[x], x], [[[x], x]]]) {
      for (let call = 0; call < 2; call++) expect(step(...args).item()).toBe(count(args));
    }
    expect(step.recordings).toBe(4);
  });
});

describe("variables that are frozen or freed", () => {
  it("are recorded anew", () => {
    const [v, other] = [variable(tensor([2])), variable(tensor([5]))];
    const step = captured((x: Tensor) => grad((_v: Tensor) => sum(mul(mul(v, v), x)))(v.trainable ? v : other));
    const call = (): number => step(tensor([3])).item();
    expect([call(), call()]).toEqual([12, 12]);
    v.trainable = false;
    expect([call(), call()]).toEqual([0, 0]);
    v.trainable = true;
    expect(call()).toBe(12);
    // One that the step does not use changes nothing.
    variable(tensor([1])).trainable = false;
    expect(call()).toBe(12);
    expect(step.recordings).toBe(1);
  });

  it("layers too, that have statistics and no weights to train", () => {
    const normalization = batchNormalization({ scale: false, center: false });
    const step = captured((x: Tensor) => normalization.apply(x, { training: true }));
    const x = tensor([[1], [5]]);
    const mean = (): number => (normalization.weights[0] as Tensor).item();
    step(x);
    const moved = mean();
    normalization.trainable = false;
    step(x);
    expect(mean()).toBe(moved);
    normalization.trainable = true;
    step(x);
    expect(mean()).toBeGreaterThan(moved);
  });
});

describe("inside a captured step", () => {
  it.each<[string, (x: Tensor) => unknown]>([
    ["data", (x) => x.data()],
    ["item", (x) => x.item()],
    ["array", (x) => x.array()],
    ["toString", (x) => String(x)],
  ])("%s is an error, and the next recording is not disturbed by it", (_name, read) => {
    let reads = true;
    const step = captured((x: Tensor) => {
      if (reads) read(x);
      return add(x, 1);
    });
    expect(() => step(tensor([1]))).toThrow(StateError);
    expect(step.recordings).toBe(0);
    reads = false;
    for (const x of [1, 2]) expect(step(tensor([x])).item()).toBe(x + 1);
  });

  it.each<[string, (x: Tensor) => unknown]>([
    ["variables are made", () => variable(tensor([1]))],
    ["generators are made", () => new Generator(1)],
    ["results are written over", (x) => add(x, 1).write([9])],
    ["new tensors are written over", () => tensor([1]).write([9])],
    ["tensors are kept", (x) => keep(add(x, 1))],
    ["gradients are left in variables", () => backward(sum(variable(tensor([1]))))],
  ])("%s: an error, since replays would not", (_what, act) => {
    const step = captured((x: Tensor) => {
      act(x);
      return add(x, 1);
    });
    for (let call = 0; call < 2; call++) expect(() => step(tensor([1]))).toThrow(StateError);
  });

  it("values cannot be written from JavaScript over others, as no replay would", () => {
    const weight = variable(tensor([1]));
    const step = captured(() => {
      weight.assign([2]);
      return add(weight, 1);
    });
    expect(() => step()).toThrow("write: no values may be read, written or kept inside a captured step");
    expect(weight.item()).toBe(1);
  });

  it("backward is an error: gradients would outlive it", () => {
    const weight = variable(tensor([1]));
    const step = captured(() => backward(sum(mul(weight, weight))));
    expect(() => step()).toThrow(StateError);
    expect(() => step()).toThrow("valueAndGrad");
  });

  it("results that are no tensors are an error", () => {
    for (const result of [5, "loss", null, [tensor([1]), 5]]) {
      const step = captured((() => result) as unknown as () => Tensor);
      expect(() => step()).toThrow(ArgumentError);
      expect(step.recordings).toBe(0);
    }
  });

  it("an error of the step is the caller's, and leaves nothing behind", () => {
    const x = tensor([1, 2, 3]);
    const { buffers } = memory.report();
    const step = captured((x: Tensor) => {
      mul(x, 2);
      throw new RangeError("no");
    });
    expect(() => step(x)).toThrow(RangeError);
    expect(memory.report().buffers).toBe(buffers);
  });

  it("constants made in inner scopes stay alive for the replays", () => {
    const step = captured((x: Tensor) => {
      const y = scope(() => mul(x, tensor([3, 5])));
      return scope(() => add(y, tensor([10, 20])));
    });
    for (let call = 0; call < 3; call++) {
      expect(values(step(tensor([1, 2])))).toEqual([13, 30]);
      // Whatever was freed is written over.
      scope(() => {
        for (let i = 0; i < 100; i++) tensor([Number.NaN, Number.NaN]);
      });
    }
  });

  it("gradients are computed as outside", () => {
    const weight = variable(tensor([2, -3]));
    const loss = (x: Tensor): Tensor => sum(mul(relu(mul(weight, x)), tensor([1, 10])));
    const step = captured((x: Tensor) => {
      const [value, [gradient]] = valueAndGrad((_weights: readonly Tensor[], x: Tensor) => loss(x))([weight], x);
      return [value, gradient];
    });
    for (const x of [
      [1, 1],
      [2, -1],
      [-1, -2],
    ]) {
      const [value, gradient] = step(tensor(x));
      const active = [2 * x[0] > 0 ? 1 : 0, -3 * x[1] > 0 ? 1 : 0];
      expect(value.item()).toBe(active[0] * 2 * x[0] + active[1] * 10 * -3 * x[1]);
      expect(values(gradient).map((v) => v + 0)).toEqual([active[0] * x[0], active[1] * 10 * x[1]].map((v) => v + 0));
    }
  });
});

describe("variables", () => {
  it("are updated in place, at the first call and at each replay", () => {
    const count = variable(tensor([0, 100]));
    const step = captured((x: Tensor) => {
      count.assign(add(count, x));
      return mul(count, 2);
    });
    for (let call = 1; call <= 4; call++) {
      expect(values(step(tensor([1, 10])))).toEqual([2 * call, 200 + 20 * call]);
      expect(values(count)).toEqual([call, 100 + 10 * call]);
    }
    // What was returned is a value, not the variable.
    const self = captured(() => count);
    const [before, replayed] = [self(), self()];
    count.assign([5, 5]);
    expect([values(before), values(replayed), values(self())]).toEqual([
      [4, 140],
      [4, 140],
      [5, 5],
    ]);
  });

  it("of every dtype are assigned to", () => {
    const flags = variable(tensor([true, false, true]), { trainable: false });
    const bytes = variable(tensor(Uint8Array.of(1, 2, 3, 4, 5)), { trainable: false });
    const integers = variable(tensor(Int32Array.of(1, -2)), { trainable: false });
    const step = captured((a: Tensor<"bool">, b: Tensor<"u8">, c: Tensor<"i32">) => {
      flags.assign(a);
      bytes.assign(b);
      integers.assign(c);
    });
    step(tensor([false, true, true]), tensor(Uint8Array.of(5, 4, 3, 2, 1)), tensor(Int32Array.of(7, 8)));
    step(tensor([false, false, true]), tensor(Uint8Array.of(9, 4, 3, 2, 9)), tensor(Int32Array.of(-7, 8)));
    expect([flags.array(), values(bytes), values(integers)]).toEqual([
      [false, false, true],
      [9, 4, 3, 2, 9],
      [-7, 8],
    ]);
  });

  it("given as arguments are used where they are, each by a program of its own", () => {
    const step = captured((weight: Tensor, x: Tensor) => {
      (weight as ReturnType<typeof variable>).assign(add(weight, x));
    });
    const [a, b] = [variable(tensor([0])), variable(tensor([100]))];
    for (let call = 0; call < 3; call++) {
      step(a, tensor([1]));
      step(b, tensor([2]));
    }
    expect([a.item(), b.item(), step.recordings]).toEqual([3, 106, 2]);
  });

  it("are packed anew when they have changed, by whomever", () => {
    const weights = variable(randomUniform([40, 24]));
    const x = randomUniform([200, 40]);
    const product = captured((x: Tensor) => matmul(x, weights));
    const halve = captured(() => {
      weights.assign(mul(weights, 0.5));
    });
    const check = (): void => expect(values(product(x))).toEqual(values(matmul(x, weights)));
    for (let call = 0; call < 3; call++) check();
    weights.assign(randomUniform([40, 24]));
    check();
    for (let call = 0; call < 3; call++) {
      halve();
      check();
    }
    const { rows } = profile(() => product(x));
    expect(rows.map(({ kernel }) => kernel)).toEqual(["matmul_f32"]);
    weights.assign(randomUniform([40, 24]));
    expect(profile(() => product(x)).rows.map(({ kernel }) => kernel)).toContain("matmul_pack_f32");
  });

  it("that were freed by somebody else are an error, as in an eager step, and not what lies there now", () => {
    const weight = variable(tensor([3]));
    const step = captured((x: Tensor) => mul(x, weight));
    step(tensor([1]));
    weight.dispose();
    for (let i = 0; i < 50; i++) tensor([Number.NaN]);
    expect(() => step(tensor([5]))).toThrow(StateError);
  });

  it("that gradients would use are seen to have changed", () => {
    const weight = variable(tensor([3]));
    const step = captured(() => weight.assign(add(weight, 1)) && undefined);
    step();
    const update = (): Tensor => {
      const y = mul(weight, weight);
      step();
      return sum(y);
    };
    expect(() => grad((_weights: readonly Tensor[]) => update())([weight])).toThrow(StateError);
  });
});

describe("gradients", () => {
  it("do not pass through a captured step, and nobody is left to believe so", () => {
    const weight = variable(tensor([3]));
    const step = captured((x: Tensor) => mul(x, x));
    for (let call = 0; call < 2; call++) {
      expect(() => step(mul(weight, 2))).toThrow(
        "capture: gradients must be taken inside the step, got a tracked tensor",
      );
      expect(noGrad(() => step(mul(weight, 2))).item()).toBe(36);
    }
    const loss = captured(() => sum(mul(weight, weight)));
    for (let call = 0; call < 2; call++) expect(() => backward(loss())).toThrow(StateError);
  });
});

describe("random numbers", () => {
  it("are drawn anew at each replay, as an eager step would draw them", () => {
    const draw = (generator: Generator) => (): Tensor => randomUniform([3, 7], { generator });
    const eager = draw(new Generator(5));
    const step = captured(draw(new Generator(5)));
    for (let call = 0; call < 4; call++) expect(values(step())).toEqual(values(eager()));
  });

  it("may come from the default generator, even if that was never used before", () => {
    const step = captured(() => randomUniform([8]));
    expect(values(step())).not.toEqual(values(step()));
  });
});

describe("disposal", () => {
  it("gives all memory back, and the step records anew afterwards", () => {
    const step = captured((x: Tensor) => mul(add(x, 1), x));
    const x = tensor([1, 2, 3]);
    const { buffers, inUse } = memory.report();
    const results = [step(x), step(x), step(tensor([[1]]))];
    step.dispose();
    expect(step.recordings).toBe(0);
    expect(values(results[1])).toEqual([2, 6, 12]);
    for (const y of results) y.dispose();
    // The second input is not disposed of.
    expect(memory.report()).toMatchObject({ buffers: buffers + 1, inUse: inUse + 64 });
    expect(values(step(x))).toEqual([2, 6, 12]);
  });

  it("of an argument is an error at any call", () => {
    const step = captured((x: Tensor) => add(x, 1));
    const gone = tensor([1]);
    gone.dispose();
    expect(() => step(gone)).toThrow(StateError);
    step(tensor([1]));
    expect(() => step(gone)).toThrow(StateError);
    expect(step(tensor([4])).item()).toBe(5);
  });

  it("that runs out at any allocation is as if the step had not been called, recorded or replayed", () => {
    const { memory: linear } = engine();
    const { allocate } = linear;
    onTestFinished(() => void (linear.allocate = allocate));
    const weight = variable(tensor([1, 2]));
    const input = tensor([10, 20]);
    const step = captured((x: Tensor) => {
      weight.assign(add(weight, x));
      return { weight, sum: sum(weight), input: x };
    });
    for (const sums of [33, 63, 93]) {
      const before = [weight.data(), memory.report()];
      let failed = true;
      for (let k = 1; failed; k++) {
        let count = 0;
        linear.allocate = (bytes) => {
          if (++count === k) throw new OutOfMemoryError(bytes, 0, 0);
          return allocate.call(linear, bytes);
        };
        try {
          const result = step(input);
          failed = false;
          expect(result.sum.item()).toBe(sums);
          for (const x of Object.values(result)) x.dispose();
        } catch (error) {
          expect(error).toBeInstanceOf(OutOfMemoryError);
          expect([weight.data(), memory.report()]).toEqual(before);
        }
      }
      linear.allocate = allocate;
    }
  });

  it("keeps memory constant over thousands of replays", () => {
    const weight = variable(tensor(new Float32Array(1000)));
    const step = captured((x: Tensor) => {
      weight.assign(add(weight, x));
      return sum(weight);
    });
    const x = tensor(new Float32Array(1000).fill(1));
    step(x).dispose();
    const { inUse, buffers, reserved } = memory.report();
    for (let call = 0; call < 2000; call++) step(x).dispose();
    expect(memory.report()).toMatchObject({ inUse, buffers, reserved });
    expect(weight.data()[999]).toBe(2001);
  });
});
