// Plans of random steps: launches that touch the same memory keep their order, buffers alive together never overlap unless a
// result may lie where an operand lay, and nothing is computed for nobody.
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Launch } from "../../ts/runtime/launch.ts";
import type { Buffer } from "../../ts/runtime/operand.ts";
import { makePlan, type Plan } from "../../ts/runtime/plan.ts";
import { splitting } from "../../ts/runtime/splitting.ts";
import { accesses, type Group } from "../../ts/runtime/stages.ts";

const usual = { ...splitting };
splitting.blockUnits = 50;
afterAll(() => {
  Object.assign(splitting, usual);
});

function makeBuffer(bytes: number): Buffer {
  const block = {
    address: 0,
    bytes,
    free: false,
    maker: -1,
    before: undefined,
    after: undefined,
    previous: undefined,
    next: undefined,
  };
  return { block, bytes, references: 1, reusable: false, version: 0, ballast: undefined, origin: undefined };
}

interface Step {
  readonly launches: Launch[];
  readonly owned: Set<Buffer>;
  readonly inputs: Buffer[];
  readonly outputs: Buffer[];
}

const BUFFERS = 12;
const UNITS = 60;

const launches = fc.array(
  fc
    .record({
      write: fc.nat(BUFFERS - 1),
      update: fc.option(fc.nat(BUFFERS - 1), { nil: undefined }),
      reads: fc.array(fc.nat(BUFFERS - 1), { maxLength: 3 }),
      units: fc.oneof(fc.constant(UNITS), fc.constant(UNITS), fc.integer({ min: 1, max: 100 })),
      elementwise: fc.boolean(),
      /** Of what an elementwise launch reads, it may read some otherwise. */
      digits: fc.constantFrom("444", "444", "404", "440"),
      grain: fc.constantFrom(1, 7, 100),
      cost: fc.constantFrom(1, 100, 3000),
    })
    // What a launch writes anew it does not also read.
    .map(({ write, update, reads, ...rest }) => {
      const others = reads.filter((read) => read !== write);
      return { write, update: update === write ? undefined : update, reads: others, ...rest };
    }),
  { minLength: 1, maxLength: 30 },
);
/** Many buffers have an element of four bytes for each unit. */
const size = fc.oneof(fc.constant(4 * UNITS), fc.constant(4 * UNITS), fc.integer({ min: 0, max: 5000 }));

const steps: fc.Arbitrary<Step> = fc
  .tuple(launches, fc.array(size, { minLength: BUFFERS, maxLength: BUFFERS }))
  .map(([launches, sizes]) => {
    // Two inputs, two outputs, two buffers from outside; the rest belongs to the step.
    const buffers = sizes.map(makeBuffer);
    return {
      launches: launches.map(({ write, update, reads, units, grain, cost, elementwise, digits }) => ({
        kernel: 0,
        kinds: `w${update === undefined ? "" : "u"}i${"r".repeat(reads.length)}f`,
        each: elementwise ? `4${update === undefined ? "" : "4"}0${digits.slice(0, reads.length)}0` : "0".repeat(9),
        units,
        grain: Math.min(grain, units),
        nanoseconds: units * cost,
        buffers: [write, ...(update === undefined ? [] : [update]), ...reads].map((i) => buffers[i]),
        numbers: [1, 2],
        pack: false,
        shapes: "",
      })),
      owned: new Set(buffers.slice(0, -2)),
      inputs: buffers.slice(0, 2),
      outputs: buffers.slice(2, 4),
    };
  });

const writes = (launch: Launch): Set<Buffer> =>
  new Set(accesses(launch).flatMap(({ buffer, kind }) => (kind === "r" ? [] : [buffer])));

/** The buffers because of which two launches must keep their order. */
const conflicts = (a: Launch, b: Launch): Buffer[] =>
  accesses(a).flatMap(({ buffer }) =>
    b.buffers.includes(buffer) && (writes(a).has(buffer) || writes(b).has(buffer)) ? [buffer] : [],
  );

/** Whether all that a launch does to a buffer, it does element by element. */
const isEach = (launch: Launch, buffer: Buffer): boolean =>
  accesses(launch).every((access) => access.buffer !== buffer || access.each);

