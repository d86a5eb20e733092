// What does it cost to get work started? Eager ops on 16 floats, rows of a captured program, waking the threads.
import type { Case } from "./harness/micro.ts";
import { add, capture, grad, ones, relu, sum } from "./heddle.ts";

const chain = 64;

/** The same small op over and over, each on the result before. */
function repeated(size: number): Case["prepare"] {
  return () => {
    const x = ones([size]);
    const step = capture((input: typeof x) => {
      let y = input;
      for (let i = 0; i < chain; i++) y = relu(y);
      return y;
    });
    return () => step(x);
  };
}

export const cases: Case[] = [
  {
    name: "eager-add-16",
    unit: "us",
    amount: 1,
    prepare: () => {
      const a = ones([16]);
      const b = ones([16]);
      return () => add(a, b);
    },
  },
  {
    name: "eager-gradient-16",
    unit: "us",
    amount: 1,
    prepare: () => {
      const x = ones([16]);
      const gradient = grad((input: typeof x) => sum(relu(input)));
      return () => gradient(x);
    },
  },
  { name: "captured-row-16", unit: "us", amount: chain, prepare: repeated(16) },
  { name: "captured-row-65536", unit: "us", amount: chain, prepare: repeated(65536) },
];
