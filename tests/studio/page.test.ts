// What the studio's page computes without a browser: digits from drawings and pictures, CSV files, curves, numbers.
import { describe, expect, it } from "vitest";
import { limits, PIXELS, SIDE, UNKNOWN } from "../../studio/catalogue.ts";
import { inkOf, toDigit } from "../../studio/digit-pixels.ts";
import { parseCsv } from "../../studio/engine/csv.ts";
import { histogram } from "../../studio/engine/insight.ts";
import { decodeDigits, encodeDigits } from "../../studio/engine/own-digits.ts";
import { decimal, percent, short } from "../../studio/format.ts";
import { faultOf } from "../../studio/number-field.ts";
import { byEpoch, byStep, rangeOf } from "../../studio/plot-data.ts";
import { Series } from "../../studio/series.ts";

/** Ink in a rectangle of a larger picture. */
function ink(width: number, height: number, [x0, x1, y0, y1]: readonly number[]) {
  const inside = (i: number): boolean => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x >= x0 && x < x1 && y >= y0 && y < y1;
  };
  return { width, height, values: Float32Array.from({ length: width * height }, (_, i) => (inside(i) ? 1 : 0)) };
}

/** The rectangle that ink fills, and where its centre is. */
function extent(pixels: Float32Array) {
  const places = [...pixels.keys()].filter((i) => pixels[i] > 0.5);
  const [xs, ys] = [places.map((i) => i % SIDE), places.map((i) => Math.floor(i / SIDE))];
  const mean = (list: number[]): number => list.reduce((sum, value) => sum + value + 0.5, 0) / list.length;
  return {
    width: Math.max(...xs) - Math.min(...xs) + 1,
    height: Math.max(...ys) - Math.min(...ys) + 1,
    x: mean(xs),
    y: mean(ys),
  };
}

describe("toDigit", () => {
  it.each([
    ["small, in a corner", [2, 8, 3, 15], 10, 20],
    ["large", [10, 110, 10, 60], 20, 10],
    ["a dot", [50, 52, 50, 52], 20, 20],
  ] as const)("fits ink that is %s into 20 pixels around the middle", (_, box, width, height) => {
    const found = extent(toDigit(ink(112, 112, box)) as Float32Array);
    expect([found.width, found.height]).toEqual([width, height]);
    expect(Math.abs(found.x - SIDE / 2)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(found.y - SIDE / 2)).toBeLessThanOrEqual(0.5);
  });

  it("finds nothing on empty paper", () => {
    expect(toDigit(ink(10, 10, [0, 0, 0, 0]))).toBeUndefined();
  });
});

describe("inkOf", () => {
  const photograph = (paper: number, pen: number): ImageData => {
    const data = new Uint8ClampedArray(4 * 100).fill(255);
    for (let i = 0; i < 100; i++) data.fill(i === 44 || i === 55 ? pen : paper, 4 * i, 4 * i + 3);
    return { width: 10, height: 10, data, colorSpace: "srgb" } as ImageData;
  };

  it.each([
    ["dark on light", 230, 30],
    ["light on dark", 20, 240],
  ])("finds ink that is %s", (_, paper, pen) => {
    const { values } = inkOf(photograph(paper, pen));
    expect([...values.keys()].filter((i) => values[i] > 0)).toEqual([44, 55]);
    expect(values[44]).toBeCloseTo(1, 5);
  });

  it("finds none in an even grey", () => {
    expect(Math.max(...inkOf(photograph(120, 126)).values)).toBe(0);
  });
});

describe("parseCsv", () => {
  const row = (...first: number[]): string => [...first, ...new Array(PIXELS - 1).fill(0), 255].join();

  it("reads digits with labels and without, with a header and empty lines", () => {
    const { pixels, labels } = parseCsv(`label,${new Array(PIXELS).fill("p").join()}\r\n${row(7)}\n\n${row()}\n`);
    expect([...labels]).toEqual([7, UNKNOWN]);
    expect(pixels.length).toBe(2 * PIXELS);
    expect([pixels[0], pixels[PIXELS - 1], pixels[2 * PIXELS - 1]]).toEqual([0, 255, 255]);
  });

  it("takes numbers from 0 to 1 for shares of ink", () => {
    const { pixels } = parseCsv(["3", ...new Array(PIXELS).fill("0.5")].join());
    expect(pixels[0]).toBe(128);
  });

  it.each([
    ["", /at least one line/],
    ["1,2,3", /784 pixels, or a label and 784 pixels, got 3 cells in line 1/],
    [row(12), /labels must be from 0 to 9, got 12 in line 1/],
    [row().replace("255", "300"), /pixels must be from 0 to 255, got 300 in line 1/],
    [`${row()}\n${row().replace("0", "x")}`, /numbers, got something else in line 2/],
  ])("refuses %.12j", (text, message) => {
    expect(() => parseCsv(text)).toThrow(message);
  });
});

