// Allocates blocks of a growing range of addresses: 64-byte aligned, two-level segregated free lists, neighbours merged
// when freed (TLSF: Masmano et al., ECRTS 2004). Its bookkeeping is in JavaScript; it does not touch the memory itself.

/** A range of addresses, used or free; blocks are linked to their neighbours in address order. */
export interface Block {
  address: number;
  bytes: number;
  free: boolean;
  before: Block | undefined;
  after: Block | undefined;
  /** Number of the kernel that last wrote it, -1 for none; for OutOfMemoryError. */
  maker: number;
  /** Neighbours in the free list. */
  previous: Block | undefined;
  next: Block | undefined;
}

const UNIT = 64;
const SECOND_BITS = 3;
const SECOND = 1 << SECOND_BITS;

export class Allocator {
  /** Bytes of allocated blocks. */
  inUse = 0;
  private end: number;
  private last: Block | undefined;
  private readonly lists: (Block | undefined)[] = new Array(32 * SECOND).fill(undefined);
  private firstMap = 0;
  private readonly secondMaps = new Uint8Array(32);

  /** Manages addresses from `begin` (a multiple of 64) to `end`, which `extend` moves. */
  constructor(begin: number, end: number) {
    this.end = begin;
    this.extend(end);
  }

  /** A block of at least `bytes`, or undefined if there is no room for it. */
  allocate(bytes: number): Block | undefined {
    const size = roundUp(bytes);
    const block = this.find(size);
    if (block === undefined) return undefined;
    this.unlink(block);
    if (block.bytes - size >= UNIT) {
      const rest = makeBlock(block.address + size, block.bytes - size, block, block.after);
      if (block.after) block.after.before = rest;
      else this.last = rest;
      block.after = rest;
      block.bytes = size;
      this.link(rest);
    }
    block.free = false;
    block.maker = -1;
    this.inUse += block.bytes;
    return block;
  }

  /** Frees a block. */
  release(block: Block): void {
    this.inUse -= block.bytes;
    let whole = block;
    if (block.before?.free) {
      whole = block.before;
      this.unlink(whole);
      this.absorb(whole, block);
    }
    if (whole.after?.free) {
      const after = whole.after;
      this.unlink(after);
      this.absorb(whole, after);
    }
    this.link(whole);
  }

  /** Adds the addresses up to `end`. */
  extend(end: number): void {
    if (end <= this.end) return;
    const last = this.last;
    if (last?.free) {
      this.unlink(last);
      last.bytes += end - this.end;
      this.link(last);
    } else {
      const block = makeBlock(this.end, end - this.end, last, undefined);
      if (last) last.after = block;
      this.last = block;
      this.link(block);
    }
    this.end = end;
  }

  /** How many bytes past the end a request of `bytes` needs. */
  shortfall(bytes: number): number {
    return roundUp(bytes) - (this.last?.free ? this.last.bytes : 0);
  }

  /** The allocated blocks. */
  *used(): Generator<Block> {
    for (let block = this.last; block; block = block.before) if (!block.free) yield block;
  }

  private absorb(block: Block, next: Block): void {
    block.bytes += next.bytes;
    block.after = next.after;
    if (next.after) next.after.before = block;
    else this.last = block;
  }

  private find(size: number): Block | undefined {
    if (size > this.end) return undefined;
    // Within the request's own class blocks may be too small; every block of a higher class fits.
    let list = classOf(size);
    for (let block = this.lists[list]; block; block = block.next) if (block.bytes >= size) return block;
    list++;
    let first = list >> SECOND_BITS;
    let seconds = this.secondMaps[first] & (0xff << (list & (SECOND - 1)));
    if (seconds === 0) {
      const firsts = first >= 31 ? 0 : this.firstMap & (-1 << (first + 1));
      if (firsts === 0) return undefined;
      first = lowestBit(firsts);
      seconds = this.secondMaps[first];
    }
    return this.lists[(first << SECOND_BITS) | lowestBit(seconds)];
  }

  private link(block: Block): void {
    const list = classOf(block.bytes);
    const head = this.lists[list];
    block.free = true;
    block.previous = undefined;
    block.next = head;
    if (head) head.previous = block;
    this.lists[list] = block;
    this.firstMap |= 1 << (list >> SECOND_BITS);
    this.secondMaps[list >> SECOND_BITS] |= 1 << (list & (SECOND - 1));
  }

  private unlink(block: Block): void {
    const list = classOf(block.bytes);
    if (block.previous) block.previous.next = block.next;
    else this.lists[list] = block.next;
    if (block.next) block.next.previous = block.previous;
    block.previous = block.next = undefined;
    if (this.lists[list] !== undefined) return;
    this.secondMaps[list >> SECOND_BITS] &= ~(1 << (list & (SECOND - 1)));
    if (this.secondMaps[list >> SECOND_BITS] === 0) this.firstMap &= ~(1 << (list >> SECOND_BITS));
  }
}

function makeBlock(address: number, bytes: number, before: Block | undefined, after: Block | undefined): Block {
  return { address, bytes, free: true, before, after, maker: -1, previous: undefined, next: undefined };
}

function roundUp(bytes: number): number {
  return Math.max(UNIT, Math.ceil(bytes / UNIT) * UNIT);
}

/** The list of blocks about as large as `bytes`: power of two, then eighths of it. */
function classOf(bytes: number): number {
  const units = bytes / UNIT;
  if (units < SECOND) return units;
  const first = 31 - Math.clz32(units);
  return ((first - SECOND_BITS + 1) << SECOND_BITS) | ((units >>> (first - SECOND_BITS)) & (SECOND - 1));
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
