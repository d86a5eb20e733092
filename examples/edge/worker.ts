// A worker for edge runtimes (workerd): reads handwritten digits, and learns from those it is sent, in the 128 MB and on the
// one thread that there are, with no code made at run time.
import { engineInfo, layers, optimizers, Sequential, tensor } from "heddle";
import weights from "./digit-cnn.safetensors";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const MOST_INK = 255;
const CLASSES = 10;
const MOST_EXAMPLES = 32;
const MOST_STEPS = 20;

/** An example to learn from: 784 numbers from 0 (paper) to 255 (ink), row by row or as rows, and the digit it shows. */
interface Example {
  image: number[] | number[][];
  label: number;
}

/** What is wrong with a request; its message goes back with status 400. */
class BadRequest extends Error {}

let model: Sequential | undefined;

/** The network, made at the first request: while a worker starts it may neither compute for long nor draw random numbers. */
function network(): Sequential {
  if (model !== undefined) return model;
  model = new Sequential([
    layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [SIDE, SIDE, 1] }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    layers.flatten(),
    layers.dense({ units: 64, activation: "relu" }),
    layers.dense({ units: CLASSES, activation: "softmax" }),
  ]);
  model.compile({
    optimizer: optimizers.sgd({ learningRate: 0.01 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  model.importWeights(new Uint8Array(weights));
  return model;
}

/** Pixels as the network wants them, from 0 to 1. */
function toPixels(image: unknown): number[] {
  const pixels: unknown[] = Array.isArray(image) ? image.flat() : [];
  if (pixels.length !== PIXELS || !pixels.every((ink) => typeof ink === "number" && ink >= 0 && ink <= MOST_INK)) {
    throw new BadRequest(`an image must be ${PIXELS} numbers from 0 to ${MOST_INK}`);
  }
  return pixels.map((ink) => (ink as number) / MOST_INK);
}

/** The image of a request: its bytes, one for each pixel, or JSON: {"image": [...]}. */
async function readImage(request: Request): Promise<number[]> {
  if (request.headers.get("content-type")?.startsWith("application/json")) {
    return toPixels(((await request.json()) as Partial<Example>).image);
  }
  return toPixels([...new Uint8Array(await request.arrayBuffer())]);
}

async function predict(request: Request): Promise<object> {
  const x = tensor(Float32Array.from(await readImage(request)), { shape: [1, SIDE, SIDE, 1] });
  const y = await network().predict(x);
  const probabilities = [...y.data()];
  for (const used of [x, y]) used.dispose();
  return { digit: probabilities.indexOf(Math.max(...probabilities)), probabilities };
}

/** Takes steps on {"examples": [...], "steps": 5}; what is learned stays until this instance of the worker ends. */
async function train(request: Request): Promise<object> {
  const { examples = [], steps = 5 } = (await request.json()) as { examples?: Example[]; steps?: number };
  if (!(Number.isInteger(steps) && steps >= 1 && steps <= MOST_STEPS)) {
    throw new BadRequest(`steps must be a whole number from 1 to ${MOST_STEPS}`);
  }
  if (!(Array.isArray(examples) && examples.length >= 1 && examples.length <= MOST_EXAMPLES)) {
    throw new BadRequest(`examples must be a list of 1 to ${MOST_EXAMPLES}`);
  }
  const labels = examples.map(({ label }) => label);
  if (!labels.every((label) => Number.isInteger(label) && label >= 0 && label < CLASSES)) {
    throw new BadRequest(`a label must be a whole number from 0 to ${CLASSES - 1}`);
  }
  const pixels = examples.flatMap(({ image }) => toPixels(image));
  const x = tensor(Float32Array.from(pixels), { shape: [examples.length, SIDE, SIDE, 1] });
  const y = tensor(Int32Array.from(labels), { dtype: "i32" });
  const losses = Array.from({ length: steps }, () => network().trainOnBatch(x, y).loss);
  for (const used of [x, y]) used.dispose();
  return { losses };
}

async function reset(): Promise<object> {
  network().importWeights(new Uint8Array(weights));
  return { reset: true };
}

const routes: Record<string, (request: Request) => Promise<object>> = {
  "GET /": async () => ({ routes: Object.keys(routes), engine: engineInfo() }),
  "POST /predict": predict,
  "POST /train": train,
  "POST /reset": reset,
};

export default {
  async fetch(request: Request): Promise<Response> {
    const route = routes[`${request.method} ${new URL(request.url).pathname}`];
    if (route === undefined)
      return Response.json({ error: "no such route", routes: Object.keys(routes) }, { status: 404 });
    try {
      return Response.json(await route(request));
    } catch (error) {
      const isTheirs = error instanceof BadRequest || error instanceof SyntaxError;
      return Response.json({ error: (error as Error).message }, { status: isTheirs ? 400 : 500 });
    }
  },
};
