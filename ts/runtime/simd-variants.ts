// Turns the one module that holds both builds of the core into one of them. scripts/simd-variants.js writes it.
import type { Simd } from "./features.ts";

const NOTHING = [1, 1, 1];

/**
 * The builds differ only in a b + c: a product and a sum, or one fused instruction. The module has relaxed_min and relaxed_max
 * in place of these, on f32 and then f64, which the core does not use otherwise; each instruction has three bytes.
 */
const forms: Record<Simd, number[][]> = {
  simd: [
    [0xfd, 0xe6, 1],
    [0xfd, 0xe4, 1],
    [0xfd, 0xf2, 1],
    [0xfd, 0xf0, 1],
  ],
  relaxed: [NOTHING, [0xfd, 0x85, 2], NOTHING, [0xfd, 0x87, 2]],
};

/** Turns the module into one of the builds, in place; returns the number of instructions changed. */
export function chooseForm(module: Uint8Array, simd: Simd): number {
  let changed = 0;
  for (let i = module.indexOf(0xfd); i >= 0; i = module.indexOf(0xfd, i + 1)) {
    const form = module[i + 2] === 2 ? forms[simd][module[i + 1] - 0x8d] : undefined;
    if (form === undefined) continue;
    module.set(form, i);
    changed++;
  }
  return changed;
}
