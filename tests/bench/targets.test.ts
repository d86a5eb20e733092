// The verdicts of the comparison with other libraries, on made-up figures.
import { describe, expect, test } from "vitest";
import type { ContenderName } from "../../bench/harness/contenders.ts";
import type { Outcome, Question } from "../../bench/harness/question.ts";
import { result, summary, table } from "../../bench/harness/report.ts";
import type { Target } from "../../bench/harness/targets.ts";
import { judge } from "../../bench/harness/verdicts.ts";

function question(targets: Target[], changes: Partial<Question> = {}): Question {
  return {
    name: "work",
    work: "some work",
    unit: "GFLOP/s",
    better: "more",
    task: "work",
    options: {},
    contenders: ["heddle", "tfjs-wasm", "onnxruntime-web", "pytorch", "native fma"],
    targets,
    figure: ({ amount, seconds }) => amount / seconds,
    verify: () => true,
    ...changes,
  };
}

function outcome(contender: ContenderName, threads: number, ...figures: number[]): Outcome {
  return { contender, threads, figures };
}

const outcomes = [
  outcome("heddle", 1, 9, 10, 30),
  outcome("heddle", 2, 16, 18, 17),
  outcome("tfjs-wasm", 1, 8),
  outcome("onnxruntime-web", 1, 5),
  outcome("onnxruntime-web", 2, 20),
  outcome("pytorch", 1, 12),
  outcome("pytorch", 2, 10),
];

function judgeOne(target: Target, changes: Partial<Question> = {}, among = outcomes) {
  const verdicts = judge(question([target], changes), among);
  expect(verdicts).toHaveLength(1);
  return verdicts[0];
}

describe("targets", () => {
  test("on one thread the best rival on one thread counts, by medians", () => {
    const target: Target = { on: "one thread", atLeast: 1.25, times: "the best WASM peer" };
    expect(judgeOne(target)).toMatchObject({ value: 10 / 8, met: true });
    expect(judgeOne({ ...target, atLeast: 1.3 })).toMatchObject({ value: 10 / 8, met: false });
  });

  test("on all threads a rival may use as many", () => {
    const target: Target = { on: "all threads", atLeast: 1, times: "the best WASM peer" };
    expect(judgeOne(target)).toMatchObject({ value: 17 / 20, met: false });
  });

  test("on the best of both either side takes its own best number of threads", () => {
    const target: Target = { on: "the best of both", atLeast: 1.5, times: "PyTorch" };
    expect(judgeOne(target)).toMatchObject({ value: 17 / 12, met: false, unit: "x" });
  });

  test("two threads are held against one", () => {
    const target: Target = { on: "all threads", atLeast: 1.7, times: "itself on one thread" };
    expect(judgeOne(target)).toMatchObject({ value: 1.7, met: true });
  });

  test("one thread alone is not all threads", () => {
    const target: Target = { on: "all threads", atLeast: 1, times: "itself on one thread" };
    expect(judgeOne(target, {}, [outcome("heddle", 1, 10)])).toMatchObject({ value: null, met: false });
  });

  test("a bound is held against the figure itself, and a negative difference is no figure", () => {
    const changes = { better: "less", unit: "us" } as const;
    const target: Target = { on: "one thread", atMost: 10 };
    expect(judgeOne(target, changes)).toMatchObject({ value: 10, met: true, unit: " us" });
    expect(judgeOne({ ...target, atMost: 9.9 }, changes)).toMatchObject({ value: 10, met: false });
    expect(judgeOne(target, changes, [outcome("heddle", 1, -3)])).toMatchObject({ value: null, met: false });
  });

  test("less is better: the ratio turns around and the least rival counts", () => {
    const target: Target = { on: "one thread", atLeast: 1, times: "the best WASM peer" };
    expect(judgeOne(target, { better: "less" })).toMatchObject({ value: 5 / 10, met: false });
  });

  test("what is missing is not measured, with the reason", () => {
    const target: Target = { on: "one thread", atLeast: 1, times: "the native 128-bit FMA peak" };
    expect(judgeOne(target)).toMatchObject({ value: null, reason: "no figure of the native 128-bit FMA peak" });
    const absent = [{ ...outcome("heddle", 1), missing: "broke" }, outcome("pytorch", 1, 3)];
    expect(judgeOne({ on: "one thread", atLeast: 1, times: "PyTorch" }, {}, absent)).toMatchObject({ reason: "broke" });
  });

  test("every Heddle that was asked is judged, unless the target names one", () => {
    const target: Target = { on: "one thread", atLeast: 1, times: "PyTorch" };
    const contenders: ContenderName[] = ["heddle", "heddle wide", "pytorch"];
    const among = [...outcomes, outcome("heddle wide", 1, 13)];
    const all = judge(question([target], { contenders }), among);
    expect(all.map(({ contender, met }) => [contender, met])).toEqual([
      ["heddle", false],
      ["heddle wide", true],
    ]);
    const named = judge(question([{ ...target, by: "heddle wide" }], { contenders }), among);
    expect(named.map(({ contender }) => contender)).toEqual(["heddle wide"]);
  });
});

describe("the report", () => {
  const targets: Target[] = [
    { on: "one thread", atLeast: 1.2, times: "the best WASM peer" },
    { on: "the best of both", atLeast: 1.5, times: "PyTorch" },
    { on: "one thread", atLeast: 0.8, times: "the native 128-bit FMA peak" },
  ];
  const missing = { ...outcome("native fma", 1), missing: "not installed: cc" };
  const asked = question(targets);

  test("the record holds medians, ranges, what is missing and the verdicts", () => {
    const record = result(asked, [...outcomes, missing]);
    expect(record.figures[0]).toEqual({ contender: "heddle", threads: 1, median: 10, range: [9, 30] });
    expect(record.missing).toEqual([{ contender: "native fma", threads: 1, reason: "not installed: cc" }]);
    expect(record.targets.map(({ met }) => met)).toEqual([true, false, false]);
  });

  test("the table has a line a contender, the reasons and the verdicts", () => {
    const lines = table(asked, [...outcomes, missing]).split("\n");
    expect(lines[0]).toBe("work: some work; GFLOP/s, more is better");
    expect(lines[4].split(/ {2,}/)).toEqual(["", "tfjs-wasm", "1", "8.00", "8.00 - 8.00", "1.25x", "2.13x"]);
    expect(lines).toContain("  native fma: not installed: cc");
    expect(lines).toContain("  target: at least 1.2x the best WASM peer, on one thread: met (heddle 1.25x)");
    expect(lines).toContain("  target: at least 1.5x PyTorch, the best of one and all threads: MISSED (heddle 1.42x)");
  });

  test("the summary counts what is met, missed and not measured", () => {
    const [head, ...lines] = summary([result(asked, [...outcomes, missing])]).split("\n");
    expect(head).toBe("Targets: 1 met, 1 MISSED, 1 not measured");
    expect(lines[0]).toBe("  work: at least 1.2x the best WASM peer, on one thread: met (heddle 1.25x)");
    expect(lines[2]).toContain("not measured (no figure of the native 128-bit FMA peak)");
  });

  test("a target that only another runtime reaches says so", () => {
    const changes = { contenders: ["heddle", "heddle wide", "tfjs-wasm"] as const };
    const target: Target = { on: "one thread", atLeast: 1.5, times: "the best WASM peer" };
    const record = result(question([target], changes), [...outcomes, outcome("heddle wide", 1, 16)]);
    expect(summary([record])).toContain("met only by heddle wide (heddle 1.25x, heddle wide 2.00x)");
  });
});
