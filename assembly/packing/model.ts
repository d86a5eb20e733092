// The packed format of a module: literal bytes and copies of earlier ones, as binary decisions that are range-coded
// with an adaptive probability for each context, as in LZMA (7-zip). Unlike in LZMA, a context includes which part of
// which instruction a byte is. This file is TypeScript too: scripts/pack.js writes by it what unpack.ts reads.

// The first contexts of each kind of decision. A history is the last three tokens, a bit each: 1 a copy, 0 a literal.
/** Whether a copy is next, by history and field. */
export const COPY: i32 = 0;
/** Whether it comes from one of the last four distances, by history. */
export const RECENT: i32 = 8 << 10;
/** From which of them, by history. */
export const WHICH: i32 = RECENT + 8;
/** How long it is, by `lengthContext`. */
const LENGTH: i32 = 9 << 10;
/** A new distance, by length: 1, 2, 3, more. */
export const DISTANCE: i32 = 15 << 10;
/** A literal, by what was predicted and by field. */
const LITERAL: i32 = 19 << 10;
export const CONTEXTS: i32 = LITERAL + (4 << 18);

/** The range coder: starts with the whole range; a range below the least is widened by a byte. */
export const WHOLE_RANGE: u32 = 0x7fffffff;
export const LEAST_RANGE: u32 = 1 << 23;

const CODE_SECTION: i32 = 10;
const OPCODE: i32 = 1;

// The state of a context, at first 0: from the highest bit on 16 bits of a signed probability that adapts ever more
// slowly, 10 of one that adapts quickly, and 6 that count the decisions. 0 is a half for both; their mean is used.

/** The probability of a 1, times 4096. */
export function chance(known: i32): i32 {
  return (((known >> 16) + (quickOf(known) << 6)) >> 5) + 2048;
}

/** The state of a context after one more decision. */
export function learned(known: i32, bit: i32): i32 {
  const target = bit ? 511 : -511;
  const seen = known & 63;
  const slow = known >> 16;
  const quick = quickOf(known);
  const slowAfter = slow + (((64 * target - slow) / (seen + 2)) | 0);
  const quickAfter = quick + ((target - quick) >> 2);
  return (slowAfter << 16) | ((quickAfter & 1023) << 6) | (seen < 63 ? seen + 1 : 63);
}

function quickOf(known: i32): i32 {
  return (known << 16) >> 22;
}

/** Lengths for a new distance (`which` is -1), the last one (0), another recent one; of copies at an opcode or not. */
export function lengthContext(which: i32, field: i32): i32 {
  return LENGTH + ((which < 1 ? which : 1) + (field >> 7 === OPCODE ? 4 : 1)) * 1024;
}

/** Bytes and numbers as decisions. */
export abstract class Coder {
  /** Codes one decision in its context and returns it: `bit` when writing, the decision read when reading. */
  abstract code(context: i32, bit: i32): i32;

  /** A number of `width` bits, the highest first, each in a context by those before it. */
  bits(base: i32, width: i32, bits: i32): i32 {
    let node = 1;
    for (let i = width - 1; i >= 0; i--) node = 2 * node + this.code(base + node, (bits >> i) & 1);
    return node - (1 << width);
  }

  /** A number of at least 1 and less than 2^30, within 1024 contexts: how many bits follow its first, and these. */
  number(base: i32, number: i32): i32 {
    let most = 0;
    while (number >> (most + 1) > 0) most++;
    const width = this.bits(base, 5, most);
    let coded = 1;
    for (let i = width - 1; i >= 0; i--) {
      const node = coded < 32 ? coded : 0;
      coded = 2 * coded + this.code(base + 32 * (width + 1) + node, (number >> i) & 1);
    }
    return coded;
  }

