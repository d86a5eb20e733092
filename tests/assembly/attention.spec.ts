// Attention and its gradients against the sums written down in f64, whatever is seen and however it is cut into blocks;
// rotations; rows of a cache.
import * as kernels from "../../assembly/attention";
import { Buffer, bytes, check, f32At, floats, Launch } from "./launch";

const BATCH: i32 = 2;
const ALL: i32 = 1 << 30;

/** What a head's queries see. */
class Sight {
  before: i32 = ALL;
  after: i32 = ALL;
  globals: i32 = 0;
  position: i32 = 0;
  /** 0 no mask, 1 bytes, 2 numbers; of one row for all queries where `shared`. */
  mask: i32 = 0;
  shared: bool = false;
}

class AttentionLaunch extends Launch {
  blockQueries: i32 = 4;
  blockKeys: i32 = 8;

  constructor(
    public queries: i32, public keys: i32, public heads: i32, public keyHeads: i32, public dim: i32,
    public valueDim: i32, public sight: Sight,
  ) {
    super();
    this.units = BATCH * heads * ((queries + 3) / 4);
    this.reads(floats(BATCH * queries * heads * dim, 1));
    this.reads(floats(BATCH * keys * keyHeads * dim, 2));
    this.reads(floats(BATCH * keys * keyHeads * valueDim, 3));
    const maskSize = BATCH * (sight.shared ? 1 : heads * queries) * keys;
    this.reads(sight.mask == 1 ? bytes(maskSize, 2, 5) : floats(maskSize, 5));
    const position = new Buffer(4);
    store<i32>(position.pointer, sight.position);
    this.reads(position);
    this.writes(BATCH * queries * heads * valueDim * 4);
    this.writes(BATCH * queries * heads * 4);
    this.writes(BATCH * queries * heads * 4);
  }

  get maskBatch(): i32 { return (this.sight.shared ? 1 : this.heads * this.queries) * this.keys; }
  get maskHead(): i32 { return this.sight.shared ? 0 : this.queries * this.keys; }
  get maskRow(): i32 { return this.sight.shared ? 0 : this.keys; }
  get allowed(): usize { return this.sight.mask == 1 ? this.x(3) : 0; }
  get bias(): usize { return this.sight.mask == 2 ? this.x(3) : 0; }

  run(begin: i32, end: i32): void {
    const sight = this.sight;
    kernels.attention_f32(
      this.y(0), this.y(1), this.y(2), this.x(0), this.x(1), this.x(2), this.x(4), this.allowed, this.bias,
      this.maskBatch, this.maskHead, this.maskRow, this.queries, this.keys, this.heads, this.keyHeads, this.dim,
      this.valueDim, 0.5, sight.before, sight.after, sight.globals, this.blockQueries, this.blockKeys, this.scratch,
      begin, end,
    );
  }

  /** Whether the query sees the key. */
  sees(batch: i32, head: i32, query: i32, key: i32): bool {
    const sight = this.sight;
    const at = sight.position + query;
    if (sight.after == 0 && key > at) return false;
    const mask = batch * this.maskBatch + head * this.maskHead + query * this.maskRow + key;
    if (sight.mask == 1 && load<u8>(this.x(3) + mask) == 0) return false;
    if (at < sight.globals || key < sight.globals) return true;
    return key >= at - sight.before && key - at <= sight.after;
  }

  q(batch: i32, query: i32, head: i32, i: i32): f64 {
    return f32At(this.inputs[0], ((batch * this.queries + query) * this.heads + head) * this.dim + i);
  }

  /** A number of k (which = 1) or v (2) for a query head. */
  kv(which: i32, batch: i32, key: i32, head: i32, i: i32): f64 {
    const keyHead = head / (this.heads / this.keyHeads);
    const numbers = which == 1 ? this.dim : this.valueDim;
    return f32At(this.inputs[which], ((batch * this.keys + key) * this.keyHeads + keyHead) * numbers + i);
  }

