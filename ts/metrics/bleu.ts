// BLEU: n-gram precision of translations against references. Papineni, Roukos, Ward and Zhu, "BLEU: a method for
// automatic evaluation of machine translation" (2002).
import { bleuOptions } from "../generated/options.ts";
import { MOST_LISTED, requireCount, requireList } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";

/** Words or token numbers. */
export type Tokens = readonly (string | number)[];

/** Options of {@link Bleu} and {@link bleu}. */
export interface BleuOptions {
  /** Length of the longest n-grams; default 4. */
  maxOrder?: number;
  /**
   * How orders without a match count. "none", the default: the score is 0. "addOne": one more match of one more, except
   * for single tokens (Lin and Och 2004). "exponential": 1/2, 1/4, ... of a match, as in sacreBLEU. "epsilon": 0.1 of a
   * match (Chen and Cherry 2014, method 1).
   */
  smoothing?: "none" | "addOne" | "exponential" | "epsilon";
}

/** BLEU of a corpus, from 0 to 1, gathered over batches of references and candidates. */
export class Bleu {
  private readonly smoothing: NonNullable<BleuOptions["smoothing"]>;
  /** For each order, sequences of candidates that stand in a reference, and all of them. */
  private readonly matches: Float64Array;
  private readonly totals: Float64Array;
  private candidateLength = 0;
  private referenceLength = 0;

  constructor(options: BleuOptions = {}) {
    const { maxOrder = 4, smoothing = "none" } = checkOptions("Bleu", options, bleuOptions, new.target === Bleu);
    requireCount("Bleu", "maxOrder", maxOrder, 1, MOST_LISTED);
    if (!(smoothing in smoothings)) {
      const known = Object.keys(smoothings).join(", ");
      throw new ArgumentError(`Bleu: smoothing must be one of ${known}, got ${smoothing}`);
    }
    this.smoothing = smoothing;
    this.matches = new Float64Array(maxOrder);
    this.totals = new Float64Array(maxOrder);
  }

  /** Takes in candidates and, for each, its references: one or several. */
  update(references: readonly (readonly Tokens[])[], candidates: readonly Tokens[]): void {
    requireList("Bleu", "references", references);
    requireList("Bleu", "candidates", candidates);
    if (references.length !== candidates.length || references.some((given) => given?.length === 0)) {
      throw new ArgumentError(
        "Bleu: each candidate must have at least one reference, " +
          `got ${references.length} lists of references for ${candidates.length} candidates`,
      );
    }
    for (const tokens of [...references, ...references.flat(), ...candidates]) requireList("Bleu", "tokens", tokens);
    for (const [i, candidate] of candidates.entries()) {
      this.candidateLength += candidate.length;
      this.referenceLength += closestLength(references[i], candidate.length);
      for (let order = 1; order <= this.matches.length; order++) this.compare(references[i], candidate, order);
    }
  }

  private compare(references: readonly Tokens[], candidate: Tokens, order: number): void {
    const known = references.map((reference) => countSequences(reference, order));
    for (const [sequence, count] of countSequences(candidate, order)) {
      const most = known.reduce((most, counts) => Math.max(most, counts.get(sequence) ?? 0), 0);
      this.matches[order - 1] += Math.min(count, most);
    }
    this.totals[order - 1] += Math.max(0, candidate.length - order + 1);
  }

  /** The geometric mean of the orders' precisions, times e^(1 - references / candidates) where candidates are shorter. */
  result(): number {
    const precisions = smoothings[this.smoothing](this.matches, this.totals);
    if (this.candidateLength === 0 || precisions.some((p) => !(p > 0))) return 0;
    const mean = precisions.reduce((sum, p) => sum + Math.log(p), 0) / precisions.length;
    return Math.exp(mean + Math.min(0, 1 - this.referenceLength / this.candidateLength));
  }

  /** Forgets all sentences. */
  reset(): void {
    this.matches.fill(0);
    this.totals.fill(0);
    this.candidateLength = this.referenceLength = 0;
  }
}

/**
 * BLEU of a corpus: the geometric mean of n-gram precisions, with a penalty for short candidates. Options default to
 * n-grams up to 4 without smoothing. Example: `bleu([[["the", "cat", "sat"]]], [["the", "cat", "sat"]])`.
 * Errors: ArgumentError for options out of range, and unless each candidate has at least one reference.
 * Source: Papineni et al. 2002.
 */
export function bleu(
  references: readonly (readonly Tokens[])[],
  candidates: readonly Tokens[],
  options?: BleuOptions,
): number {
  const metric = new Bleu(options);
  metric.update(references, candidates);
  return metric.result();
}

type Smoothing = (matches: Float64Array, totals: Float64Array) => number[];

const smoothings: { readonly [name in NonNullable<BleuOptions["smoothing"]>]: Smoothing } = {
  none: (matches, totals) => Array.from(matches, (m, i) => m / totals[i]),
  addOne: (matches, totals) => Array.from(matches, (m, i) => (i === 0 ? m / totals[0] : (m + 1) / (totals[i] + 1))),
  exponential(matches, totals) {
    let part = 1;
    return Array.from(matches, (m, i) => (m > 0 ? m : (part /= 2)) / totals[i]);
  },
  epsilon: (matches, totals) => Array.from(matches, (m, i) => (m > 0 ? m : 0.1) / totals[i]),
};

/** How often each sequence of `order` tokens stands in a list. */
function countSequences(tokens: Tokens, order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + order <= tokens.length; i++) {
    const sequence = JSON.stringify(tokens.slice(i, i + order));
    counts.set(sequence, (counts.get(sequence) ?? 0) + 1);
  }
  return counts;
}

/** The length of the reference nearest to the candidate's, the shorter of two. */
function closestLength(references: readonly Tokens[], length: number): number {
  return references
    .map((reference) => reference.length)
    .reduce((best, other) => {
      const [far, near] = [Math.abs(best - length), Math.abs(other - length)];
      return near < far || (near === far && other < best) ? other : best;
    });
}
