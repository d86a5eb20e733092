// The op table: every op of ts/ops has its rows here, or this file does not compile.
import type * as ops from "../../ts/ops/index.ts";
import type * as random from "../../ts/ops/random.ts";
import type { AnyTensor } from "../../ts/tensor/tensor.ts";
import type { Case } from "./case.ts";
import { attentionCases } from "./cases-attention.ts";
import { binaryCases } from "./cases-binary.ts";
import { compareCases } from "./cases-compare.ts";
import { contractCases } from "./cases-contract.ts";
import { convCases, depthwiseCases } from "./cases-conv.ts";
import { ctcCases } from "./cases-ctc.ts";
import { differencesCases } from "./cases-differences.ts";
import { elementwiseCases } from "./cases-elementwise.ts";
import { fftCases } from "./cases-fft.ts";
import { gammaCases } from "./cases-gamma.ts";
import { gatherCases } from "./cases-gather.ts";
import { colorCases, gridSampleCases, resizeCases } from "./cases-image.ts";
import { layoutCases } from "./cases-layout.ts";
import { linalgCases } from "./cases-linalg.ts";
import { matmulCases } from "./cases-matmul.ts";
import { matrixCases } from "./cases-matrix.ts";
import { normCases } from "./cases-norm.ts";
import { adaptivePoolCases, poolCases } from "./cases-pool.ts";
import { recurrentCases } from "./cases-recurrent.ts";
import { reduceCases } from "./cases-reduce.ts";
import { scanCases } from "./cases-scan.ts";
import { softmaxCases } from "./cases-softmax.ts";
import { sortCases } from "./cases-sort.ts";
import { statisticsCases } from "./cases-statistics.ts";
import { transcendentalCases } from "./cases-transcendental.ts";

/** The functions of ts/ops that return tensors; random ones have tests of their own. */
type OpName = {
  [K in keyof typeof ops]: (typeof ops)[K] extends (...args: never[]) => AnyTensor | AnyTensor[] ? K : never;
}[Exclude<keyof typeof ops, keyof typeof random>];

export const cases: { readonly [K in OpName]: readonly Case[] } = {
  ...adaptivePoolCases,
  ...attentionCases,
  ...binaryCases,
  ...colorCases,
  ...compareCases,
  ...contractCases,
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
  ...matrixCases,
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