  /** The probabilities of a query's keys. */
  probabilities(batch: i32, head: i32, query: i32): Float64Array {
    const p = new Float64Array(this.keys).fill(-Infinity);
    let peak: f64 = -Infinity;
    for (let key = 0; key < this.keys; key++) {
      if (!this.sees(batch, head, query, key)) continue;
      let score: f64 = 0;
      for (let i = 0; i < this.dim; i++) score += this.q(batch, query, head, i) * this.kv(1, batch, key, head, i);
      const mask = batch * this.maskBatch + head * this.maskHead + query * this.maskRow + key;
      p[key] = 0.5 * score + (this.sight.mask == 2 ? f32At(this.inputs[3], mask) : 0);
      peak = max(peak, p[key]);
    }
    let sum: f64 = 0;
    for (let key = 0; key < this.keys; key++) {
      p[key] = peak == -Infinity ? 0 : Math.exp(p[key] - peak);
      sum += p[key];
    }
    if (sum > 0) for (let key = 0; key < this.keys; key++) p[key] /= sum;
    return p;
  }

  /** The largest difference from the sums written down. */
  get error(): f64 {
    this.run(0, this.units);
    let worst: f64 = 0;
    for (let batch = 0; batch < BATCH; batch++) for (let head = 0; head < this.heads; head++) {
      for (let query = 0; query < this.queries; query++) {
        const p = this.probabilities(batch, head, query);
        for (let i = 0; i < this.valueDim; i++) {
          let sum: f64 = 0;
          for (let key = 0; key < this.keys; key++) sum += p[key] * this.kv(2, batch, key, head, i);
          const at = ((batch * this.queries + query) * this.heads + head) * this.valueDim + i;
          const error = abs(<f64>f32At(this.outputs[0], at) - sum);
          worst = error > worst || error != error ? error : worst;
        }
      }
    }
    return worst;
  }
}

/** The gradients, given those of an attention's results. */
class GradientLaunch extends Launch {
  forward: AttentionLaunch;

  constructor(forward: AttentionLaunch) {
    super();
    this.forward = forward;
    forward.run(0, forward.units);
    this.units = BATCH * forward.keyHeads;
    this.reads(floats(forward.outputs[0].bytes / 4, 7));
    for (let i = 0; i < 3; i++) this.reads(forward.outputs[i]);
    for (let i = 0; i < 3; i++) this.writes(forward.inputs[i].bytes);
  }

  run(begin: i32, end: i32): void {
    const a = this.forward;
    kernels.attention_grad_f32(
      this.y(0), this.y(1), this.y(2), this.x(0), this.x(1), this.x(2), this.x(3), a.x(0), a.x(1), a.x(2), a.x(4),
      a.allowed, a.bias, a.maskBatch, a.maskHead, a.maskRow, a.queries, a.keys, a.heads, a.keyHeads, a.dim,
      a.valueDim, 0.5, a.sight.before, a.sight.after, a.sight.globals, a.blockQueries, a.blockKeys,
      this.scratch, begin, end,
    );
  }

  /** The largest difference from the sums written down. */
  get error(): f64 {
    this.run(0, this.units);
    const a = this.forward;
    const expected: Float64Array[] = [];
    for (let i = 0; i < 3; i++) expected.push(new Float64Array(this.outputs[i].bytes / 4));
    for (let batch = 0; batch < BATCH; batch++) for (let head = 0; head < a.heads; head++) {
      const keyHead = head / (a.heads / a.keyHeads);
      for (let query = 0; query < a.queries; query++) {
        const p = a.probabilities(batch, head, query);
        const row = (batch * a.queries + query) * a.heads + head;
        const dp = new Float64Array(a.keys);
        let dot: f64 = 0;
        for (let key = 0; key < a.keys; key++) {
          for (let i = 0; i < a.valueDim; i++) {
            dp[key] += <f64>f32At(this.inputs[0], row * a.valueDim + i) * a.kv(2, batch, key, head, i);
          }
          dot += p[key] * dp[key];
        }
        for (let key = 0; key < a.keys; key++) {
          const keyRow = (batch * a.keys + key) * a.keyHeads + keyHead;
          const ds = 0.5 * p[key] * (dp[key] - dot);
          for (let i = 0; i < a.dim; i++) {
            expected[0][row * a.dim + i] += ds * a.kv(1, batch, key, head, i);
            expected[1][keyRow * a.dim + i] += ds * a.q(batch, query, head, i);
          }
          for (let i = 0; i < a.valueDim; i++) {
            expected[2][keyRow * a.valueDim + i] += p[key] * <f64>f32At(this.inputs[0], row * a.valueDim + i);
          }
        }
      }
    }
    let worst: f64 = 0;
    for (let i = 0; i < 3; i++) for (let at = 0; at < expected[i].length; at++) {
      const error = abs(<f64>f32At(this.outputs[i], at) - expected[i][at]);
      worst = error > worst || error != error ? error : worst;
    }
    return worst;
  }
}

