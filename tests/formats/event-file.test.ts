// Event files, read back by a parser of its own: frames, checksums by table, protocol buffers by field numbers.
import { describe, expect, it } from "vitest";
import { encodeFileVersion, encodeSummaries } from "../../ts/formats/event-file.ts";
import { type Fields, parseFields, readFrames } from "./event-reader.ts";

const doubles = (bytes: Uint8Array): number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(8 * i, true));
};
const one = (fields: Fields, number: number): Uint8Array => fields.get(number)?.[0] as Uint8Array;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("event files", () => {
  it("begin with their version", () => {
    const [record] = readFrames(encodeFileVersion(1234.5));
    const event = parseFields(record);
    expect(doubles(one(event, 1))).toEqual([1234.5]);
    expect(text(one(event, 3))).toBe("brain.Event:2");
  });

  it("hold scalars and histograms of a step", () => {
    const histogram = [1, 2, 2, 5, Number.NaN];
    const bytes = encodeSummaries(7, 300, [
      { tag: "epoch_loss", scalar: 0.25 },
      { tag: "dense/kernel/histogram", histogram },
    ]);
    const [record] = readFrames(bytes);
    const event = parseFields(record);
    expect(event.get(2)).toEqual([300]);
    const values = parseFields(one(event, 5)).get(1) as Uint8Array[];
    const [loss, weights] = values.map(parseFields);
    expect(text(one(loss, 1))).toBe("epoch_loss");
    const scalar = one(loss, 2);
    expect(new DataView(scalar.buffer, scalar.byteOffset).getFloat32(0, true)).toBe(0.25);
    expect(text(one(weights, 1))).toBe("dense/kernel/histogram");
    const summary = parseFields(one(weights, 5));
    expect([1, 2, 3, 4, 5].flatMap((number) => doubles(one(summary, number)))).toEqual([1, 5, 4, 10, 34]);
    const [limits, counts] = [6, 7].map((number) => doubles(one(summary, number)));
    expect(limits.length).toBe(30);
    expect(limits.at(-1)).toBe(5);
    expect(counts.reduce((a, b) => a + b)).toBe(4);
    expect(counts[limits.findIndex((limit) => limit >= 2)]).toBe(2);
  });

  it("hold histograms of equal numbers, and of none", () => {
    const histograms = [[3, 3], [Number.NaN]].map((histogram) => encodeSummaries(0, 0, [{ tag: "w", histogram }]));
    const [equal, none] = histograms.map((bytes) => {
      const [value] = parseFields(one(parseFields(readFrames(bytes)[0]), 5)).get(1) as Uint8Array[];
      const summary = parseFields(one(parseFields(value), 5));
      return [6, 7].map((number) => doubles(one(summary, number)));
    });
    expect(equal).toEqual([[3], [2]]);
    expect(none).toEqual([[], []]);
  });

  it("are known to be damaged by their checksums", () => {
    const bytes = encodeFileVersion(1);
    bytes[20] ^= 1;
    expect(() => readFrames(bytes)).toThrow("checksum");
  });
});
