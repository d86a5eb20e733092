// A list of numbers that grows at its end, in a typed array.

export class Series {
  private memory = new Float32Array(0);
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** The last number, NaN when there is none. */
  get last(): number {
    return this.count === 0 ? Number.NaN : this.memory[this.count - 1];
  }

  /** All numbers, on the list's own memory. */
  get numbers(): Float32Array {
    return this.memory.subarray(0, this.count);
  }

  push(number: number): void {
    this.reserve(this.count + 1);
    this.memory[this.count++] = number;
  }

  append(numbers: Float32Array): void {
    this.reserve(this.count + numbers.length);
    this.memory.set(numbers, this.count);
    this.count += numbers.length;
  }

  /** A copy of the numbers from a place on. */
  from(begin: number): Float32Array {
    return this.memory.slice(begin, this.count);
  }

  /** Takes other numbers instead. */
  replace(numbers: Float32Array): void {
    this.count = 0;
    this.append(numbers);
  }

  private reserve(count: number): void {
    if (count <= this.memory.length) return;
    const larger = new Float32Array(Math.max(1024, 2 * count));
    larger.set(this.numbers);
    this.memory = larger;
  }
}