/** Holds for the values and the gradients of an attention of this kind. */
function holds(queries: i32, keys: i32, heads: i32, keyHeads: i32, dim: i32, valueDim: i32, sight: Sight): void {
  const forward = new AttentionLaunch(queries, keys, heads, keyHeads, dim, valueDim, sight);
  expect(check(forward)).toBe("");
  expect(forward.error).toBeLessThan(2e-6);
  const gradient = new GradientLaunch(forward);
  expect(check(gradient)).toBe("");
  expect(gradient.error).toBeLessThan(2e-5);
}

function sight(before: i32, after: i32, globals: i32, position: i32 = 0, mask: i32 = 0, shared: bool = false): Sight {
  const made = new Sight();
  made.before = before;
  made.after = after;
  made.globals = globals;
  made.position = position;
  made.mask = mask;
  made.shared = shared;
  return made;
}

class RotaryLaunch extends Launch {
  constructor(public dim: i32, public turn: f32) {
    super();
    this.units = 2 * 3 * 2;
    this.reads(floats(this.units * dim, 1));
    this.reads(floats(3 * dim / 2, 2));
    this.reads(floats(3 * dim / 2, 3));
    this.writes(this.units * dim * 4);
  }

  run(begin: i32, end: i32): void {
    kernels.rotary_f32(this.y(), this.x(0), this.x(1), this.x(2), 3, 2, this.dim, this.turn, begin, end);
  }
}

class WriteLaunch extends Launch {
  constructor(public position: i32) {
    super();
    this.units = 2 * 3;
    this.reads(floats(this.units * 5, 1));
    const at = new Buffer(4);
    store<i32>(at.pointer, position);
    this.reads(at);
    this.updates(floats(2 * 7 * 5, 2));
  }

  run(begin: i32, end: i32): void {
    kernels.write_rows_f32(this.y(), this.x(0), this.x(1), 3, 7, 5, begin, end);
  }
}

class ReorderLaunch extends Launch {
  constructor(public width: i32) {
    super();
    this.units = (width + 15) / 16;
    const indices = new Buffer(12);
    store<i32>(indices.pointer, 2, 0);
    store<i32>(indices.pointer, 0, 4);
    store<i32>(indices.pointer, 0, 8);
    this.reads(indices);
    this.updates(floats(3 * 40, 1));
  }

  run(begin: i32, end: i32): void {
    kernels.reorder_rows_f32(this.y(), this.x(0), 3, 40, this.width, this.scratch, begin, end);
  }
}

