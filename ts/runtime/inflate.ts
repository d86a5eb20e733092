// Unpacks raw DEFLATE data (RFC 1951) at once: the core travels deflated, and no runtime has a synchronous inflate that
// all the others have too.
import { FormatError } from "./errors.ts";

const lengthBase = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const distanceBase = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const codeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code as a table over its longest code: value << 4 | length, indexed by reversed bits. */
interface Code {
  readonly bits: number;
  readonly table: Uint16Array;
}

/** The code with these lengths. One code of one bit, or none, is fine where `sparse` ones are; else all must be used. */
function makeCode(lengths: ArrayLike<number>, sparse: boolean): Code {
  const counts = new Uint16Array(16);
  for (let i = 0; i < lengths.length; i++) counts[lengths[i]]++;
  counts[0] = 0;
  let bits = 15;
  while (bits > 1 && counts[bits] === 0) bits--;
  let unused = 1;
  for (let length = 1; length <= bits && unused >= 0; length++) unused = 2 * unused - counts[length];
  if (unused < 0 || (unused > 0 && !(sparse && bits === 1))) {
    throw new FormatError("inflate: the code lengths must describe a complete code, got ones that do not");
  }
  const table = new Uint16Array(1 << bits);
  let code = 0;
  for (let length = 1; length <= bits; length++) {
    // Bits come the lowest first: whatever the next bit is, shorter codes stand where they stood.
    table.copyWithin(1 << (length - 1), 0, 1 << (length - 1));
    code <<= 1;
    for (let value = 0; counts[length] > 0 && value < lengths.length; value++) {
      if (lengths[value] !== length) continue;
      let reversed = 0;
      for (let bit = 0; bit < length; bit++) reversed |= ((code >> bit) & 1) << (length - 1 - bit);
      table[reversed] = (value << 4) | length;
      code++;
    }
  }
  return { bits, table };
}

/** The compressed bytes, read bit by bit, the lowest first. */
class Bits {
  readonly input: Uint8Array;
  position = 0;
  held = 0;
  heldBits = 0;

  constructor(input: Uint8Array) {
    this.input = input;
  }

  /** Holds at least `count` bits, of which there are at most 24. */
  need(count: number): void {
    while (this.heldBits < count) {
      // Past the end zeros come, since a code may be looked up with fewer bits than its table has.
      this.held |= (this.position < this.input.length ? this.input[this.position] : 0) << this.heldBits;
      this.position++;
      this.heldBits += 8;
    }
    if (this.position > this.input.length + 4) throw truncated();
  }

  take(count: number): number {
    this.need(count);
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.heldBits -= count;
    return value;
  }

  symbol({ bits, table }: Code): number {
    this.need(bits);
    const entry = table[this.held & (table.length - 1)];
    if (entry === 0) throw unknownCode();
    this.held >>>= entry & 15;
    this.heldBits -= entry & 15;
    return entry >> 4;
  }

  /** Whether more was taken than was there. */
  get overdrawn(): boolean {
    return this.position - (this.heldBits >> 3) > this.input.length;
  }
}

/** What has been unpacked. */
class Output {
  bytes: Uint8Array<ArrayBuffer>;
  written = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** The array, with room for `count` more. */
  room(count: number): Uint8Array<ArrayBuffer> {
    if (this.written + count <= this.bytes.length) return this.bytes;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.written + count));
    larger.set(this.bytes);
    this.bytes = larger;
    return larger;
  }
}

/** The bytes that `input` stands for; FormatError where it is not DEFLATE data. */
export function inflate(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const bits = new Bits(input);
  const output = new Output(Math.max(1024, input.length * 4));
  for (let final = 0; final === 0; ) {
    final = bits.take(1);
    const type = bits.take(2);
    if (type === 3) throw new FormatError("inflate: the block type must be 0, 1 or 2, got 3");
    if (type === 0) {
      copyStored(bits, output);
    } else {
      const [literals, distances] = type === 1 ? fixedCodes() : readCodes(bits);
      unpack(bits, literals, distances, output);
    }
  }
  if (bits.overdrawn) throw truncated();
  return output.bytes.subarray(0, output.written);
}

