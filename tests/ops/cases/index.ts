// The op table: every op that people see has its rows here, or this file does not compile; the internal ones of a family
// are asked for in its file.
import type * as ops from "../../../ts/ops/public.ts";
import type * as random from "../../../ts/ops/random.ts";
import { arithmeticCases } from "./arithmetic.ts";
import { attentionCases } from "./attention.ts";
import { broadcastCases } from "./broadcast.ts";
import type { Case, RowsOf } from "./case.ts";
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
import { indexingCases } from "./indexing.ts";
import { layoutCases } from "./layout.ts";
import { linalgCases } from "./linalg.ts";
import { matmulCases } from "./matmul.ts";
import { normCases } from "./norm.ts";
import { adaptivePoolCases, poolCases } from "./pool.ts";
import { powersCases } from "./powers.ts";
import { recurrentCases } from "./recurrent.ts";
import { reduceCases } from "./reduce.ts";
import { scanCases } from "./scan.ts";
import { softmaxCases } from "./softmax.ts";
import { sortCases } from "./sort.ts";
import { statisticsCases } from "./statistics.ts";
import { transcendentalCases } from "./transcendental.ts";

/** The ops; random ones have tests of their own. */
type OpName = RowsOf<Omit<typeof ops, keyof typeof random>>;

export const cases: { readonly [K in OpName]: readonly Case[] } = {
  ...adaptivePoolCases,
  ...attentionCases,
  ...arithmeticCases,
  ...broadcastCases,
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
  ...indexingCases,
  ...layoutCases,
  ...linalgCases,
  ...matmulCases,
  ...diagonalCases,
  ...normCases,
  ...poolCases,
  ...powersCases,
  ...recurrentCases,
  ...reduceCases,
  ...resizeCases,
  ...scanCases,
  ...softmaxCases,
  ...sortCases,
  ...statisticsCases,
  ...transcendentalCases,
};
