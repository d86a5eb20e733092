// A short list of facts: names on the left, what there is to say on the right.
import type { Paint } from "./paint.ts";

/** Lines such as "Throughput   24,190 images/s", the right side aligned. */
export function drawFacts(facts: readonly (readonly [name: string, text: string])[], paint: Paint): string[] {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, text]) => `${paint.dim(name.padEnd(width))}   ${text}`);
}
