// Packs a WebAssembly module: writes what ts/runtime/unpack.ts reads. Of all ways to tell the module by literals and copies,
// the shortest is looked for, priced by the probabilities that decisions had in the way found before.

/** Times the way is looked for; the last ones gain a quarter of a hundredth each. */
const ROUNDS = 8;
/** Earlier places that are looked at for copies from one place, and when a copy is long enough to look no further. */
const MOST_PLACES = 4000;
const LONG_ENOUGH = 300;
const LONGEST = 4095;

/** The bytes from which `model.unpack` makes `module`; `model` is ts/runtime/unpack.ts. */
export function pack(module, model) {
  const fields = fieldsOf(module, model);
  const copies = findCopies(module);
  let probabilities = new model.Probabilities();
  let shortest;
  for (let round = 0; round < ROUNDS; round++) {
    const tokens = findWay(module, fields, copies, probabilities, model);
    const written = writeTokens(module, fields, tokens, model);
    probabilities = written.probabilities;
    if (shortest === undefined || written.packed.length < shortest.length) shortest = written.packed;
  }
  return shortest;
}

/** The field of each byte. */
function fieldsOf(module, { walkModule }) {
  const fields = new Uint16Array(module.length);
  let at = 0;
  walkModule(module.length, (field) => {
    fields[at] = field;
    return module[at++];
  });
  return fields;
}

/** For each place the longest copies: pairs of length and distance, each longer and from farther away than the one before. */
function findCopies(module) {
  const last = new Int32Array(1 << 16).fill(-1);
  const before = new Int32Array(module.length);
  return Array.from({ length: module.length }, (_, i) => {
    const key = module[i] | (module[i + 1] << 8);
    const found = [];
    let longest = 1;
    for (let j = last[key], looks = 0; j >= 0 && looks < MOST_PLACES && longest < LONG_ENOUGH; j = before[j], looks++) {
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

/** What decisions cost with these probabilities, in bits. */
class Prices {
  #bits = Float64Array.from({ length: 4097 }, (_, i) => -Math.log2(Math.max(i, 0.5) / 4096));
  #numbers = new Map();
  #sum = 0;
  #code;

  constructor(module, fields, probabilities, model) {
    Object.assign(this, { module, fields, model });
    this.#code = (place, known) => {
      const p = probabilities.at(place);
      this.#sum += this.#bits[known ? p : 4096 - p];
      return known;
    };
  }

  #of(write) {
    this.#sum = 0;
    write(this.#code);
    return this.#sum;
  }

  #number(base, number) {
    const key = base * 2 ** 20 + number;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const price = this.#of((code) => this.model.codeNumber(code, base, number));
    this.#numbers.set(key, price);
    return price;
  }

  literal(at, history, distance) {
    const { module, fields, model } = this;
    return this.#of((code) => {
      code(model.COPY + (history << 10) + fields[at], 0);
      model.codeLiteral(code, fields[at], history & 1 ? module[at - distance] : -1, module[at]);
    });
  }

  /** That a copy comes, from a recent distance (0 to 3) or a new one (-1). */
  copy(at, history, which) {
    const { fields, model } = this;
    return this.#of((code) => {
      code(model.COPY + (history << 10) + fields[at], 1);
      code(model.RECENT + history, which < 0 ? 0 : 1);
      if (which >= 0) model.codeBits(code, model.WHICH + 4 * history, 2, which);
    });
  }

  length(which, length, at) {
    return this.#number(this.model.lengthPlace(which, this.fields[at]), length);
  }

  distance(length, distance) {
    return this.#number(this.model.DISTANCE + (Math.min(length, 4) - 1) * 1024, distance);
  }
}

/**
 * The cheapest tokens, each [length, which recent distance or -1, distance], a literal of length 0. Places are reached by
 * steps from earlier ones: a token, or a copy, a literal and a copy from the same distance, since from each place only one
 * way is followed, and one that ends with the literal looks worse than it is.
 */
function findWay(module, fields, copies, probabilities, model) {
  const size = module.length + 1;
  const prices = new Prices(module, fields, probabilities, model);
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

/** Codes tokens, in ranges of fractions; what is carried goes into the bytes already written. */
function writeTokens(module, fields, tokens, model) {
  const probabilities = new model.Probabilities();
  const packed = [24, 16, 8, 0].map((shift) => (module.length >> shift) & 255);
  let low = 0;
  let range = model.WHOLE_RANGE;
  const writeByte = () => {
    packed.push(low >>> 24);
    low = (low << 8) >>> 0;
  };
  const code = (place, known) => {
    const bound = (range >> 12) * probabilities.at(place);
    if (known) range = bound;
    else {
      low += bound;
      range -= bound;
    }
    if (low >= 2 ** 32) {
      low -= 2 ** 32;
      let at = packed.length - 1;
      for (; packed[at] === 255; at--) packed[at] = 0;
      packed[at]++;
    }
    for (; range < model.LEAST_RANGE; range <<= 8) writeByte();
    probabilities.learn(place, known);
    return known;
  };

  const recent = Int32Array.of(1, 1, 1, 1);
  let history = 0;
  let at = 0;
  for (const [length, which, distance] of tokens) {
    code(model.COPY + (history << 10) + fields[at], length > 0 ? 1 : 0);
    if (length === 0) {
      model.codeLiteral(code, fields[at], history & 1 ? module[at - recent[0]] : -1, module[at]);
    } else {
      code(model.RECENT + history, which < 0 ? 0 : 1);
      if (which >= 0) model.codeBits(code, model.WHICH + 4 * history, 2, which);
      model.codeNumber(code, model.lengthPlace(which, fields[at]), length);
      if (which < 0) model.codeNumber(code, model.DISTANCE + (Math.min(length, 4) - 1) * 1024, distance);
      remember(recent, which, distance);
    }
    history = after(history, length > 0 ? 1 : 0);
    at += Math.max(1, length);
  }
  for (let i = 0; i < 4; i++) writeByte();
  return { packed: Uint8Array.from(packed), probabilities };
}
