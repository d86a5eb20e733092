// How work is cut into chunks. What is computed never depends on it.

/** When and how a launch is cut into chunks; tests cut everything into crumbs. */
export const splitting = {
  /** Work below this is not worth handing out. */
  parallelNanoseconds: 20_000,
  /** About this much work makes a chunk. */
  chunkNanoseconds: 8_000,
  /** Elementwise rows over more units than this run block by block, so that what they pass on stays in a cache. */
  blockUnits: 8192,
};

/** How many of `units` units of `cost` nanoseconds make a chunk: that follows from the work, not from the threads. */
export function chunk(units: number, cost: number): number {
  if (units * cost < splitting.parallelNanoseconds) return units;
  const grain = Math.max(1, Math.ceil(splitting.chunkNanoseconds / cost));
  // Chunks of many small units begin at cache lines, so that two threads do not write to the same one.
  return grain < 64 ? grain : Math.ceil(grain / 64) * 64;
}