/** A block that is not compressed. */
function copyStored(bits: Bits, output: Output): void {
  const { input } = bits;
  const position = bits.position - (bits.heldBits >> 3);
  bits.held = bits.heldBits = 0;
  const length = input[position] | (input[position + 1] << 8);
  if (position + 4 + length > input.length) throw truncated();
  if ((input[position + 2] | (input[position + 3] << 8)) !== (length ^ 0xffff)) {
    throw new FormatError("inflate: a stored block's length must be confirmed by its complement, got another");
  }
  output.room(length).set(input.subarray(position + 4, position + 4 + length), output.written);
  output.written += length;
  bits.position = position + 4 + length;
}

/**
 * A compressed block. All the time goes here, most of it before the engine has optimised anything: the state lies in local
 * variables, and a literal, the commonest, takes no call.
 */
function unpack(bits: Bits, literals: Code, distances: Code, output: Output): void {
  const { input } = bits;
  const { bits: literalBits, table } = literals;
  const mask = table.length - 1;
  let bytes = output.bytes;
  let { position, held, heldBits } = bits;
  let { written } = output;
  for (;;) {
    while (heldBits < literalBits) {
      held |= (position < input.length ? input[position] : 0) << heldBits;
      position++;
      heldBits += 8;
    }
    const entry = table[held & mask];
    held >>>= entry & 15;
    heldBits -= entry & 15;
    if (entry < 4096 && entry !== 0 && written < bytes.length) {
      bytes[written++] = entry >> 4;
      continue;
    }
    // The others are rarer: a length and a distance, the end, a full array, an error.
    bits.position = position;
    bits.held = held;
    bits.heldBits = heldBits;
    output.written = written;
    if (entry === 0) throw unknownCode();
    if (position > input.length + 4) throw truncated();
    const value = entry >> 4;
    if (value === 256) return;
    if (value < 256) {
      bytes = output.room(1);
      bytes[written++] = value;
      continue;
    }
    if (value > 285) throw new FormatError(`inflate: a length code must be at most 285, got ${value}`);
    const length = lengthBase[value - 257] + bits.take(lengthExtra[value - 257]);
    const code = bits.symbol(distances);
    const distance = distanceBase[code] + bits.take(code < 4 ? 0 : (code >> 1) - 1);
    if (!(distance <= written))
      throw new FormatError("inflate: a copy must start within the output, got one before it");
    bytes = output.room(length);
    // Where a copy reads what it has just written, the bytes go one by one.
    if (distance >= length) bytes.copyWithin(written, written - distance, written - distance + length);
    else for (let i = written; i < written + length; i++) bytes[i] = bytes[i - distance];
    written += length;
    ({ position, held, heldBits } = bits);
  }
}

function unknownCode(): FormatError {
  return new FormatError("inflate: every code must be in its table, got an unknown one");
}

function truncated(): FormatError {
  return new FormatError("inflate: the data must be complete, got a truncated stream");
}

function fixedCodes(): [Code, Code] {
  const lengths = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
  return [makeCode(lengths, false), makeCode(new Array(32).fill(5), false)];
}

function readCodes(bits: Bits): [Code, Code] {
  const literals = bits.take(5) + 257;
  const distances = bits.take(5) + 1;
  const count = bits.take(4) + 4;
  if (literals > 286 || distances > 30) {
    throw new FormatError(`inflate: at most 286 and 30 codes must be there, got ${literals} and ${distances}`);
  }
  const codeLengths = new Uint8Array(19);
  for (let i = 0; i < count; i++) codeLengths[codeOrder[i]] = bits.take(3);
  const code = makeCode(codeLengths, false);
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const value = bits.symbol(code);
    if (value < 16) {
      lengths.push(value);
      continue;
    }
    const repeated = value === 16 ? (lengths.at(-1) ?? Number.NaN) : 0;
    const times = value === 16 ? 3 + bits.take(2) : value === 17 ? 3 + bits.take(3) : 11 + bits.take(7);
    for (let i = 0; i < times; i++) lengths.push(repeated);
  }
  // A repetition of nothing, or past the end, or a block that cannot end.
  if (!(lengths[0] >= 0) || lengths.length > literals + distances || lengths[256] === 0) {
    throw new FormatError("inflate: the code lengths must fit the number of codes, got ones that do not");
  }
  return [makeCode(lengths.slice(0, literals), true), makeCode(lengths.slice(literals), true)];
}
