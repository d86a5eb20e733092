// Runs kernels alone, as the threads would: whole, cut in two anywhere, unit by unit and backwards. What they write
// must be the same bits each time, and nothing beside their outputs.

/** What stands around buffers and in outputs before a kernel has run: as f32 a number that no kernel computes. */
const MARK: u8 = 0xc3;
const MARGIN: i32 = 64;

/** A buffer between two margins full of marks. */
export class Buffer {
  readonly bytes: i32;
  private readonly block: StaticArray<u8>;

  constructor(bytes: i32) {
    this.bytes = bytes;
    this.block = new StaticArray<u8>(bytes + 2 * MARGIN);
    memory.fill(changetype<usize>(this.block), MARK, bytes + 2 * MARGIN);
  }

  get pointer(): usize {
    return changetype<usize>(this.block) + MARGIN;
  }

  /** Fills it with marks again. */
  clear(): void {
    memory.fill(this.pointer, MARK, this.bytes);
  }

  /** Whether nobody has written beside it. */
  get intact(): bool {
    for (let i = 0; i < MARGIN; i++) {
      if (load<u8>(this.pointer - MARGIN + i) != MARK || load<u8>(this.pointer + this.bytes + i) != MARK) return false;
    }
    return true;
  }

  get untouched(): bool {
    for (let i = 0; i < this.bytes; i++) if (load<u8>(this.pointer + i) != MARK) return false;
    return true;
  }

  copy(): Buffer {
    const other = new Buffer(this.bytes);
    memory.copy(other.pointer, this.pointer, this.bytes);
    return other;
  }
}

/** A buffer of f32 spread over [low, high). */
export function floats(count: i32, seed: i32 = 1, low: f32 = -2, high: f32 = 2): Buffer {
  const buffer = new Buffer(count * 4);
  let state: u32 = seed * 2654435761;
  for (let i = 0; i < count; i++) {
    state = state * 1664525 + 1013904223;
    store<f32>(buffer.pointer + (i << 2), low + (high - low) * (<f32>(state >>> 8) / 16777216));
  }
  return buffer;
}

/** A buffer of f32 with every kind of number in it: NaN, infinities, zeros of both signs, tiny and huge ones. */
export function oddFloats(count: i32, seed: i32 = 1): Buffer {
  const buffer = floats(count, seed, -20, 20);
  for (let i = seed % 3; i < count; i += 3) store<f32>(buffer.pointer + (i << 2), odd((i + seed) % 12));
  return buffer;
}

function odd(which: i32): f32 {
  switch (which) {
    case 0: return NaN;
    case 1: return Infinity;
    case 2: return -Infinity;
    case 3: return 0;
    case 4: return -0.0;
    case 5: return 1e-42;
    case 6: return -1e-42;
    case 7: return 3e38;
    case 8: return -3e38;
    case 9: return 1;
    case 10: return -1;
    default: return 0.5;
  }
}

/** A buffer of i32 from `low` to `high` - 1. */
export function integers(count: i32, low: i32, high: i32, seed: i32 = 1): Buffer {
  const buffer = new Buffer(count * 4);
  let state: u32 = seed * 2654435761;
  for (let i = 0; i < count; i++) {
    state = state * 1664525 + 1013904223;
    store<i32>(buffer.pointer + (i << 2), low + <i32>((state >>> 8) % <u32>(high - low)));
  }
  return buffer;
}

/** A buffer of bytes from 0 to `high` - 1. */
export function bytes(count: i32, high: i32, seed: i32 = 1): Buffer {
  const buffer = new Buffer(count);
  const values = integers(count, 0, high, seed);
  for (let i = 0; i < count; i++) store<u8>(buffer.pointer + i, <u8>load<i32>(values.pointer + (i << 2)));
  return buffer;
}

/** The bits of a number: they tell -0 from 0, which `toBe` does not. */
export function bitsOf(value: f32): u32 {
  return reinterpret<u32>(value);
}

export function f32At(buffer: Buffer, i: i32): f32 {
  return load<f32>(buffer.pointer + (i << 2));
}

/** One launch of a kernel: its units, its buffers, and how to run a range of it. */
export abstract class Launch {
  units: i32 = 0;
  readonly inputs: Buffer[] = [];
  readonly outputs: Buffer[] = [];
  /** What outputs that are updated in place start from. */
  private readonly starts: (Buffer | null)[] = [];

  abstract run(begin: i32, end: i32): void;

  /** Adds a buffer that the kernel reads. */
  reads(buffer: Buffer): void {
    this.inputs.push(buffer);
  }

  /** Adds a buffer that the kernel writes. */
  writes(bytes: i32): void {
    this.outputs.push(new Buffer(bytes));
    this.starts.push(null);
  }

  /** Adds a buffer that the kernel updates in place. */
  updates(buffer: Buffer): void {
    this.outputs.push(buffer);
    this.starts.push(buffer.copy());
  }

  /** The address of input number i. */
  x(i: i32 = 0): usize {
    return this.inputs[i].pointer;
  }

  /** The address of output number i. */
  y(i: i32 = 0): usize {
    return this.outputs[i].pointer;
  }

  get scratch(): usize {
    return scratch.pointer;
  }

  reset(): void {
    for (let i = 0; i < this.outputs.length; i++) {
      const start = this.starts[i];
      if (start) memory.copy(this.outputs[i].pointer, start.pointer, start.bytes);
      else this.outputs[i].clear();
    }
  }
}

/** SCRATCH_BYTES of memory, 64-byte aligned, as a thread has it. */
const scratch = new Buffer(512 * 1024 + 64);

/** Runs a launch in all ways; what is wrong with it, or "". */
export function check(launch: Launch): string {
  const n = launch.units;
  launch.reset();
  launch.run(0, 0);
  launch.run(n, n);
  const before = copies(launch);
  launch.reset();
  if (!same(launch, before)) return "an empty range writes something";
  launch.run(0, n);
  const whole = copies(launch);
  for (let cut = 0; cut <= n; cut += cut < 24 ? 1 : 13) {
    launch.reset();
    launch.run(0, cut);
    launch.run(cut, n);
    if (!same(launch, whole)) return "a cut at " + cut.toString() + " of " + n.toString() + " changes the result";
    launch.reset();
    launch.run(cut, n);
    launch.run(0, cut);
    if (!same(launch, whole)) return "the later part first, from " + cut.toString() + ", changes the result";
  }
  launch.reset();
  for (let unit = n - 1; unit >= 0; unit--) launch.run(unit, unit + 1);
  if (!same(launch, whole)) return "unit by unit, the result is another";
  for (let i = 0; i < launch.outputs.length; i++) {
    if (!launch.outputs[i].intact) return "it writes beside output " + i.toString();
  }
  return "";
}

function copies(launch: Launch): Buffer[] {
  const list: Buffer[] = [];
  for (let i = 0; i < launch.outputs.length; i++) list.push(launch.outputs[i].copy());
  return list;
}

/** Bit for bit, but for NaN, whose bits nobody promises. */
function same(launch: Launch, expected: Buffer[]): bool {
  for (let i = 0; i < expected.length; i++) {
    const a = launch.outputs[i];
    const b = expected[i];
    if (memory.compare(a.pointer, b.pointer, a.bytes) == 0) continue;
    if (a.bytes % 4 != 0) return false;
    for (let at = 0; at < a.bytes; at += 4) {
      const x = load<f32>(a.pointer + at);
      const y = load<f32>(b.pointer + at);
      if (load<u32>(a.pointer + at) != load<u32>(b.pointer + at) && !(x != x && y != y)) return false;
    }
  }
  return true;
}
