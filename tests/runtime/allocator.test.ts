// The allocator under random use: blocks never overlap, are aligned, and free neighbours always become one.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Allocator, type Block } from "../../ts/runtime/allocator.ts";

const BEGIN = 64;
const END = 1024 * 1024;

/** All blocks in address order, found from any of them. */
function neighbours(block: Block): Block[] {
  let first = block;
  while (first.before) first = first.before;
  const list: Block[] = [];
  for (let next: Block | undefined = first; next; next = next.after) list.push(next);
  return list;
}

function checkBooks(allocator: Allocator, held: readonly Block[], any: Block, end: number): void {
  const all = neighbours(any);
  let address = BEGIN;
  for (const [i, block] of all.entries()) {
    expect(block.address).toBe(address);
    expect(block.address % 64).toBe(0);
    expect(block.bytes).toBeGreaterThanOrEqual(64);
    expect(block.free && all[i + 1]?.free).not.toBe(true);
    address += block.bytes;
  }
  expect(address).toBe(end);
  expect(new Set(all.filter((block) => !block.free))).toEqual(new Set(held));
  expect(allocator.inUse).toBe(held.reduce((sum, block) => sum + block.bytes, 0));
}

type Action = { readonly take: number } | { readonly give: number } | { readonly extend: number };

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ take: fc.integer({ min: 0, max: 700 }) }) },
    { weight: 2, arbitrary: fc.record({ take: fc.integer({ min: 0, max: END / 4 }) }) },
    { weight: 6, arbitrary: fc.record({ give: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ extend: fc.integer({ min: 1, max: 16 }) }) },
  ),
  { maxLength: 120 },
);

describe("Allocator", () => {
  it("keeps its books over random sequences of taking, giving back and extending", () => {
    fc.assert(
      fc.property(actions, (sequence) => {
        const allocator = new Allocator(BEGIN, END);
        const held: Block[] = [];
        let end = END;
        let any: Block | undefined;
        for (const action of sequence) {
          if ("take" in action) {
            const block = allocator.allocate(action.take);
            // Room can only be refused when no free block is large enough.
            if (block === undefined) {
              const largest = any
                ? Math.max(
                    0,
                    ...neighbours(any)
                      .filter((b) => b.free)
                      .map((b) => b.bytes),
                  )
                : END;
              expect(largest).toBeLessThan(Math.ceil(action.take / 64) * 64);
              continue;
            }
            expect(block.bytes).toBeGreaterThanOrEqual(action.take);
            expect(block.bytes - action.take).toBeLessThanOrEqual(64);
            held.push(block);
            any = block;
          } else if ("give" in action) {
            if (held.length === 0) continue;
            const [block] = held.splice(action.give % held.length, 1);
            allocator.release(block);
            // The block may have been absorbed by the one before it.
            any = block.before ?? held[0] ?? any;
            if (held.length === 0) any = undefined;
          } else {
            end += action.extend * 65536;
            allocator.extend(end);
          }
          if (any !== undefined && held.length > 0) checkBooks(allocator, held, held[0], end);
        }
        for (const block of held) allocator.release(block);
        expect(allocator.inUse).toBe(0);
        // All of it is one block again.
        const whole = allocator.allocate(end - BEGIN);
        expect([whole?.address, whole?.bytes]).toEqual([BEGIN, end - BEGIN]);
      }),
      { numRuns: 400 },
    );
  });

  it("rounds every request up to 64 bytes, also one of none", () => {
    const allocator = new Allocator(BEGIN, END);
    expect(allocator.allocate(0)?.bytes).toBe(64);
    expect(allocator.allocate(65)?.bytes).toBe(128);
    expect(allocator.inUse).toBe(192);
  });

  it("says how much is missing, counting what is free at the end", () => {
    const allocator = new Allocator(BEGIN, END);
    const block = allocator.allocate(END / 2);
    expect(allocator.shortfall(END)).toBe(END - (END - BEGIN - END / 2));
    expect(block && allocator.allocate(END)).toBeUndefined();
    allocator.extend(END + allocator.shortfall(END));
    expect(allocator.allocate(END)?.bytes).toBe(END);
    expect(allocator.shortfall(64)).toBe(64);
  });

  it.each([END, 2 ** 31, 2 ** 33, 2 ** 38, 2 ** 45])("refuses %d bytes where they cannot be", (bytes) => {
    expect(new Allocator(BEGIN, END).allocate(bytes)).toBeUndefined();
  });

  it("manages addresses up to 4 GiB", () => {
    const allocator = new Allocator(BEGIN, 2 ** 32);
    const low = allocator.allocate(3 * 1024 ** 3);
    const high = allocator.allocate(1024 ** 3 - 128);
    expect([low?.address, high?.address]).toEqual([BEGIN, BEGIN + 3 * 1024 ** 3]);
    expect(allocator.allocate(128)).toBeUndefined();
  });
});