describe("attention", () => {
  test("all keys, of all kinds of sizes", () => {
    holds(1, 1, 1, 1, 1, 1, sight(ALL, ALL, 0));
    holds(1, 11, 2, 1, 5, 3, sight(ALL, ALL, 0));
    holds(5, 8, 1, 1, 4, 8, sight(ALL, ALL, 0));
    holds(9, 17, 2, 2, 3, 9, sight(ALL, ALL, 0));
    holds(6, 13, 4, 2, 8, 4, sight(ALL, ALL, 0));
  });
  test("keys up to the query", () => {
    holds(13, 13, 2, 1, 5, 4, sight(ALL, 0, 0));
    holds(3, 12, 1, 1, 4, 4, sight(ALL, 0, 0, 7));
    holds(9, 4, 1, 1, 4, 4, sight(ALL, 0, 0));
  });
  test("windows and keys that all see", () => {
    holds(21, 21, 1, 1, 4, 4, sight(3, 0, 0));
    holds(21, 21, 1, 1, 4, 4, sight(2, 3, 0));
    holds(30, 30, 1, 1, 4, 4, sight(1, 1, 2));
    holds(30, 30, 2, 1, 3, 3, sight(2, 0, 3));
    holds(12, 5, 1, 1, 3, 3, sight(1, 1, 0));
  });
  test("masks", () => {
    holds(6, 11, 2, 1, 4, 4, sight(ALL, ALL, 0, 0, 1));
    holds(6, 11, 2, 2, 4, 4, sight(ALL, ALL, 0, 0, 2));
    holds(9, 9, 2, 1, 4, 4, sight(ALL, 0, 0, 0, 1, true));
    holds(20, 20, 1, 1, 3, 3, sight(2, 2, 1, 0, 2, true));
  });

  test("a query that sees nothing gives zeros and takes none", () => {
    const forward = new AttentionLaunch(4, 5, 1, 1, 3, 3, sight(ALL, ALL, 0, 0, 1));
    memory.fill(forward.x(3), 0, 5);
    const gradient = new GradientLaunch(forward);
    gradient.run(0, gradient.units);
    for (let i = 0; i < 3; i++) {
      expect(f32At(forward.outputs[0], i)).toBe(0);
      expect(f32At(gradient.outputs[0], i)).toBe(0);
    }
    expect(gradient.error).toBeLessThan(2e-5);
  });
  test("scores however large, in whatever order", () => {
    const forward = new AttentionLaunch(4, 40, 1, 1, 1, 1, sight(ALL, ALL, 0));
    for (let i = 0; i < BATCH * 40; i++) store<f32>(forward.x(1) + (i << 2), <f32>(i % 40) * 1e3);
    expect(forward.error).toBeLessThan(2e-6);
    for (let i = 0; i < BATCH * 40; i++) store<f32>(forward.x(1) + (i << 2), <f32>(i % 40) * -1e3);
    expect(forward.error).toBeLessThan(2e-6);
  });
  test("NaN spoils its own row and no other", () => {
    const forward = new AttentionLaunch(6, 11, 1, 1, 4, 4, sight(ALL, ALL, 0));
    store<f32>(forward.x(0) + 4 * 4 * 2, NaN);
    forward.run(0, forward.units);
    for (let i = 0; i < BATCH * 6 * 4; i++) expect(isNaN(f32At(forward.outputs[0], i))).toBe(i / 4 == 2);
  });

  test("rotary_f32 turns there and back", () => {
    for (let dim = 2; dim < 20; dim += 2) for (let turn: f32 = -1; turn < 2; turn += 2) {
      const launch = new RotaryLaunch(dim, turn);
      expect(check(launch)).toBe("");
      for (let row = 0; row < launch.units; row++) for (let i = 0; i < dim / 2; i++) {
        const at = row * dim + i;
        const angle = row / 2 % 3 * (dim / 2) + i;
        const c = f32At(launch.inputs[1], angle);
        const s = turn * f32At(launch.inputs[2], angle);
        const x = f32At(launch.inputs[0], at);
        const y = f32At(launch.inputs[0], at + dim / 2);
        expect(f32At(launch.outputs[0], at)).toBeCloseTo(x * c - y * s, 5);
        expect(f32At(launch.outputs[0], at + dim / 2)).toBeCloseTo(y * c + x * s, 5);
      }
    }
  });
  test("write_rows_f32 writes rows from a position on, and none past the end", () => {
    for (let position = 0; position < 9; position++) {
      const launch = new WriteLaunch(position);
      expect(check(launch)).toBe("");
      const before = floats(2 * 7 * 5, 2);
      for (let i = 0; i < 2 * 7 * 5; i++) {
        const row = i / 5 % 7 - position;
        const x = (i / 35 * 3 + row) * 5 + i % 5;
        const expected = row >= 0 && row < 3 ? f32At(launch.inputs[0], x) : f32At(before, i);
        expect(f32At(launch.outputs[0], i)).toBe(expected);
      }
    }
  });
  test("reorder_rows_f32 moves the first numbers of rows and leaves the others", () => {
    for (let width = 1; width <= 40; width += 3) {
      const launch = new ReorderLaunch(width);
      expect(check(launch)).toBe("");
      const before = floats(3 * 40, 1);
      for (let i = 0; i < 3 * 40; i++) {
        const from = i % 40 >= width ? i : i < 40 ? i + 80 : i % 40;
        expect(f32At(launch.outputs[0], i)).toBe(f32At(before, from));
      }
    }
  });
});
