// Looks inside a model: its first layer's filters, histograms of weights and gradients, and what each layer says of a digit.
import { noGrad, type Sequential, scope, type Tensor, tensor, valueAndGrad } from "heddle";
import { PIXELS, SIDE, type Task } from "../catalogue.ts";
import type { Histogram, Insight, Look, Maps } from "../protocol.ts";
import type { Digits } from "./digits.ts";
import { lossOf } from "./tasks.ts";

const BINS = 41;
const EXAMPLES = 64;
const MOST_FILTERS = 64;

/** What the model's weights look like after so many steps, and the gradients that some digits give them. */
export function lookInside(model: Sequential, task: Task, digits: Digits, step: number): Insight {
  return scope(() => {
    const gradients = gradientsOf(model, task, digits);
    const layers = model.trainableWeights.flatMap((weight, i) => {
      if (!weight.name.endsWith("/kernel")) return [];
      const name = weight.name.slice(0, -"/kernel".length);
      return [{ name, weights: histogram(weight.view()), gradients: histogram(gradients[i].view()) }];
    });
    return { step, filters: firstFilters(model), layers };
  });
}

function gradientsOf(model: Sequential, task: Task, digits: Digits): readonly Tensor[] {
  const values = Float32Array.from(digits.pixels.subarray(0, EXAMPLES * PIXELS), (byte) => byte / 255);
  const images = tensor(values, { shape: [EXAMPLES, SIDE, SIDE, 1] });
  const labels = tensor(Int32Array.from(digits.labels.subarray(0, EXAMPLES)));
  return valueAndGrad(model.trainableWeights, () => lossOf(task, images, labels, model.apply(images)))()[1];
}

/** How numbers are spread around 0; the few largest do not count for the range. */
export function histogram(numbers: Float32Array): Histogram {
  let [squares, most] = [0, 0];
  for (const number of numbers) {
    squares += number * number;
    most = Math.max(most, Math.abs(number));
  }
  const deviation = Math.sqrt(squares / numbers.length);
  const reach = Math.min(most, 4 * deviation) || 1;
  const counts = new Float32Array(BINS);
  for (const number of numbers) {
    const bin = Math.floor(((number / reach + 1) / 2) * BINS);
    if (bin >= 0 && bin <= BINS) counts[Math.min(bin, BINS - 1)]++;
  }
  return { counts, reach, deviation };
}

/** The first layer's weights as pictures: windows of a convolution, or for each unit a weight for each pixel. */
function firstFilters(model: Sequential): Maps {
  const kernel = model.weights.find(({ name }) => name.endsWith("/kernel"));
  if (kernel === undefined) throw new Error(`insight: ${model.name} must have a layer with weights, got none`);
  const values = kernel.data();
  const count = kernel.shape[kernel.rank - 1];
  const [height, width] = kernel.rank === 4 ? kernel.shape : [SIDE, SIDE];
  const shown = Math.min(count, MOST_FILTERS);
  return { name: kernel.name, count: shown, height, width, values: channelsFirst(values, count, shown) };
}

/** What the model makes of pixels; on wish with the maps of each layer that has weights. */
export function lookAt(model: Sequential, pixels: Float32Array, withLayers: boolean): Look {
  return scope(() =>
    noGrad(() => {
      const maps: Maps[] = [];
      let y = tensor(pixels, { shape: [1, SIDE, SIDE, 1] });
      for (const layer of model.layers) {
        y = layer.apply(y);
        if (withLayers && layer.weights.length > 0) maps.push(mapsOf(layer.name, y));
      }
      return { output: y.data(), layers: maps };
    }),
  );
}

/** Maps [1, height, width, count] as pictures, and units as pictures of one pixel, unless they are a digit's pixels. */
function mapsOf(name: string, y: Tensor): Maps {
  const values = y.data();
  if (y.rank === 4) {
    const [, height, width, count] = y.shape;
    return { name, count, height, width, values: channelsFirst(values, count, count) };
  }
  if (y.size === PIXELS) return { name, count: 1, height: SIDE, width: SIDE, values };
  return { name, count: y.size, height: 1, width: 1, values };
}

/** [places, channels] as [channels, places], of the channels the first few. */
function channelsFirst(values: Float32Array, channels: number, shown: number): Float32Array {
  const places = values.length / channels;
  return Float32Array.from({ length: shown * places }, (_, i) => {
    const channel = Math.floor(i / places);
    return values[(i - channel * places) * channels + channel];
  });
}
