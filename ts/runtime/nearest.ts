// Suggests a known name for a misspelt one.

/** The name that `given` most likely misspells, abbreviates or writes in another style; undefined if none is near. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const wanted = letters(given);
  let best = 0.6;
  let found: string | undefined;
  for (const name of names) {
    const score = similarity(wanted, letters(name)) + (abbreviation(name).test(wanted) ? 0.5 : 0);
    if (score > best) [best, found] = [score, name];
  }
  return found;
}

/** batch_size, batch-size and BatchSize as batchsize. */
function letters(name: string): string {
  return name.replace(/[^a-z0-9]/gi, "").toLowerCase();
}

/** 2 |longest common subsequence| / (|a| + |b|): 1 for the same word, 0 for words that share no letter. */
function similarity(a: string, b: string): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const letter of a) {
    const above = row;
    row = [0];
    for (let i = 0; i < b.length; i++) row.push(b[i] === letter ? above[i] + 1 : Math.max(above[i + 1], row[i]));
  }
  return (2 * row[b.length]) / (a.length + b.length);
}

/** Matches beginnings of some of the name's words, one after another: for learningRate l, rate, lr, learnrate. */
function abbreviation(name: string): RegExp {
  const words = name.split(/(?=[A-Z])/).map((word) => [...letters(word)]);
  const beginnings = words.map((word) => word.reduceRight((rest, letter) => `(?:${letter}${rest})?`, ""));
  return new RegExp(`^${beginnings.join("")}$`);
}
