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
  const next = new Uint16Array(16);
  for (let length = 1; length < 15; length++) next[length + 1] = (next[length] + counts[length]) << 1;
  const table = new Uint16Array(1 << bits);
  for (let value = 0; value < lengths.length; value++) {
    const length = lengths[value];
    if (length === 0) continue;
    let reversed = 0;
    for (let bit = 0, code = next[length]++; bit < length; bit++) reversed |= ((code >> bit) & 1) << (length - 1 - bit);
    for (let i = reversed; i < table.length; i += 1 << length) table[i] = (value << 4) | length;
  }
  return { bits, table };
}

/** The bytes that `input` stands for; FormatError where it is not DEFLATE data. */
export function inflate(input: Uint8Array): Uint8Array<ArrayBuffer> {
  let output = new Uint8Array(Math.max(1024, input.length * 4));
  let written = 0;
  let position = 0;
  let held = 0;
  let heldBits = 0;

  const need = (count: number): void => {
    while (heldBits < count) {
      // Past the end zeros come, since a code may be looked up with fewer bits than its table has.
      held |= (position < input.length ? input[position] : 0) << heldBits;
      position++;
      heldBits += 8;
    }
    if (position > input.length + 4) throw truncated();
  };
  /** Whether more was taken than was there. */
  const overdrawn = (): boolean => position - (heldBits >> 3) > input.length;
  const take = (count: number): number => {
    need(count);
    const value = held & ((1 << count) - 1);
    held >>>= count;
    heldBits -= count;
    return value;
  };
  const symbol = ({ bits, table }: Code): number => {
    need(bits);
    const entry = table[held & (table.length - 1)];
    if (entry === 0) throw new FormatError("inflate: every code must be in its table, got an unknown one");
    held >>>= entry & 15;
    heldBits -= entry & 15;
    return entry >> 4;
  };
  const room = (count: number): void => {
    if (written + count <= output.length) return;
    const larger = new Uint8Array(Math.max(output.length * 2, written + count));
    larger.set(output);
    output = larger;
  };

  for (let final = 0; final === 0; ) {
    final = take(1);
    const type = take(2);
    if (type === 3) throw new FormatError("inflate: the block type must be 0, 1 or 2, got 3");
    if (type === 0) {
      position -= heldBits >> 3;
      held = heldBits = 0;
      const length = input[position] | (input[position + 1] << 8);
      if (position + 4 + length > input.length) throw truncated();
      if ((input[position + 2] | (input[position + 3] << 8)) !== (length ^ 0xffff)) {
        throw new FormatError("inflate: a stored block's length must be confirmed by its complement, got another");
      }
      room(length);
      output.set(input.subarray(position + 4, position + 4 + length), written);
      written += length;
      position += 4 + length;
      continue;
    }
    const [literals, distances] = type === 1 ? fixedCodes() : readCodes(take, symbol);
    for (;;) {
      const value = symbol(literals);
      if (value === 256) break;
      if (value < 256) {
        room(1);
        output[written++] = value;
        continue;
      }
      if (value > 285) throw new FormatError(`inflate: a length code must be at most 285, got ${value}`);
      const length = lengthBase[value - 257] + take(lengthExtra[value - 257]);
      const code = symbol(distances);
      const distance = distanceBase[code] + take(code < 4 ? 0 : (code >> 1) - 1);
      if (!(distance <= written))
        throw new FormatError("inflate: a copy must start within the output, got one before it");
      room(length);
      for (let i = 0; i < length; i++, written++) output[written] = output[written - distance];
    }
  }
  if (overdrawn()) throw truncated();
  return output.subarray(0, written);
}

function truncated(): FormatError {
  return new FormatError("inflate: the data must be complete, got a truncated stream");
}

function fixedCodes(): [Code, Code] {
  const lengths = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
  return [makeCode(lengths, false), makeCode(new Array(32).fill(5), false)];
}

function readCodes(take: (count: number) => number, symbol: (code: Code) => number): [Code, Code] {
  const literals = take(5) + 257;
  const distances = take(5) + 1;
  const count = take(4) + 4;
  if (literals > 286 || distances > 30) {
    throw new FormatError(`inflate: at most 286 and 30 codes must be there, got ${literals} and ${distances}`);
  }
  const codeLengths = new Uint8Array(19);
  for (let i = 0; i < count; i++) codeLengths[codeOrder[i]] = take(3);
  const code = makeCode(codeLengths, false);
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const value = symbol(code);
    if (value < 16) {
      lengths.push(value);
      continue;
    }
    const repeated = value === 16 ? (lengths.at(-1) ?? Number.NaN) : 0;
    const times = value === 16 ? 3 + take(2) : value === 17 ? 3 + take(3) : 11 + take(7);
    for (let i = 0; i < times; i++) lengths.push(repeated);
  }
  // A repetition of nothing, or past the end, or a block that cannot end.
  if (!(lengths[0] >= 0) || lengths.length > literals + distances || lengths[256] === 0) {
    throw new FormatError("inflate: the code lengths must fit the number of codes, got ones that do not");
  }
  return [makeCode(lengths.slice(0, literals), true), makeCode(lengths.slice(literals), true)];
}
