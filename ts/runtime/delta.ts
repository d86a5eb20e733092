// One array of bytes told by another: the relaxed build of the core is the baseline one with other instructions in some
// places. scripts/delta.js writes what is read here.

/**
 * The target of a delta from `base`. A delta is a list of numbers and then literal bytes: the length of the target, the
 * length of the list in bytes, and for each step how many literals come, how many bytes are copied from the base, and
 * where, counted from where the last copy and the literals ended. Numbers are LEB128, the last of the three zigzag.
 */
export function applyDelta(base: Uint8Array, delta: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = delta[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const target = new Uint8Array(number());
  const listBytes = number();
  let literal = at + listBytes;
  let place = 0;
  let from = 0;
  while (place < target.length) {
    const literals = number();
    const copied = number();
    const offset = number();
    // Few at a time: a loop is faster than a view.
    for (let i = 0; i < literals; i++) target[place++] = delta[literal++];
    from += literals + (offset & 1 ? -(offset + 1) / 2 : offset / 2);
    target.set(base.subarray(from, from + copied), place);
    place += copied;
    from += copied;
  }
  return target;
}
