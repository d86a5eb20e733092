// Random programs, replayed against eager: values, gradients and the optimizer's updates are the same bits, on one thread
// and on several, in small pieces and in large ones.
import { capture } from "../../../ts/autograd/capture.ts";
import { valueAndGrad } from "../../../ts/autograd/grad.ts";
import * as ops from "../../../ts/ops/public.ts";
import * as optimizers from "../../../ts/optim/index.ts";
import { configure } from "../../../ts/runtime/engine.ts";
import { splitting } from "../../../ts/runtime/splitting.ts";
import { scope } from "../../../ts/tensor/scope.ts";
import type { AnyTensor, Tensor } from "../../../ts/tensor/tensor.ts";
import { type Bits, bitsOf, sameBits } from "../harness/bits.ts";
import type { Family } from "../harness/family.ts";
import { memoryIsBack } from "../harness/memory.ts";
import { Random } from "../harness/random.ts";
import {
  describe,
  evaluate,
  leavesOf,
  lossOf,
  makeProgram,
  numbersFor,
  type RandomProgram,
  tensorsFor,
  variablesFor,
} from "../programs/program.ts";

const ROUNDS = 3;
/** Of the cases begin with new threads: making them takes longer than most programs. */
const NEW_THREADS = 0.03;
const WHOLE = Number.POSITIVE_INFINITY;
const usual = { ...splitting };
const kinds = ["sgd", "adam", "rmsprop", "adagrad", "adamw", "lion", "lamb", "adadelta", "nadam"] as const;
const makers = { ...optimizers };

export const programs: Family = {
  begin(random) {
    configure({ deterministic: random.chance(0.5), wide: random.chance(0.5), threads: random.whole(2, 3) });
  },

  run({ random, say }) {
    configure({ winograd: random.chance(0.7) });
    const program = makeProgram(random);
    say(describe(program));
    const optimizer = random.pick(kinds);
    say(`  ${optimizer}`);
    const values = runner(program, random.whole(0, 2 ** 31 - 1), optimizer);
    if (random.chance(NEW_THREADS)) configure({ threads: random.whole(1, 3) });
    const wanted = inPieces(WHOLE, () => values(false));
    const back = memoryIsBack();
    sameBits(
      inPieces(WHOLE, () => values(true)),
      wanted,
      "replayed on one thread",
    );
    back();
    const pieces = random.pick([50, 500, 5000]);
    sameBits(
      inPieces(pieces, () => values(false)),
      wanted,
      "eager on threads",
    );
    sameBits(
      inPieces(pieces, () => values(true)),
      wanted,
      "replayed on threads",
    );
    sameBits(values(true), wanted, "replayed as usual");
  },
};

/** Runs a program for some rounds, captured or not, always with the same numbers: the bits of all that comes of it. */
function runner(program: RandomProgram, key: number, kind: (typeof kinds)[number]): (captured: boolean) => Bits[] {
  return (captured) => {
    const random = new Random("runs", key);
    const constants = leavesOf(program, "constant").map((leaf) => numbersFor(leaf, random));
    const variables = variablesFor(leavesOf(program, "variable"), random);
    const optimizer = makers[kind]();
    const step = (...inputs: AnyTensor[]): AnyTensor[] => {
      const results = (): AnyTensor[] => evaluate(program, constants, inputs, variables);
      if (variables.length === 0) return results();
      const [[loss, ...values], gradients] = valueAndGrad((): [Tensor, ...AnyTensor[]] => {
        const outputs = results();
        return [lossOf(outputs), ...outputs];
      })(variables as Tensor[]);
      optimizer.step(variables, gradients as Tensor[]);
      return [loss, ...(values as AnyTensor[]), ...(gradients as Tensor[])];
    };
    const replayed = captured ? capture(step) : undefined;
    const run = replayed ?? step;
    ops.seed(key);
    const bits: Bits[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      scope(() => {
        const results = run(...tensorsFor(leavesOf(program, "input"), random));
        for (const [i, result] of results.entries()) bits.push(bitsOf(`round ${round}, result ${i}`, result));
      });
      for (const [i, variable] of variables.entries()) bits.push(bitsOf(`round ${round}, variable ${i}`, variable));
    }
    replayed?.dispose();
    optimizer.dispose();
    for (const variable of variables) variable.dispose();
    return bits;
  };
}

/** Runs `f` with work cut into pieces of so many nanoseconds, all of which go to the threads; WHOLE ones to none. */
function inPieces<T>(nanoseconds: number, f: () => T): T {
  const parallelNanoseconds = nanoseconds === WHOLE ? WHOLE : 0;
  Object.assign(splitting, { parallelNanoseconds, chunkNanoseconds: nanoseconds });
  try {
    return f();
  } finally {
    Object.assign(splitting, usual);
  }
}
