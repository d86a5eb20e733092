// jax-js on its WebAssembly backend, every step through its jit. It starts no threads in Node. It consumes its
// arguments: `x.ref` (and `tree.ref`) is one more use of x, so every use of an array but its last is written that way.
import { readFileSync } from "node:fs";
import * as jax from "@jax-js/jax";
import { digits, gigaflops, operandShapes, operands, sumOfSamples } from "./inputs.js";
import { serve } from "./serve.js";
import { startTask } from "./start.js";

const { numpy: np, lax, nn, random, valueAndGrad, jit, tree } = jax;
await jax.init("wasm");
jax.defaultDevice("wasm");

/** Weights by He's rule. */
function weight(seed, shape, fanIn) {
  return random.normal(random.key(seed), shape).mul(Math.sqrt(2 / fanIn));
}

function cnnWeights() {
  return {
    conv1: weight(1, [32, 1, 3, 3], 9),
    conv2: weight(2, [64, 32, 3, 3], 288),
    conv3: weight(3, [64, 64, 3, 3], 576),
    dense1: weight(4, [576, 64], 576),
    dense2: weight(5, [64, 10], 64),
    bias1: np.zeros([32, 1, 1]),
    bias2: np.zeros([64, 1, 1]),
    bias3: np.zeros([64, 1, 1]),
    bias4: np.zeros([64]),
    bias5: np.zeros([10]),
  };
}

function cnn(batch) {
  const conv = (x, kernel, bias) => nn.relu(lax.conv(x, kernel, [1, 1], "VALID").add(bias));
  const pool = (x) => lax.reduceWindow(x, np.max, [2, 2], [2, 2]);
  return (p, x) => {
    let h = pool(conv(x, p.conv1, p.bias1));
    h = pool(conv(h, p.conv2, p.bias2));
    h = conv(h, p.conv3, p.bias3).reshape([batch, 576]);
    h = nn.relu(np.matmul(h, p.dense1).add(p.bias4));
    return np.matmul(h, p.dense2).add(p.bias5);
  };
}

function mlpWeights() {
  return {
    dense1: weight(1, [784, 64], 784),
    dense2: weight(2, [64, 64], 64),
    dense3: weight(3, [64, 10], 64),
    bias1: np.zeros([64]),
    bias2: np.zeros([64]),
    bias3: np.zeros([10]),
  };
}

function mlp(p, x) {
  const h = nn.relu(np.matmul(x, p.dense1).add(p.bias1));
  return np.matmul(nn.relu(np.matmul(h, p.dense2).add(p.bias2)), p.dense3).add(p.bias3);
}

/** One jitted step of Adam (learning rate 0.001) over batches of digits; the loss is read back at every step. */
function training(forward, weights, imageShape, amountPerStep, { batch, mnist, images: count }) {
  const { images, labels } = digits(mnist, count);
  const pixels = images.length / count;
  const loss = (p, x, y) => np.mean(np.sum(nn.logSoftmax(forward(p, x)).mul(y), 1)).mul(-1);
  const step = jit((p, m, v, correction, x, y) => {
    const [value, gradient] = valueAndGrad(loss)(tree.ref(p), x, y);
    const mean = tree.map((old, g) => old.mul(0.9).add(g.mul(0.1)), m, tree.ref(gradient));
    const square = tree.map((old, g) => old.mul(0.999).add(g.ref.mul(g).mul(0.001)), v, gradient);
    const next = tree.map(
      (w, a, b) => w.sub(a.mul(correction.ref).div(np.sqrt(b).add(1e-7))),
      p,
      tree.ref(mean),
      tree.ref(square),
    );
    correction.dispose?.();
    return [value, next, mean, square];
  });
  let p = weights;
  let m = tree.map((w) => np.zeros(w.shape), tree.ref(p));
  let v = tree.map((w) => np.zeros(w.shape), tree.ref(p));
  let steps = 0;
  let last = NaN;
  return {
    amountPerStep,
    step: async () => {
      const first = (steps * batch) % count;
      steps++;
      const x = np.array(images.slice(first * pixels, (first + batch) * pixels)).reshape([batch, ...imageShape]);
      const y = nn.oneHot(np.array(labels.slice(first, first + batch), { dtype: np.int32 }), 10);
      const correction = np.array((0.001 * Math.sqrt(1 - 0.999 ** steps)) / (1 - 0.9 ** steps));
      let value;
      [value, p, m, v] = step(p, m, v, correction, x, y);
      [last] = await value.data();
    },
    check: () => last,
  };
}

await serve({
  version: JSON.parse(readFileSync(new URL("../node_modules/@jax-js/jax/package.json", import.meta.url))).version,
  tasks: {
    matmul(options) {
      const values = operands(options);
      const shapes = operandShapes(options);
      const a = np.array(values.a).reshape(shapes.a);
      const b = np.array(values.b).reshape(shapes.b);
      const left = () => (options.transposeA ? np.matrixTranspose(a.ref) : a.ref);
      const right = () => (options.transposeB ? np.matrixTranspose(b.ref) : b.ref);
      let product;
      return {
        amountPerStep: gigaflops(options),
        step: async () => {
          product = await np.matmul(left(), right()).data();
        },
        check: () => sumOfSamples(product, options),
        end: () => {
          a.dispose();
          b.dispose();
        },
      };
    },
    "cnn-training": (options) => training(cnn(options.batch), cnnWeights(), [1, 28, 28], options.batch, options),
    "mlp-training": (options) => training(mlp, mlpWeights(), [784], 1, options),
    "lstm-training": "has no recurrent layers",
    "convbn-training": "has no batch normalization",
    "cnn-inference"({ batch, mnist }) {
      const forward = cnn(batch);
      const run = jit((p, x) => nn.softmax(forward(p, x)));
      const p = cnnWeights();
      const x = np.array(digits(mnist, batch).images).reshape([batch, 1, 28, 28]);
      let output;
      return {
        amountPerStep: batch,
        step: async () => {
          output = await run(tree.ref(p), x.ref).data();
        },
        check: () => output.reduce((sum, value) => sum + value, 0) / batch,
      };
    },
    start: startTask("jax-js"),
  },
});
