// Deltas: what the build writes, the runtime reads back.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeDelta } from "../../scripts/delta.js";
import { applyDelta } from "../../ts/runtime/delta.ts";

const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part)] : part)));

describe("a delta", () => {
  it.each([
    ["of nothing from nothing", bytes(), bytes()],
    ["of nothing", bytes("something to copy"), bytes()],
    ["from nothing", bytes(), bytes("all of it literal")],
    ["of the same", bytes("the same, the same"), bytes("the same, the same")],
    ["with an insertion", bytes("a long beginning, a long end"), bytes("a long beginning, inserted, a long end")],
    ["with a deletion", bytes("a long beginning, gone, a long end"), bytes("a long beginning, a long end")],
    ["of parts in another order", bytes("first part. second part."), bytes("second part. first part.")],
  ])("%s", (_name, base, target) => {
    expect(applyDelta(base, makeDelta(base, target))).toEqual(target);
  });

  it("of anything from anything", () => {
    const few = fc.uint8Array({ min: 0, max: 3, maxLength: 400 });
    fc.assert(
      fc.property(few, few, (base, target) => {
        expect(applyDelta(base, makeDelta(base, target))).toEqual(target);
      }),
    );
  });

  it("of a long array with small changes is short", () => {
    const base = Uint8Array.from({ length: 20_000 }, (_, i) => (i * i * 7 + (i >> 3)) & 255);
    const target = base.slice();
    for (let i = 500; i < target.length; i += 1000) target[i] ^= 255;
    expect(makeDelta(base, target).length).toBeLessThan(250);
  });
});
