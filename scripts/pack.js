// Packs a WebAssembly module: writes what assembly/packing/unpack.ts reads. Searches the cheapest sequence of literals and
// copies, with the costs of decisions from the sequence found before.
import { load } from "./load.js";

/** How a module is packed: assembly/packing/model.ts. */
export const model = await load("assembly/packing/model.ts");

/** How often the sequence is searched; the last ones gain a quarter of a hundredth each. */
const ROUNDS = 8;
/** Earlier positions that are tried for copies at each position, and the length of a copy that ends the search. */
const MOST_CANDIDATES = 4000;
const LONG_ENOUGH = 300;
const LONGEST = 4095;

/** The bytes from which `module` is unpacked. */
export function pack(module) {
  const fields = fieldsOf(module);
  const copies = findCopies(module);
  let known = new Int32Array(model.CONTEXTS);
  let shortest;
  for (let round = 0; round < ROUNDS; round++) {
    const tokens = findWay(module, fields, copies, known);
    const written = writeTokens(module, fields, tokens);
    known = written.known;
    if (shortest === undefined || written.packed.length < shortest.length) shortest = written.packed;
  }
  return shortest;
}

/** The field of each byte. */
function fieldsOf(module) {
  const fields = new Uint16Array(module.length);
  class Fields extends model.Walk {
    #next = 0;
    next(field) {
      fields[this.#next] = field;
      return module[this.#next++];
    }
  }
  new Fields().through(module.length);
  return fields;
}

/** For each position the longest copies: pairs of length and distance, each longer and from farther away than the one before. */
function findCopies(module) {
  const last = new Int32Array(1 << 16).fill(-1);
  const before = new Int32Array(module.length);
  return Array.from({ length: module.length }, (_, i) => {
    const key = module[i] | (module[i + 1] << 8);
    const found = [];
    let longest = 1;
    for (
      let j = last[key], looks = 0;
      j >= 0 && looks < MOST_CANDIDATES && longest < LONG_ENOUGH;
      j = before[j], looks++
    ) {
      if (module[j + longest] !== module[i + longest]) continue;
      const length = lengthOfCopy(module, i, i - j, LONGEST);
      if (length > longest) found.push([length, i - j]);
      longest = Math.max(longest, length);
    }
    before[i] = last[key];
    last[key] = i;
    return found;
  });
}

/** How many bytes at `at` are those `distance` before, at most `most`. */
function lengthOfCopy(module, at, distance, most) {
  if (distance > at) return 0;
  let length = 0;
  while (length < most && at + length < module.length && module[at + length] === module[at + length - distance])
    length++;
  return length;
}

/** Puts the distance of a copy first among the last four. */
function remember(recent, which, distance) {
  recent.copyWithin(1, 0, which < 0 ? 3 : which);
  recent[0] = distance;
}

const after = (history, isCopy) => ((history << 1) | isCopy) & 7;

/** Adds up the costs of decisions by the states of their contexts, in bits. */
class Price extends model.Coder {
  static #bits = Float64Array.from({ length: 4097 }, (_, i) => -Math.log2(Math.max(i, 0.5) / 4096));
  sum = 0;

  constructor(known) {
    super();
    this.known = known;
  }

  code(context, bit) {
    // By the slow probability alone: the quick one knows the module's end only.
    const chance = (this.known[context] >> 20) + 2048;
    this.sum += Price.#bits[bit ? chance : 4096 - chance];
    return bit;
  }
}

/** What the parts of tokens cost. */
class Prices {
  #numbers = new Map();

  constructor(module, fields, known) {
    Object.assign(this, { module, fields, known });
  }

  #of(write) {
    const price = new Price(this.known);
    write(price);
    return price.sum;
  }

  #number(base, number) {
    const key = base * 2 ** 20 + number;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const price = this.#of((coder) => coder.number(base, number));
    this.#numbers.set(key, price);
    return price;
  }

  literal(at, history, distance) {
    const { module, fields } = this;
    return this.#of((coder) => {
      coder.code(model.COPY + (history << 10) + fields[at], 0);
      coder.literal(fields[at], history & 1 ? module[at - distance] : -1, module[at]);
    });
  }

  /** That a copy comes, from a recent distance (0 to 3) or a new one (-1). */
  copy(at, history, which) {
    return this.#of((coder) => {
      coder.code(model.COPY + (history << 10) + this.fields[at], 1);
      coder.code(model.RECENT + history, which < 0 ? 0 : 1);
      if (which >= 0) coder.bits(model.WHICH + 4 * history, 2, which);
    });
  }

  length(which, length, at) {
    return this.#number(model.lengthContext(which, this.fields[at]), length);
  }

  distance(length, distance) {
    return this.#number(model.DISTANCE + (Math.min(length, 4) - 1) * 1024, distance);
  }
}

/**
 * The cheapest tokens, each [length, which recent distance or -1, distance], a literal of length 0. Positions are reached by
 * steps from earlier ones: a token, or a copy, a literal and a copy from the same distance, since from each position only
 * one sequence is continued, and one that ends with the literal looks worse than it is.
 */
