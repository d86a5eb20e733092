// Sentences of different lengths, padded with zeros that a mask leaves out: the last word alone says how one is meant, so
// a network that reads the padding too forgets it.
import { ArrayData, layers, Sequential, seed } from "heddle";

const WORDS = ["", "the", "loom", "wove", "a", "cloth", "and", "it", "was", "fine", "dull"];
const [LENGTH, COUNT] = [12, 600];

/** The ids of a sentence's words, with zeros behind them. */
function idsOf(sentence: string, length = LENGTH): Int32Array {
  const ids = new Int32Array(length);
  sentence.split(" ").forEach((word, i) => {
    ids[i] = WORDS.indexOf(word);
  });
  return ids;
}

/** Made-up sentences, in which "fine" and "dull" stand anywhere; what stands last counts. */
function sentence(i: number): string {
  const words = Array.from({ length: 2 + (i % 8) }, (_, k) => WORDS[1 + ((i * (k + 3) + k * k) % 10)]);
  return [...words, i % 3 === 0 ? "fine" : "dull"].join(" ");
}

seed(2);
const sentences = Array.from({ length: COUNT }, (_, i) => sentence(i));
const ids = new Int32Array(COUNT * LENGTH);
for (const [i, text] of sentences.entries()) ids.set(idsOf(text), i * LENGTH);
const x = new ArrayData(ids, [COUNT, LENGTH]);
const y = sentences.map((text) => [Number(text.endsWith("fine"))]);

// The mask that `maskZero` makes travels with the tensor to the layers that follow.
const model = new Sequential([
  layers.embedding({ inputDim: WORDS.length, outputDim: 8, maskZero: true }),
  layers.lstm({ units: 16 }),
  layers.dense({ units: 1, activation: "sigmoid" }),
]);
model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["binaryAccuracy"] });
await model.fit(x, y, { epochs: 15, validationSplit: 0.2, verbose: 0 });
const { binaryAccuracy } = await model.evaluate(x, y);
console.log(`${(100 * binaryAccuracy).toFixed(1)} % of ${COUNT} sentences read right`);

for (const text of ["the loom was dull and it wove a cloth fine", "it was fine and the loom dull"]) {
  for (const length of [LENGTH, 3 * LENGTH]) {
    const score = (await model.predict(new ArrayData(idsOf(text, length), [1, length]))).item();
    console.log(`${score.toFixed(4)} fine, padded to ${length}: ${text}`);
  }
}
