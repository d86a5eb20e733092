// Unpacks the core: a WebAssembly module of its own, since JavaScript takes three times as long before it is optimized.
// All numbers are integers, so that every engine reads the same.
import {
  COPY, Coder, DISTANCE, LEAST_RANGE, CONTEXTS, RECENT, WHICH, WHOLE_RANGE, Walk, chance, learned, lengthContext,
} from "./model";

/** The states of the contexts, 0 at first. */
const contexts = memory.data(4 * CONTEXTS);

/** Reads decisions, coded in ranges of fractions. */
class Reader extends Coder {
  private range: u32 = WHOLE_RANGE;
  private fraction: u32;

  constructor(private from: usize) {
    super();
    for (let i = 0; i < 4; i++) this.readByte();
  }

  code(context: i32, bit: i32): i32 {
    const address = contexts + 4 * context;
    const known = load<i32>(address);
    const bound = (this.range >> 12) * chance(known);
    const read = this.fraction < bound ? 1 : 0;
    if (read) this.range = bound;
    else {
      this.fraction -= bound;
      this.range -= bound;
    }
    for (; this.range < LEAST_RANGE; this.range <<= 8) this.readByte();
    store<i32>(address, learned(known, read));
    return read;
  }

  private readByte(): void {
    this.fraction = (this.fraction << 8) | load<u8>(this.from++);
  }
}

/** Writes bytes as they are read, each of them a literal or copied from some distance before. */
class Writer extends Walk {
  private history: i32;
  private copies: i32;
  private last: i32 = 1;
  private second: i32 = 1;
  private third: i32 = 1;
  private fourth: i32 = 1;

  constructor(private reader: Reader, private to: usize) { super(); }

  next(field: i32): i32 {
    const history = this.history;
    let byte = 0;
    if (this.copies === 0) {
      const isCopy = this.reader.code(COPY + (history << 10) + field, 0);
      if (isCopy) this.beginCopy(field);
      else byte = this.reader.literal(field, history & 1 ? this.before() : -1, 0);
      this.history = ((history << 1) | isCopy) & 7;
    }
    if (this.copies > 0) {
      this.copies--;
      byte = this.before();
    }
    store<u8>(this.to++, byte);
    return byte;
  }

  /** The byte at the last distance. */
  private before(): i32 {
    return load<u8>(this.to - this.last);
  }

  private beginCopy(field: i32): void {
    const reader = this.reader;
    const which = reader.code(RECENT + this.history, 0) ? reader.bits(WHICH + 4 * this.history, 2, 0) : -1;
    const length = reader.number(lengthContext(which, field), 0);
    this.copies = length;
    if (which === 0) return;
    let distance = this.second;
    if (which < 0) distance = reader.number(DISTANCE + ((length < 4 ? length : 4) - 1) * 1024, 0);
    else if (which > 1) distance = which === 2 ? this.third : this.fourth;
    if (which !== 1) {
      if (which !== 2) this.fourth = this.third;
      this.third = this.second;
    }
    this.second = this.last;
    this.last = distance;
  }
}

/** Writes to `to` the `length` bytes of a module that are packed at `from`. */
export function unpack(from: usize, to: usize, length: i32): void {
  new Writer(new Reader(from), to).through(length);
}
