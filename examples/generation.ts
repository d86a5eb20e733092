// A small transformer that reads a text letter by letter and then writes on from its beginning, one letter at a time, with a
// cache of keys and values: each step computes one letter, not the whole text again.
import { ArrayData, argMax, layers, losses, optimizers, Sequential, scope, seed, type Tensor, tensor } from "heddle";

const TEXT = "the heddle lifts the thread, the shuttle runs between, the reed beats down the weft. ";
const [LENGTH, EPOCHS] = [60, 25];
const letters = [...new Set(TEXT)].sort();
const idsOf = (text: string): number[] => [...text].map((letter) => letters.indexOf(letter));

seed(4);
// Each window of the text, and the same one letter later. The text goes round.
const ids = idsOf(TEXT);
const windows = (shift: number): ArrayData<"i32"> =>
  new ArrayData(
    Int32Array.from({ length: ids.length * LENGTH }, (_, i) => {
      const [window, place] = [Math.floor(i / LENGTH), i % LENGTH];
      return ids[(window + place + shift) % ids.length];
    }),
    [ids.length, LENGTH],
  );

const block = (): layers.Layer =>
  layers.transformerDecoder({ intermediateDim: 64, numHeads: 2, rotary: true, normalizeFirst: true });
const model = new Sequential([
  layers.embedding({ inputDim: letters.length, outputDim: 32 }),
  block(),
  block(),
  layers.layerNormalization(),
  layers.dense({ units: letters.length }),
]);
model.compile({
  optimizer: optimizers.adam({ learningRate: 0.005 }),
  loss: losses.sparseCategoricalCrossentropy.with({ fromLogits: true }),
});
const { history } = await model.fit(windows(0), windows(1), { epochs: EPOCHS, batchSize: 16, verbose: 0 });
console.log(`loss ${history.loss[0].toFixed(2)}, after ${EPOCHS} epochs ${history.loss[EPOCHS - 1].toFixed(2)}\n`);

/** The likeliest next letter, after the results of `next` for one sequence. */
function likeliest(logits: Tensor): number {
  return argMax(logits.slice([0, -1], [1, 1])).item();
}

const cache = layers.keyValueCache(model, { maxLength: LENGTH });
let text = "the heddle ";
let next = Int32Array.from(idsOf(text));
while (text.length < LENGTH) {
  const letter = scope(() => likeliest(cache.next(tensor(next, { shape: [1, next.length] }))));
  text += letters[letter];
  next = Int32Array.of(letter);
}
console.log(text);
cache.dispose();
