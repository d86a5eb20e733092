// Unpacks the core: a WebAssembly module as literal bytes and copies of earlier ones, in binary decisions that are coded by
// how decisions in the same place went so far. That is LZMA's way (7-zip, 7zFormat), and half of it: what LZMA does not
// know is which part of which instruction a byte is. All numbers are integers, so every engine reads the same.
// scripts/pack.js writes what is read here.

/** Codes one decision in its place and returns it: `known` where it is written, another where it is read. */
export type Coder = (place: number, known: number) => number;

// Where the kinds of decisions have their places. A history is the last three tokens, a bit each: 1 a copy, 0 a literal.
/** Whether a copy comes, by history and field. */
export const COPY = 0;
/** Whether it comes from one of the last four distances, by history. */
export const RECENT: number = 8 << 10;
/** From which of them, by history. */
export const WHICH: number = RECENT + 8;
/** How long it is, by `lengthPlace`. */
const LENGTH = 9 << 10;
/** A new distance, by length: 1, 2, 3, more. */
export const DISTANCE: number = 15 << 10;
/** A literal, by what was predicted and by field. */
export const LITERAL: number = 19 << 10;
const PLACES = LITERAL + (4 << 18);

/** The probabilities of all places. What is coded in a place is learned: by large steps first, then by ever smaller ones. */
export class Probabilities {
  /** A signed probability, 0 for a half, above five bits that count the decisions. */
  readonly #places = new Int32Array(PLACES);
  readonly #steps = Uint16Array.from({ length: 32 }, (_, seen) => 16384 / (seen + 2));

