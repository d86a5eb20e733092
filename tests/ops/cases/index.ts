// The op table: every op of ts/ops has its rows here, or this file does not compile.
import type * as ops from "../../../ts/ops/index.ts";
import type * as random from "../../../ts/ops/random.ts";
import type { AnyTensor } from "../../../ts/tensor/tensor.ts";
import { arithmeticCases } from "./arithmetic.ts";
import { attentionCases } from "./attention.ts";
import type { Case } from "./case.ts";
import { compareCases } from "./compare.ts";
import { convCases, depthwiseCases } from "./conv.ts";
import { ctcCases } from "./ctc.ts";
import { diagonalCases } from "./diagonal.ts";
import { differencesCases } from "./differences.ts";
import { einsumCases } from "./einsum.ts";
import { elementwiseCases } from "./elementwise.ts";
import { fftCases } from "./fft.ts";
import { gammaCases } from "./gamma.ts";
import { gatherCases } from "./gather.ts";
import { colorCases, gridSampleCases, resizeCases } from "./image.ts";
import { layoutCases } from "./layout.ts";
import { linalgCases } from "./linalg.ts";
import { matmulCases } from "./matmul.ts";
import { normCases } from "./norm.ts";
import { adaptivePoolCases, poolCases } from "./pool.ts";
import { recurrentCases } from "./recurrent.ts";
import { reduceCases } from "./reduce.ts";
import { scanCases } from "./scan.ts";
import { softmaxCases } from "./softmax.ts";
import { sortCases } from "./sort.ts";
import { statisticsCases } from "./statistics.ts";
import { transcendentalCases } from "./transcendental.ts";

/** The functions of ts/ops that return tensors; random ones have tests of their own. */
type OpName = {
  [K in keyof typeof ops]: (typeof ops)[K] extends (...args: never[]) => AnyTensor | AnyTensor[] ? K : never;
}[Exclude<keyof typeof ops, keyof typeof random>];

export const cases: { readonly [K in OpName]: readonly Case[] } = {
  ...adaptivePoolCases,
  ...attentionCases,
  ...arithmeticCases,
  ...colorCases,
  ...compareCases,
  ...einsumCases,
  ...convCases,
  ...ctcCases,
  ...depthwiseCases,
  ...differencesCases,
  ...elementwiseCases,
  ...fftCases,
  ...gammaCases,
  ...gatherCases,
  ...gridSampleCases,
  ...layoutCases,
  ...linalgCases,
  ...matmulCases,
  ...diagonalCases,
  ...normCases,
  ...poolCases,
  ...recurrentCases,
  ...reduceCases,
  ...resizeCases,
  ...scanCases,
  ...softmaxCases,
  ...sortCases,
  ...statisticsCases,
  ...transcendentalCases,
};