/** Launches whose results reach an output, an input or memory outside, by the definition. */
function needed({ launches, owned, inputs, outputs }: Step): Launch[] {
  const found = new Set<Launch>();
  const isRoot = (buffer: Buffer): boolean => !owned.has(buffer) || inputs.includes(buffer) || outputs.includes(buffer);
  const isRead = (launch: number, buffer: Buffer): boolean =>
    launches.slice(launch + 1).some((later) => found.has(later) && later.buffers.includes(buffer));
  for (let launch = launches.length - 1; launch >= 0; launch--) {
    if ([...writes(launches[launch])].some((buffer) => isRoot(buffer) || isRead(launch, buffer)))
      found.add(launches[launch]);
  }
  return launches.filter((launch) => found.has(launch));
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
  it("has every launch that is needed once, and never two launches that touch the same memory side by side", () => {
    fc.assert(
      fc.property(steps, (step) => {
        const plan = planOf(step);
        const found = places(plan);
        const launches = needed(step);
        expect(new Set(found.keys())).toEqual(new Set(launches));
        expect(plan.groups.flatMap((group) => group.launches)).toHaveLength(launches.length);
        launches.forEach((later, j) => {
          for (const earlier of launches.slice(0, j)) {
            const shared = conflicts(earlier, later);
            if (shared.length === 0) continue;
            const [a, b] = [found.get(earlier), found.get(later)];
            if (a === undefined || b === undefined) throw new Error("a launch is missing");
            if (a.group !== b.group) expect(a.stage).toBeLessThan(b.stage);
            else {
              expect(a.place).toBeLessThan(b.place);
              // Of launches that run block by block, each needs no more of the others than the block they are at.
              if (a.group.block > 0) {
                expect(shared.every((buffer) => isEach(earlier, buffer) && isEach(later, buffer))).toBe(true);
              }
            }
          }
        });
      }),
      { numRuns: 1000 },
    );
  });

  it("runs launches that look for bad values first, with what must run before them and nothing else", () => {
    fc.assert(
      fc.property(steps, fc.array(fc.nat(29), { minLength: 1, maxLength: 3 }), (step, looking) => {
        const fail = (): Error => new Error("bad");
        const checked = step.launches.map((launch, i) => (looking.includes(i) ? { ...launch, fail } : launch));
        const plan = planOf({ ...step, launches: checked });
        const launches = needed({ ...step, launches: checked });
        const first = new Set(plan.checking.flatMap((group) => group.launches));
        const rest = new Set(plan.groups.flatMap((group) => group.launches));
        expect(new Set([...first, ...rest])).toEqual(new Set(launches));
        expect(first.size + rest.size).toBe(launches.length);
        expect(plan.checks).toEqual(launches.filter((launch) => launch.fail));
        launches.forEach((launch, i) => {
          const precedes = launches
            .slice(i + 1)
            .some((later) => first.has(later) && conflicts(launch, later).length > 0);
          expect(first.has(launch)).toBe(launch.fail !== undefined || precedes);
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
          const { launches, units, grain, tickets, block } = group;
          expect(group.first).toBe(ticket);
          expect(group.start).toBeLessThanOrEqual(group.first);
          expect(tickets).toBe(Math.ceil(units / grain));
          if (block === 0) expect(tickets).toBe(1);
          else {
            expect(block).toBeLessThanOrEqual(grain);
            expect(launches.map((launch) => launch.units)).toEqual(launches.map(() => units));
          }
          ticket += tickets;
        }
      }),
    );
  });

  it("gives buffers that are alive in the same stage different memory, or one that of the other that ends there", () => {
    let shared = 0;
    fc.assert(
      fc.property(steps, (step) => {
        const plan = planOf(step);
        const found = places(plan);
        const lives = [...plan.offsets].map(([buffer, offset]) => {
          const launches = needed(step).filter((launch) => launch.buffers.includes(buffer));
          const stages = launches.map((launch) => found.get(launch)?.stage ?? -1);
          if (step.inputs.includes(buffer)) stages.push(-1, Number.POSITIVE_INFINITY);
          if (step.outputs.includes(buffer)) stages.push(Number.POSITIVE_INFINITY);
          const end = offset + buffer.bytes;
          return { buffer, launches, offset, end, first: Math.min(...stages), last: Math.max(...stages) };
        });
        /** Whether `late` may be written over `early`: by one launch, which ends the one and begins the other. */
        const mayReplace = (early: (typeof lives)[0], late: (typeof lives)[0]): boolean => {
          if (early.last !== late.first || early.offset !== late.offset || early.end !== late.end) return false;
          const launch = early.launches.at(-1);
          const group = launch && found.get(launch)?.group;
          if (launch === undefined || launch !== late.launches[0] || group === undefined) return false;
          const others = early.launches.filter((other) => found.get(other)?.stage === early.last);
          return (
            isEach(launch, early.buffer) &&
            isEach(launch, late.buffer) &&
            others.every((other) => group.launches.includes(other)) &&
            (group.block === 0 || others.every((other) => isEach(other, early.buffer)))
          );
        };
        for (const [i, a] of lives.entries()) {
          expect(a.offset % 64).toBe(0);
          expect(a.end).toBeLessThanOrEqual(plan.arenaBytes);
          for (const b of lives.slice(0, i)) {
            const together = a.first <= b.last && b.first <= a.last;
            const apart = a.end <= b.offset || b.end <= a.offset;
            if (!together || apart || a.end === a.offset || b.end === b.offset) continue;
            // Within a stage one buffer may replace another that replaced a third: then the ends meet, not the two.
            const inTurn = (x: typeof a, y: typeof a): boolean =>
              mayReplace(x, y) || lives.some((z) => z !== x && z !== y && mayReplace(x, z) && inTurn(z, y));
            expect(inTurn(a, b) || inTurn(b, a)).toBe(true);
            shared++;
          }
        }
      }),
      { numRuns: 1000 },
    );
    expect(shared).toBeGreaterThan(0);
  });

  it("knows which buffers from outside it uses, and which of them it changes", () => {
    fc.assert(
      fc.property(steps, (step) => {
        const plan = planOf(step);
        const used = needed(step).flatMap(({ buffers }) => buffers);
        const outside = new Set(used.filter((buffer) => buffer && !step.owned.has(buffer)));
        const updated = new Set(
          needed(step)
            .flatMap((launch) => [...writes(launch)])
            .filter((b) => !step.owned.has(b)),
        );
        expect(new Set(plan.outside)).toEqual(outside);
        expect(new Set(plan.updated)).toEqual(updated);
        for (const buffer of [...step.inputs, ...step.outputs]) expect(plan.offsets.has(buffer)).toBe(true);
      }),
    );
  });

  const makeLaunch = (kinds: string, each: string, units: number, ...buffers: Buffer[]): Launch => {
    return {
      kernel: 0,
      kinds,
      each,
      units,
      grain: units,
      nanoseconds: units,
      buffers,
      numbers: [],
      pack: false,
      shapes: "",
    };
  };

  it("lets buffers that follow each other share memory", () => {
    const chain = Array.from({ length: 10 }, () => makeBuffer(64_000));
    const launches = chain.slice(1).map((buffer, i) => makeLaunch("wr", "00", 2, buffer, chain[i]));
    const plan = makePlan(launches, new Set(chain), [chain[0]], [chain[9]]);
    // Small launches are one group, whose buffers are all alive in its stage.
    expect(plan.arenaBytes).toBe(10 * 64_000);
    const large = launches.map((launch) => ({ ...launch, grain: 1, nanoseconds: 1e6 }));
    expect(makePlan(large, new Set(chain), [chain[0]], [chain[9]]).arenaBytes).toBe(3 * 64_000);
  });

  it("runs a chain of elementwise launches block by block, in one place beside its input", () => {
    const chain = Array.from({ length: 10 }, () => makeBuffer(64_000));
    const launches = chain.slice(1).map((buffer, i) => makeLaunch("wr", "44", 16_000, buffer, chain[i]));
    const plan = makePlan(launches, new Set(chain), [chain[0]], [chain[9]]);
    expect(plan.groups).toMatchObject([{ launches, units: 16_000, block: splitting.blockUnits }]);
    expect(plan.groups[0].tickets).toBeGreaterThan(1);
    expect(plan.arenaBytes).toBe(2 * 64_000);
  });

  it("does not run a launch block by block that reads other elements than the launches before it write", () => {
    const [x, y, sum, z] = [64_000, 64_000, 4, 64_000].map(makeBuffer);
    const launches = [
      makeLaunch("wr", "44", 16_000, y, x),
      makeLaunch("wr", "00", 1, sum, y),
      makeLaunch("wrr", "444", 16_000, z, y, sum),
      makeLaunch("wr", "40", 16_000, x, z),
    ];
    const plan = makePlan(launches, new Set([x, y, sum, z]), [], [x]);
    expect(plan.groups.map(({ launches }) => launches)).toEqual(launches.map((launch) => [launch]));
    expect(new Set(plan.groups.map(({ start }) => start)).size).toBe(4);
    expect(plan.offsets.get(z)).toBe(plan.offsets.get(y));
  });

  it("does not write over an operand of which other elements are still wanted", () => {
    const [x, y, z] = [64_000, 64_000, 64_000].map(makeBuffer);
    const make = makeLaunch("w", "0", 1, x);
    const placeOf = (...launches: Launch[]): { groups: number; inPlace: boolean } => {
      const { groups, offsets } = makePlan([make, ...launches], new Set([x, y, z]), [], [y, z]);
      return { groups: groups.length, inPlace: offsets.get(z) === offsets.get(x) };
    };
    const last = makeLaunch("wr", "44", 16_000, z, x);
    expect(placeOf(makeLaunch("wr", "44", 16_000, y, x), last)).toEqual({ groups: 2, inPlace: true });
    expect(placeOf(makeLaunch("wr", "40", 16_000, y, x), last)).toEqual({ groups: 2, inPlace: false });
    expect(placeOf({ ...makeLaunch("wr", "00", 16_000, y, x), grain: 100 }, last)).toEqual({
      groups: 3,
      inPlace: false,
    });
    expect(placeOf(makeLaunch("wrr", "444", 16_000, z, x, x))).toEqual({ groups: 2, inPlace: true });
    expect(placeOf(makeLaunch("wrr", "440", 16_000, z, x, x))).toEqual({ groups: 2, inPlace: false });
  });

  it("leaves out launches whose results nobody reads, and those that only they need", () => {
    const [x, unread, alsoUnread, half, y, variable] = Array.from({ length: 6 }, () => makeBuffer(400));
    const launches = [
      makeLaunch("wr", "00", 100, half, x),
      makeLaunch("wr", "44", 100, unread, x),
      makeLaunch("wr", "44", 100, alsoUnread, unread),
      makeLaunch("ur", "00", 50, half, x),
      makeLaunch("wr", "00", 100, y, half),
      makeLaunch("ur", "44", 100, variable, x),
      makeLaunch("ur", "44", 100, alsoUnread, y),
    ];
    const owned = new Set([x, unread, alsoUnread, half, y]);
    const plan = makePlan(launches, owned, [x], [y]);
    expect(plan.groups.flatMap(({ launches }) => launches)).toEqual([0, 3, 4, 5].map((i) => launches[i]));
    expect([plan.outside, plan.updated]).toEqual([[variable], [variable]]);
    expect(plan.offsets.has(unread)).toBe(false);
  });

  it("packs apart from the rest what no launch changes, and keeps it", () => {
    const [x, y, packed, alsoPacked, weights, updated] = Array.from({ length: 6 }, () => makeBuffer(400));
    const pack = (to: Buffer, from: Buffer): Launch => ({ ...makeLaunch("wr", "00", 100, to, from), pack: true });
    const launches = [
      pack(packed, weights),
      pack(alsoPacked, updated),
      makeLaunch("wrr", "000", 100, y, x, packed),
      makeLaunch("ur", "00", 100, updated, alsoPacked),
    ];
    const plan = makePlan(launches, new Set([x, y, packed, alsoPacked]), [x], [y]);
    expect(plan.packing.flatMap(({ launches }) => launches)).toEqual([launches[0]]);
    expect(plan.packedFrom).toEqual([weights]);
    expect(plan.groups.flatMap(({ launches }) => launches)).toEqual(launches.slice(1));
    // Nothing else may lie where the packed weights lie.
    const place = plan.offsets.get(packed);
    expect([x, y, alsoPacked].map((buffer) => plan.offsets.get(buffer))).not.toContain(place);
    // A result that the caller gets, and what an input is packed from, belong to each run.
    expect(makePlan([pack(y, weights)], new Set([y]), [], [y]).packing).toEqual([]);
    expect(
      makePlan([pack(y, x), makeLaunch("wr", "00", 1, packed, y)], new Set([x, y, packed]), [x], [packed]).packing,
    ).toEqual([]);
  });

  it("wants more than one thread where enough can be done side by side", () => {
    const buffers = Array.from({ length: 3 }, () => makeBuffer(400));
    const parallel = (nanoseconds: number, grain: number): boolean => {
      const launch = { ...makeLaunch("w", "0", 100, buffers[0]), nanoseconds, grain };
      return makePlan([launch], new Set(buffers), [], [buffers[0]]).parallel;
    };
    expect([parallel(1e6, 100), parallel(1e6, 10), parallel(19_000, 10)]).toEqual([false, true, false]);
  });

  it("has nothing to run for a step that launches nothing", () => {
    const input = makeBuffer(100);
    const plan = makePlan([], new Set([input]), [input], [input]);
    expect([plan.groups, plan.parallel]).toEqual([[], false]);
    expect(plan.offsets.get(input)).toBe(0);
  });
});