  /** How likely a 1 is there, of 4096. */
  at(place: number): number {
    return (this.#places[place] >> 9) + 2048;
  }

  learn(place: number, bit: number): void {
    const seen = this.#places[place] & 31;
    const before = this.#places[place] >> 5;
    const after = before + ((((bit ? 32640 : -32640) - before) * this.#steps[seen]) >> 14);
    this.#places[place] = (after << 5) | Math.min(seen + 1, 31);
  }
}

/** Lengths for a new distance (`which` is -1), the last one (0), another recent one; of copies from an opcode on, or not. */
export function lengthPlace(which: number, field: number): number {
  return LENGTH + (Math.min(which, 1) + (field >> 7 === OPCODE ? 4 : 1)) * 1024;
}

/** A number of `width` bits, the highest first, each in a place by those before it. */
export function codeBits(code: Coder, base: number, width: number, known: number): number {
  let node = 1;
  for (let i = width - 1; i >= 0; i--) node = 2 * node + code(base + node, (known >> i) & 1);
  return node - (1 << width);
}

/** A number of at least 1 and less than 2^30, within 1024 places: how many bits follow its first, and these. */
export function codeNumber(code: Coder, base: number, known: number): number {
  const width = codeBits(code, base, 5, 31 - Math.clz32(known));
  let number = 1;
  for (let i = width - 1; i >= 0; i--) {
    const node = number < 32 ? number : 0;
    number = 2 * number + code(base + 32 * (width + 1) + node, (known >> i) & 1);
  }
  return number;
}

/** A byte in a field. After a copy `predicted` is the byte at its distance, else -1: it is seldom that one, often close. */
export function codeLiteral(code: Coder, field: number, predicted: number, known: number): number {
  let node = 1;
  for (let i = 7; i >= 0; i--) {
    const agrees = (predicted | 256) >> (i + 1) === node;
    const kind = predicted < 0 ? 3 : agrees ? (predicted >> i) & 1 : 2;
    node = 2 * node + code(LITERAL + (kind << 18) + (field << 8) + node, (known >> i) & 1);
  }
  return node - 256;
}

const CODE_SECTION = 10;
const OPCODE = 1;

/**
 * Goes through a module byte by byte, as `next` gives them, and tells it each byte's field, a number below 1024: which part
 * of an instruction it is (1 and 2 the opcode, 3 to 6 what follows, 0 none) and of which instruction; for an opcode, the
 * instruction before. WebAssembly's instructions that the core has no use for may be misread: that only packs worse.
 */
export function walkModule(length: number, next: (field: number) => number): void {
  let at = 0;
  let instruction = 0;
  const byte = (part: number): number => {
    if (at++ >= length) return 0;
    return next((part << 7) | (instruction & 127));
  };
  const bytes = (count: number, part: number): void => {
    for (let i = 0; i < count && at < length; i++) byte(part);
  };
  const number = (part: number): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const digit = byte(part);
      value |= (digit & 127) << shift;
      if (digit < 128) break;
    }
    return value >>> 0;
  };
  bytes(8, 0);
  while (at < length) {
    instruction = byte(0);
    const size = number(0);
    if (instruction !== CODE_SECTION) {
      bytes(size, 0);
      continue;
    }
    for (let functions = number(0); functions > 0 && at < length; functions--) {
      instruction = CODE_SECTION + 1;
      const end = number(0) + at;
      for (let groups = number(0); groups > 0 && at < length; groups--) {
        number(0);
        byte(0);
      }
      while (at < end && at < length) {
        const prefix = byte(OPCODE);
        const prefixed = prefix >= 0xfc;
        const opcode = prefixed ? number(2) : prefix;
        instruction = prefixed ? opcode + 90 : opcode;
        operands(prefix, opcode);
      }
    }
  }

  function operands(prefix: number, opcode: number): void {
    const vector = prefix === 0xfd ? opcode : -1;
    const plain = prefix < 0xfc ? opcode : -1;
    const ofLane = vector >= 84 && vector < 92; // v128.load32_lane, ...
    const inMemory = (plain >= 0x28 && plain <= 0x3e) || (vector >= 0 && vector < 12) || vector === 92 || vector === 93;
    if (inMemory || ofLane || prefix === 0xfe) {
      number(3);
      number(4);
      if (ofLane) byte(5);
    } else if (vector === 12 || vector === 13) bytes(16, 6);
    else if (plain === 0x43 || plain === 0x44) bytes(plain === 0x43 ? 4 : 8, 6);
    else if (plain === 0x0e) for (let labels = number(3); labels >= 0 && at < length; labels--) number(4);
    else if (
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
      number(3);
      if (plain === 0x11 || (prefix === 0xfc && opcode === 10)) number(4);
    }
  }
}

/** Below it, a range is widened by a byte. */
export const LEAST_RANGE: number = 1 << 23;
export const WHOLE_RANGE = 0x7fffffff;

/** The module that `packed` stands for: its length in four bytes, then the decisions, coded in ranges of fractions. */
export function unpack(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const probabilities = new Probabilities();
  const view = new DataView(packed.buffer, packed.byteOffset);
  const output = new Uint8Array(view.getInt32(0));
  let fraction = view.getInt32(4);
  let range = WHOLE_RANGE;
  let read = 8;
  const code: Coder = (place) => {
    const bound = (range >> 12) * probabilities.at(place);
    const bit = fraction < bound ? 1 : 0;
    if (bit) range = bound;
    else {
      fraction -= bound;
      range -= bound;
    }
    for (; range < LEAST_RANGE; range <<= 8) fraction = (fraction << 8) | packed[read++];
    probabilities.learn(place, bit);
    return bit;
  };

  const distances = Int32Array.of(1, 1, 1, 1);
  let history = 0;
  let written = 0;
  let copies = 0;
  const readCopy = (field: number): void => {
    const which = code(RECENT + history, 0) ? codeBits(code, WHICH + 4 * history, 2, 0) : -1;
    copies = codeNumber(code, lengthPlace(which, field), 0);
    const distance = which < 0 ? codeNumber(code, DISTANCE + (Math.min(copies, 4) - 1) * 1024, 0) : distances[which];
    distances.copyWithin(1, 0, which < 0 ? 3 : which);
    distances[0] = distance;
  };
  walkModule(output.length, (field) => {
    if (copies === 0) {
      const isCopy = code(COPY + (history << 10) + field, 0);
      if (isCopy) readCopy(field);
      else output[written] = codeLiteral(code, field, history & 1 ? output[written - distances[0]] : -1, 0);
      history = ((history << 1) | isCopy) & 7;
    }
    if (copies > 0) {
      copies--;
      output[written] = output[written - distances[0]];
    }
    return output[written++];
  });
  return output;
}
