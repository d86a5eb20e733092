// Plans of random steps: rows that touch the same memory keep their order, and buffers alive together never overlap.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Buffer } from "../../ts/runtime/operand.ts";
import { type Group, makePlan, type Plan } from "../../ts/runtime/plan.ts";
import type { Launch } from "../../ts/runtime/program.ts";

function makeBuffer(bytes: number): Buffer {
  const block = {
    address: 0,
    bytes,
    free: false,
    before: undefined,
    after: undefined,
    previous: undefined,
    next: undefined,
  };
  return { block, bytes, references: 1, reusable: false, version: 0, origin: undefined };
}

interface Step {
  readonly launches: Launch[];
  readonly owned: Set<Buffer>;
  readonly inputs: Buffer[];
  readonly outputs: Buffer[];
}

const BUFFERS = 12;

const launches = fc.array(
  fc.record({
    write: fc.nat(BUFFERS - 1),
    update: fc.option(fc.nat(BUFFERS - 1), { nil: undefined }),
    reads: fc.array(fc.nat(BUFFERS - 1), { maxLength: 3 }),
    units: fc.integer({ min: 1, max: 100 }),
    grain: fc.constantFrom(1, 7, 100),
    cost: fc.constantFrom(1, 100, 3000),
  }),
  { minLength: 1, maxLength: 30 },
);

const steps: fc.Arbitrary<Step> = fc
  .tuple(launches, fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: BUFFERS, maxLength: BUFFERS }))
  .map(([rows, sizes]) => {
    // Two inputs, two outputs, two buffers from outside; the rest belongs to the step.
    const buffers = sizes.map(makeBuffer);
    return {
      launches: rows.map(({ write, update, reads, units, grain, cost }) => ({
        kernel: 0,
        kinds: `w${update === undefined ? "" : "u"}i${"r".repeat(reads.length)}f`,
        units,
        grain: Math.min(grain, units),
        nanoseconds: units * cost,
        buffers: [write, ...(update === undefined ? [] : [update]), ...reads].map((i) => buffers[i]),
        numbers: [1, 2],
        shapes: "",
      })),
      owned: new Set(buffers.slice(0, -2)),
      inputs: buffers.slice(0, 2),
      outputs: buffers.slice(2, 4),
    };
  });

const writes = ({ kinds, buffers }: Launch): Set<Buffer | undefined> =>
  new Set(buffers.filter((_, i) => kinds.replace(/[if]/g, "")[i] !== "r"));

function conflict(a: Launch, b: Launch): boolean {
  return a.buffers.some((x) => b.buffers.includes(x) && (writes(a).has(x) || writes(b).has(x)));
}

/** Where each launch stands: its group, its place in it, and the number of its stage. */
function places(plan: Plan): Map<Launch, { group: Group; place: number; stage: number }> {
  const starts = [...new Set(plan.groups.map((group) => group.start))];
  const found = new Map<Launch, { group: Group; place: number; stage: number }>();
  for (const group of plan.groups) {
    for (const [place, launch] of group.launches.entries()) {
      found.set(launch, { group, place, stage: starts.indexOf(group.start) });
    }
  }
  return found;
}

const planOf = ({ launches, owned, inputs, outputs }: Step): Plan => makePlan(launches, owned, inputs, outputs);

describe("makePlan", () => {
  it("has every row once, and never two rows that touch the same memory side by side", () => {
    fc.assert(
      fc.property(steps, (step) => {
        const plan = planOf(step);
        const found = places(plan);
        expect(plan.groups.flatMap((group) => group.launches)).toHaveLength(step.launches.length);
        step.launches.forEach((later, j) => {
          for (const earlier of step.launches.slice(0, j)) {
            if (!conflict(earlier, later)) continue;
            const [a, b] = [found.get(earlier), found.get(later)];
            if (a === undefined || b === undefined) throw new Error("a row is missing");
            if (a.group === b.group) expect(a.place).toBeLessThan(b.place);
            else expect(a.stage).toBeLessThan(b.stage);
          }
        });
      }),
      { numRuns: 500 },
    );
  });

  it("numbers tickets one after the other, each group's after all of the stages before it", () => {
    fc.assert(
      fc.property(steps, (step) => {
        let ticket = 0;
        for (const group of planOf(step).groups) {
          expect(group.first).toBe(ticket);
          expect(group.start).toBeLessThanOrEqual(group.first);
          const chunks = group.launches.map(({ units, grain }) => Math.ceil(units / grain));
          expect(chunks).toEqual(chunks.map(() => group.tickets));
          if (group.launches.length > 1) expect(group.tickets).toBe(1);
          ticket += group.tickets;
        }
      }),
    );
  });

  it("gives buffers that are alive in the same stage different memory", () => {
    fc.assert(
      fc.property(steps, (step) => {
        const plan = planOf(step);
        const found = places(plan);
        const lives = [...plan.offsets].map(([buffer, offset]) => {
          const stages = step.launches
            .filter((launch) => launch.buffers.includes(buffer))
            .map((launch) => found.get(launch)?.stage ?? -1);
          if (step.inputs.includes(buffer)) stages.push(-1, Number.POSITIVE_INFINITY);
          if (step.outputs.includes(buffer)) stages.push(Number.POSITIVE_INFINITY);
          return { offset, end: offset + buffer.bytes, first: Math.min(...stages), last: Math.max(...stages) };
        });
        for (const [i, a] of lives.entries()) {
          expect(a.offset % 64).toBe(0);
          expect(a.end).toBeLessThanOrEqual(plan.arenaBytes);
          for (const b of lives.slice(0, i)) {
            const together = a.first <= b.last && b.first <= a.last;
            const apart = a.end <= b.offset || b.end <= a.offset;
            expect(together && !apart && a.end > a.offset && b.end > b.offset).toBe(false);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("knows which buffers from outside it uses, and which of them it changes", () => {
    fc.assert(
      fc.property(steps, (step) => {
        const plan = planOf(step);
        const used = step.launches.flatMap(({ buffers }) => buffers);
        const outside = new Set(used.filter((buffer) => buffer && !step.owned.has(buffer)));
        const updated = new Set(
          step.launches.flatMap((row) => [...writes(row)]).filter((b) => b && !step.owned.has(b)),
        );
        expect(new Set(plan.outside)).toEqual(outside);
        expect(new Set(plan.updated)).toEqual(updated);
        for (const buffer of [...step.inputs, ...step.outputs]) expect(plan.offsets.has(buffer)).toBe(true);
      }),
    );
  });

  it("lets buffers that follow each other share memory", () => {
    const chain = Array.from({ length: 10 }, () => makeBuffer(64_000));
    const rows = chain.slice(1).map((buffer, i): Launch => {
      return {
        kernel: 0,
        kinds: "wr",
        units: 2,
        grain: 1,
        nanoseconds: 1e6,
        buffers: [buffer, chain[i]],
        numbers: [],
        shapes: "",
      };
    });
    const plan = makePlan(rows, new Set(chain), [chain[0]], [chain[9]]);
    expect(plan.arenaBytes).toBe(3 * 64_000);
  });

  it("has nothing to run for a step that launches nothing", () => {
    const input = makeBuffer(100);
    const plan = makePlan([], new Set([input]), [input], [input]);
    expect([plan.groups, plan.parallel]).toEqual([[], false]);
    expect(plan.offsets.get(input)).toBe(0);
  });
});
