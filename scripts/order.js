// Orders functions so that those with similar code are neighbours, which makes the distances of a packed module's copies short.

/** Consecutive words that count as shared. */
const RUN = 5;

/** A module's text with its functions in another order: each the one most like the two before it. */
export function orderFunctions(text) {
  const [head, ...functions] = text.split(/^(?= \(func )/m);
  const end = functions[functions.length - 1].lastIndexOf(")");
  const tail = functions[functions.length - 1].slice(end);
  functions[functions.length - 1] = functions[functions.length - 1].slice(0, end);

  const runs = functions.map(runsOf);
  const left = new Set(functions.keys());
  const order = [0];
  left.delete(0);
  while (left.size > 0) {
    const [last, before] = [order[order.length - 1], order[order.length - 2]];
    let [best, most] = [-1, -1];
    for (const i of left) {
      const likeness = shared(runs[last], runs[i]) + (before === undefined ? 0 : shared(runs[before], runs[i]) / 2);
      if (likeness > most) [best, most] = [i, likeness];
    }
    order.push(best);
    left.delete(best);
  }
  return [head, ...order.map((i) => functions[i]), tail].join("");
}

/** A function's runs of words: instructions, locals, numbers. */
function runsOf(text) {
  const words = text.match(/[\w.$=]+/g);
  return new Set(words.slice(RUN - 1).map((_, i) => words.slice(i, i + RUN).join(" ")));
}

/** The fraction of runs that two functions have in common. */
function shared(a, b) {
  const [fewer, more] = a.size < b.size ? [a, b] : [b, a];
  let count = 0;
  for (const run of fewer) if (more.has(run)) count++;
  return count / Math.sqrt(a.size * b.size + 1);
}
