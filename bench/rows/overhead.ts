// What does an op cost beside its arithmetic? Called from JavaScript, as a launch of a captured program (such small ones are
// strung together on one thread), and as a row whose halves are handed out to threads, which the next row waits for. And
// what do threads cost that have nothing to do?
import type { Question } from "../harness/question.ts";

const heddles = ["heddle", "heddle on node 20"] as const;

export const overhead: Question[] = [
  {
    name: "op-overhead",
    work: "one eager addition of 16 floats, its result freed",
    unit: "us/op",
    better: "less",
    task: "op-overhead",
    options: { size: 16, opsPerStep: 1000 },
    contenders: [...heddles, "tfjs-wasm", "pytorch"],
    seconds: 0.3,
    targets: [{ on: "one thread", atMost: 0.5 }],
    figure: ({ amount, seconds }) => (seconds / amount) * 1e6,
    verify: (sum) => sum === 2,
  },
  {
    name: "row-overhead",
    work: "one launch of a captured program of 1,000 additions of 16 floats, each of the sum before: a replay's time / 1,000",
    unit: "us/row",
    better: "less",
    task: "row-overhead",
    options: { size: 16, rows: 1000 },
    contenders: heddles,
    seconds: 0.3,
    targets: [
      { on: "one thread", atMost: 0.1 },
      { on: "all threads", atMost: 0.4 },
    ],
    figure: ({ amount, seconds }) => (seconds / amount) * 1e6,
    verify: (sum) => sum === 1001,
  },
  {
    name: "handout-overhead",
    work:
      "handing out one launch of a captured program: the time of 128 softmax launches over 2 x 8192 floats, each of the result " +
      "before, less that of 64 launches over twice as many, so the same arithmetic, / 64; of each the fastest replay of a round",
    unit: "us/row",
    better: "less",
    task: "handout-overhead",
    options: { size: 8192, rows: 64 },
    contenders: heddles,
    rounds: 9,
    seconds: 0.5,
    targets: [{ on: "all threads", atMost: 0.4 }],
    figure: ({ amount, seconds }) => (seconds / amount) * 1e6,
    verify: (probability) => Math.abs(probability * 8192 - 1) < 1e-3,
  },
  {
    name: "idle-cpu",
    work: "processor time that Heddle's threads take while idle, from 100 ms after their last work on",
    unit: "% of a core",
    better: "less",
    task: "idle-cpu",
    options: { size: 8192 },
    contenders: heddles,
    threads: "most",
    targets: [{ on: "all threads", atMost: 1 }],
    figure: ({ amount, seconds }) => (amount / seconds) * 100,
    verify: (probability) => Math.abs(probability * 8192 - 1) < 1e-3,
  },
];
