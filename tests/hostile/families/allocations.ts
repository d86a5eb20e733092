// Allocations that fail one by one: the memory in use is what it was before, and what was tried, tried again, comes to the
// bits of a run that nothing disturbed.
import { gather } from "../../../ts/ops/gather.ts";
import { seed } from "../../../ts/ops/random.ts";
import { configure, engine } from "../../../ts/runtime/engine.ts";
import { OutOfMemoryError } from "../../../ts/runtime/errors.ts";
import { tensor } from "../../../ts/tensor/create.ts";
import { scope } from "../../../ts/tensor/scope.ts";
import { attempts } from "../harness/attempts.ts";
import { sameBits } from "../harness/bits.ts";
import { type Family, must } from "../harness/family.ts";
import { memoryIsBack } from "../harness/memory.ts";

/** Allocations of one attempt that fail in a case, each in a run of its own. */
const FAILURES = 6;

export const allocations: Family = {
  async begin() {
    configure({ threads: 1, deterministic: true });
    seed(1);
    // What the engine makes at first use stays.
    for (const name of ["dense: first step", "key-value cache"]) {
      const first = await attempts[name](0);
      await first.act();
      first.dispose();
    }
    scope(() => void gather(tensor([1]), tensor(new Int32Array(1))));
  },

  async run({ random, say }) {
    const name = random.pick(Object.keys(attempts));
    const key = random.whole(0, 1e6);
    say(`${name}, key ${key}`);
    const make = attempts[name];
    const clean = memoryIsBack({ exactly: true });
    const reference = await make(key);
    const [wanted, count] = await counted(() => reference.act());
    reference.dispose();
    clean(`after ${name}, undisturbed, the memory in use`);
    for (let i = 0; i < Math.min(FAILURES, count); i++) {
      const k = random.whole(1, count);
      const what = `${name}, allocation ${k} of ${count} failed`;
      const attempt = await make(key);
      const back = memoryIsBack({ exactly: true });
      const error = await failing(k, () => attempt.act());
      must(error instanceof OutOfMemoryError, `${what}: it must be an OutOfMemoryError, got ${error}`);
      if (!attempt.keeps) back(`${what}: the memory in use`);
      attempt.reset?.();
      sameBits(await attempt.act(), wanted, what);
      attempt.dispose();
      clean(`${what}, tried again and disposed: the memory in use`);
    }
  },
};

/** Runs `f`; `before` is called before each allocation. */
async function watched<T>(before: () => void, f: () => T | Promise<T>): Promise<T> {
  const { memory } = engine();
  const usual = memory.allocate;
  memory.allocate = (bytes) => {
    before();
    return usual.call(memory, bytes);
  };
  try {
    return await f();
  } finally {
    memory.allocate = usual;
  }
}

/** The result of `f`, and how many allocations it made. */
async function counted<T>(f: () => T | Promise<T>): Promise<[T, number]> {
  let count = 0;
  const result = await watched(() => void count++, f);
  return [result, count];
}

/** What `f` throws when its k-th allocation fails. */
async function failing(k: number, f: () => unknown): Promise<unknown> {
  let count = 0;
  const fail = (): void => {
    if (++count === k) throw new OutOfMemoryError(1, 0, 0);
  };
  try {
    await watched(fail, f);
  } catch (error) {
    return error;
  }
  return undefined;
}
