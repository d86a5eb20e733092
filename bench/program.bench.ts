// What does it cost to get work started? Eager ops on 16 floats, launches of a captured program, waking the threads.

import { add, capture, grad, ones, relu, softmax, sum } from "../dist/index.js";
import { splitting } from "../dist/runtime/splitting.js";
import type { Case } from "./harness/micro.ts";

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

/** Launches of two chunks of next to no work, each on the result before: what a ticket and waiting for it cost. */
function handedOut(): () => ReturnType<typeof ones> {
  const usual = { ...splitting };
  Object.assign(splitting, { parallelNanoseconds: 0, chunkNanoseconds: 1 });
  const x = ones([2, 4]);
  const step = capture((input: typeof x) => {
    let y = input;
    for (let i = 0; i < chain; i++) y = softmax(y);
    return y;
  });
  step(x).dispose();
  Object.assign(splitting, usual);
  return () => step(x);
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
  { name: "captured-launch-16", unit: "us", amount: chain, prepare: repeated(16) },
  { name: "captured-launch-of-two-chunks", unit: "us", amount: chain, prepare: handedOut },
  { name: "captured-launch-65536", unit: "us", amount: chain, prepare: repeated(65536) },
  { name: "captured-launch-1048576", unit: "us", amount: chain, prepare: repeated(1 << 20) },
];