function findWay(module, fields, copies, known) {
  const size = module.length + 1;
  const prices = new Prices(module, fields, known);
  const cost = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  const [from, length, which, distance, tail] = Array.from({ length: 5 }, () => new Int32Array(size));
  const recents = new Int32Array(4 * size).fill(1);
  const histories = new Uint8Array(size);
  cost[0] = 0;

  const reach = (i, to, price, ...step) => {
    if (price >= cost[to]) return;
    cost[to] = price;
    from[to] = i;
    [length[to], which[to], distance[to], tail[to]] = step;
  };
  const reachByCopies = (i, longest, least, price, w, d) => {
    const history = after(histories[i], 1);
    const priceOf = (n) => price + prices.length(w, n, i) + (w < 0 ? prices.distance(n, d) : 0);
    for (let n = least; n <= longest; n++) if (cost[i + n] > price) reach(i, i + n, priceOf(n), n, w, d, 0);
    const literal = i + longest;
    const more = lengthOfCopy(module, literal + 1, d, LONG_ENOUGH);
    if (more === 0 || literal + 1 >= module.length) return;
    const then = after(history, 0);
    const base = priceOf(longest) + prices.literal(literal, history, d) + prices.copy(literal + 1, then, 0);
    for (let n = Math.max(1, more - 2); n <= more; n++) {
      reach(i, literal + 1 + n, base + prices.length(0, n, literal + 1), longest, w, d, n);
    }
  };

  for (let i = 0; i < module.length; i++) {
    const recent = recents.subarray(4 * i, 4 * i + 4);
    if (i > 0) {
      recent.set(recents.subarray(4 * from[i], 4 * from[i] + 4));
      if (length[i] > 0) remember(recent, which[i], distance[i]);
      histories[i] = after(histories[from[i]], length[i] > 0 ? 1 : 0);
      if (tail[i] > 0) histories[i] = after(after(histories[i], 0), 1);
    }
    reach(i, i + 1, cost[i] + prices.literal(i, histories[i], recent[0]), 0, 0, 0, 0);
    for (let w = 0; w < 4; w++) {
      const longest = recent.indexOf(recent[w]) < w ? 0 : lengthOfCopy(module, i, recent[w], LONGEST);
      if (longest > 0) reachByCopies(i, longest, 1, cost[i] + prices.copy(i, histories[i], w), w, recent[w]);
    }
    const price = cost[i] + prices.copy(i, histories[i], -1);
    let least = 2;
    for (const [longest, d] of copies[i]) {
      reachByCopies(i, longest, least, price, -1, d);
      least = longest + 1;
    }
  }

  const steps = [];
  for (let i = module.length; i > 0; i = from[i]) {
    const token = [length[i], which[i], distance[i]];
    steps.push(tail[i] > 0 ? [token, [0, 0, 0], [tail[i], 0, distance[i]]] : [token]);
  }
  return steps.reverse().flat();
}

/** The range encoder; carries are added to the bytes already written. */
class Writer extends model.Coder {
  known = new Int32Array(model.CONTEXTS);
  #low = 0;
  #range = model.WHOLE_RANGE;

  /** Writes after `bytes`. */
  constructor(bytes) {
    super();
    this.bytes = bytes;
  }

  code(context, bit) {
    const bound = (this.#range >> 12) * model.chance(this.known[context]);
    if (bit) this.#range = bound;
    else {
      this.#low += bound;
      this.#range -= bound;
    }
    if (this.#low >= 2 ** 32) this.#carry();
    for (; this.#range < model.LEAST_RANGE; this.#range <<= 8) this.#writeByte();
    this.known[context] = model.learned(this.known[context], bit);
    return bit;
  }

  end() {
    for (let i = 0; i < 4; i++) this.#writeByte();
  }

  #carry() {
    this.#low -= 2 ** 32;
    let at = this.bytes.length - 1;
    for (; this.bytes[at] === 255; at--) this.bytes[at] = 0;
    this.bytes[at]++;
  }

  #writeByte() {
    this.bytes.push(this.#low >>> 24);
    this.#low = (this.#low << 8) >>> 0;
  }
}

/** Writes a module's length in four bytes and its tokens; what the decisions' places know in the end goes with them. */
function writeTokens(module, fields, tokens) {
  const writer = new Writer([24, 16, 8, 0].map((shift) => (module.length >> shift) & 255));
  const recent = Int32Array.of(1, 1, 1, 1);
  let history = 0;
  let at = 0;
  for (const [length, which, distance] of tokens) {
    writer.code(model.COPY + (history << 10) + fields[at], length > 0 ? 1 : 0);
    if (length === 0) {
      writer.literal(fields[at], history & 1 ? module[at - recent[0]] : -1, module[at]);
    } else {
      writer.code(model.RECENT + history, which < 0 ? 0 : 1);
      if (which >= 0) writer.bits(model.WHICH + 4 * history, 2, which);
      writer.number(model.lengthContext(which, fields[at]), length);
      if (which < 0) writer.number(model.DISTANCE + (Math.min(length, 4) - 1) * 1024, distance);
      remember(recent, which, distance);
    }
    history = after(history, length > 0 ? 1 : 0);
    at += Math.max(1, length);
  }
  writer.end();
  return { packed: Uint8Array.from(writer.bytes), known: writer.known };
}