  /** A byte in a field. After a copy `predicted` is the byte at its distance, else -1: seldom that one, often close. */
  literal(field: i32, predicted: i32, byte: i32): i32 {
    let node = 1;
    for (let i = 7; i >= 0; i--) {
      const agrees = (predicted | 256) >> (i + 1) === node;
      const kind = predicted < 0 ? 3 : agrees ? (predicted >> i) & 1 : 2;
      node = 2 * node + this.code(LITERAL + (kind << 18) + (field << 8) + node, (byte >> i) & 1);
    }
    return node - 256;
  }
}

/**
 * Goes through a module byte by byte, as `next` gives them. WebAssembly's instructions that the core does not use may
 * be misread: that only packs worse.
 */
export abstract class Walk {
  private length: i32 = 0;
  private at: i32 = 0;
  private instruction: i32 = 0;

  /**
   * The next byte, by its field, a number below 1024: which part of an instruction it is (1 and 2 the opcode, 3 to 6
   * what follows, 0 none), times 128, and of which instruction; for an opcode, the instruction before.
   */
  abstract next(field: i32): i32;

  /** Goes through `length` bytes. */
  through(length: i32): void {
    this.length = length;
    this.bytes(8, 0);
    while (this.at < this.length) {
      this.instruction = this.byte(0);
      const size = this.number(0);
      if (this.instruction !== CODE_SECTION) {
        this.bytes(size, 0);
        continue;
      }
      for (let functions = this.number(0); functions > 0 && this.at < this.length; functions--) this.body();
    }
  }

  private body(): void {
    this.instruction = CODE_SECTION + 1;
    const end = this.number(0) + this.at;
    for (let groups = this.number(0); groups > 0 && this.at < this.length; groups--) {
      this.number(0);
      this.byte(0);
    }
    while (this.at < end && this.at < this.length) {
      const prefix = this.byte(OPCODE);
      const prefixed = prefix >= 0xfc;
      const opcode = prefixed ? this.number(2) : prefix;
      this.instruction = prefixed ? opcode + 90 : opcode;
      this.operands(prefix, opcode);
    }
  }

  private operands(prefix: i32, opcode: i32): void {
    const vector = prefix === 0xfd ? opcode : -1;
    const plain = prefix < 0xfc ? opcode : -1;
    const ofLane = vector >= 84 && vector < 92; // v128.load32_lane, ...
    const inMemory = (plain >= 0x28 && plain <= 0x3e) || (vector >= 0 && vector < 12) || vector === 92 || vector === 93;
    if (inMemory || ofLane || prefix === 0xfe) {
      this.number(3);
      this.number(4);
      if (ofLane) this.byte(5);
    } else if (vector === 12 || vector === 13) {
      this.bytes(16, 6);
    } else if (plain === 0x43 || plain === 0x44) {
      this.bytes(plain === 0x43 ? 4 : 8, 6);
    } else if (plain === 0x0e) {
      for (let labels = this.number(3); labels >= 0 && this.at < this.length; labels--) this.number(4);
    } else if (
      (vector > 20 && vector < 35) || // lanes
      prefix === 0xfc ||
      (plain > 1 && plain < 5) || // blocks
      plain === 0x0c ||
      plain === 0x0d || // branches
      plain === 0x10 ||
      plain === 0x11 || // calls
      (plain >= 0x20 && plain < 0x25) || // locals, globals
      (plain > 0x3e && plain < 0x43) // the memory's size, constants
    ) {
      this.number(3);
      if (plain === 0x11 || (prefix === 0xfc && opcode === 10)) this.number(4);
    }
  }

  private byte(part: i32): i32 {
    if (this.at++ >= this.length) return 0;
    return this.next((part << 7) | (this.instruction & 127));
  }

  private bytes(count: i32, part: i32): void {
    for (let i = 0; i < count && this.at < this.length; i++) this.byte(part);
  }

  private number(part: i32): i32 {
    let number = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const digit = this.byte(part);
      number |= (digit & 127) << shift;
      if (digit < 128) break;
    }
    return number;
  }
}