describe("digits of one's own", () => {
  it("come back from their file as they were", () => {
    const digits = {
      pixels: Uint8Array.from({ length: 2 * PIXELS }, (_, i) => i % 256),
      labels: new Uint8Array([7, UNKNOWN]),
    };
    expect(decodeDigits(encodeDigits(digits), "memory")).toEqual(digits);
  });
});

describe("a number field", () => {
  it.each([
    ["learningRate", [1e-6, 0.001, 1e6], [0, -1, 1e7, Number.NaN, Number.POSITIVE_INFINITY]],
    ["epochs", [1, 100], [0, 101, 2.5, Number.NaN]],
  ] as const)("knows what is a fit %s", (name, fit, unfit) => {
    for (const number of fit) expect(faultOf(number, limits[name])).toBeUndefined();
    for (const number of unfit)
      expect(faultOf(number, limits[name])).toMatch(/^It takes a (whole )?number from [\d.]+ to [\d,]+$/);
  });
});

describe("curves", () => {
  const checks = [
    { step: 2, loss: 0.5, figure: 0.8 },
    { step: 5, loss: 0.3, figure: 0.9 },
  ];

  it("have training and validation in columns of one axis", () => {
    const [x, raw, smooth, validation] = byStep(new Float32Array([4, 2, 2, 2]), checks, "loss");
    expect(x).toEqual([1, 2, 3, 4, 5]);
    expect(raw).toEqual([4, 2, 2, 2, undefined]);
    expect(smooth[0]).toBeCloseTo(4, 6);
    expect(smooth[1]).toBeLessThan(4);
    expect(smooth[3]).toBeGreaterThan(2);
    expect(validation).toEqual([undefined, 0.5, undefined, undefined, 0.3]);
  });

  it("have no more points than can be seen, with the means of those left out", () => {
    const [x, raw] = byStep(
      Float32Array.from({ length: 10_000 }, (_, i) => i % 20),
      [],
      "figure",
    );
    expect(x.length).toBe(500);
    expect(raw.every((value) => value === 9.5)).toBe(true);
    expect(x.at(-1)).toBe(10_000);
  });

  it("leave a gap where a number is none", () => {
    expect(byStep(new Float32Array([1, Number.NaN]), [], "loss")[1]).toEqual([1, null]);
  });

  it("go by epochs, too", () => {
    const epochs = [{ epoch: 1, loss: 0.4, figure: 0.9, validationLoss: 0.3, validationFigure: 0.95 }];
    expect(byEpoch(epochs, "loss")).toEqual([[1], [undefined], [0.4], [0.3]]);
    expect(byEpoch(epochs, "figure")[3]).toEqual([0.95]);
    expect(rangeOf(byEpoch(epochs, "figure"))).toEqual([0.9, 0.95]);
    expect(rangeOf(byEpoch([], "loss"))).toBeUndefined();
  });
});

describe("numbers", () => {
  it("are written as people read them", () => {
    expect([percent(0.9784), percent(0.99999), percent(1)]).toEqual(["97.8 %", "99.9 %", "100.0 %"]);
    expect([decimal(2.3456), decimal(0.05124), decimal(0.00002), decimal(Number.NaN)]).toEqual([
      "2.346",
      "0.0512",
      "2.0e-5",
      "–",
    ]);
    expect([short(0.001), short(0.000316), short(0)]).toEqual(["0.001", "0.00032", "0"]);
    expect([percent(Number.NaN), short(Number.NaN)]).toEqual(["–", "–"]);
  });

  it("are counted around zero", () => {
    const { counts, reach, deviation } = histogram(new Float32Array([-1, -1, 0, 1, 1]));
    expect(reach).toBe(1);
    expect(deviation).toBeCloseTo(Math.sqrt(0.8), 6);
    expect([counts[0], counts[20], counts[40]]).toEqual([2, 1, 2]);
  });

  it("grow in a series", () => {
    const series = new Series();
    expect(series.last).toBeNaN();
    for (let i = 0; i < 3000; i++) series.push(i);
    series.append(new Float32Array([7, 8]));
    expect([series.length, series.last, series.numbers[2999]]).toEqual([3002, 8, 2999]);
    expect([...series.from(3000)]).toEqual([7, 8]);
    series.replace(new Float32Array([5]));
    expect([...series.numbers]).toEqual([5]);
  });
});
