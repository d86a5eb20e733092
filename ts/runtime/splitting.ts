// How work is divided into chunks. Results never depend on it.

/** When and how a launch is divided into chunks; tests make the chunks tiny. */
export const splitting = {
  /** Less work than this stays on the calling thread. */
  parallelNanoseconds: 20_000,
  /** About this much work is a chunk. */
  chunkNanoseconds: 8_000,
  /** Elementwise launches over more units than this run block by block, so that intermediate values stay in a cache. */
  blockUnits: 8192,
};

/** Units of a chunk, for `units` units of `cost` nanoseconds: it depends on the work, not on the number of threads. */
export function chunk(units: number, cost: number): number {
  if (units * cost < splitting.parallelNanoseconds) return units;
  const grain = Math.max(1, Math.ceil(splitting.chunkNanoseconds / cost));
  // Chunks of many small units begin at cache lines, so that two threads do not write to the same one.
  return grain < 64 ? grain : Math.ceil(grain / 64) * 64;
}
