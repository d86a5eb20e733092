// The op table: every op of ts/ops has its rows here, or this file does not compile.
import type * as ops from "../../ts/ops/index.ts";
import type { Case } from "./case.ts";
import { elementwiseCases } from "./cases-elementwise.ts";

/** The names of all exports of ts/ops that are ops. */
type OpName = { [K in keyof typeof ops]: (typeof ops)[K] extends { readonly opName: string } ? K : never }[keyof typeof ops];

export const cases: { readonly [K in OpName]: readonly Case[] } = {
  ...elementwiseCases,
};
