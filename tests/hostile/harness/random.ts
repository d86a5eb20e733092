// Random numbers of the tests: all of them follow from a seed, a family's name and a case's number.

/** A stream of numbers. */
export class Random {
  private state: number;

  constructor(...keys: readonly (string | number)[]) {
    // FNV-1a over the keys' text.
    this.state = 0x811c9dc5;
    for (const character of keys.join("/")) {
      this.state = Math.imul(this.state ^ character.charCodeAt(0), 0x01000193) >>> 0;
    }
    for (let i = 0; i < 4; i++) this.next();
  }

  /** A number of [0, 1). Source: Steele and Vigna's mix of a Weyl sequence ("mulberry32"). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both possible. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** A number of [low, high). */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.next() * from.length)];
  }

  /** The items in random order. */
  shuffled<T>(items: readonly T[]): T[] {
    const list = [...items];
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.whole(0, i);
      [list[i], list[j]] = [list[j], list[i]];
    }
    return list;
  }

  /** So many numbers of [low, high), as f32. */
  floats(count: number, low = -2, high = 2): Float32Array {
    return Float32Array.from({ length: count }, () => this.between(low, high));
  }
}
