// Tells one array of bytes by another: what ts/runtime/delta.ts reads. Greedy: the longest match at each place, and the
// next place of the base first, since most of it goes on where it was.

/** Shorter matches elsewhere cost more than their bytes. */
const LEAST_MATCH = 8;
const LEAST_CONTINUATION = 3;
/** Places of the base that are looked at for one match. */
const MOST_PLACES = 64;

/** A delta from which `applyDelta(base, delta)` makes `target`. */
export function makeDelta(base, target) {
  const places = placesOf(base);
  const list = [];
  const literals = [];
  let waiting = 0;
  let expected = 0;
  let at = 0;
  const step = (copied, from) => {
    const offset = from - expected;
    list.push(...number(waiting), ...number(copied), ...number(offset < 0 ? -2 * offset - 1 : 2 * offset));
    waiting = 0;
  };
  while (at < target.length) {
    let [length, from] = [matchAt(base, expected, target, at), expected];
    if (length < MOST_PLACES) {
      for (const place of places.get(key(target, at)) ?? []) {
        const found = matchAt(base, place, target, at);
        if (found > length) [length, from] = [found, place];
      }
    }
    if (length >= (from === expected ? LEAST_CONTINUATION : LEAST_MATCH)) {
      step(length, from);
      at += length;
      expected = from + length;
    } else {
      literals.push(target[at++]);
      waiting++;
      expected++;
    }
  }
  if (waiting > 0) step(0, expected);
  return Uint8Array.from([...number(target.length), ...number(list.length), ...list, ...literals]);
}

/** Where each run of LEAST_MATCH bytes stands in the base. */
function placesOf(base) {
  const places = new Map();
  for (let at = 0; at + LEAST_MATCH <= base.length; at++) {
    const text = key(base, at);
    const list = places.get(text);
    if (list === undefined) places.set(text, [at]);
    else if (list.length < MOST_PLACES) list.push(at);
  }
  return places;
}

function key(bytes, at) {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(LEAST_MATCH, bytes.length - at)).toString("latin1");
}

/** How many bytes agree. */
function matchAt(base, from, target, at) {
  let length = 0;
  while (from + length < base.length && at + length < target.length && base[from + length] === target[at + length]) {
    length++;
  }
  return length;
}

/** A number of at least 0 in LEB128. */
function number(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}
