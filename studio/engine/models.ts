// The models of the catalogue, made of layers. Layers have names of their own, so that saved weights fit later runs.
import { type Layer, layers, Sequential, type Shape } from "heddle";
import { CLASSES, type ModelId, PIXELS, SIDE } from "../catalogue.ts";

const inputShape: Shape = [SIDE, SIDE, 1];
const relu = { activation: "relu" } as const;

const makers: { readonly [id in ModelId]: () => Layer[] } = {
  "digit-cnn": () => [
    layers.conv2d({ name: "conv1", filters: 32, kernelSize: 3, ...relu, inputShape }),
    layers.maxPooling2d({ name: "pool1", poolSize: 2 }),
    layers.conv2d({ name: "conv2", filters: 64, kernelSize: 3, ...relu }),
    layers.maxPooling2d({ name: "pool2", poolSize: 2 }),
    layers.conv2d({ name: "conv3", filters: 64, kernelSize: 3, ...relu }),
    layers.flatten({ name: "flatten" }),
    layers.dense({ name: "dense1", units: 64, ...relu }),
    layers.dense({ name: "digits", units: CLASSES, activation: "softmax" }),
  ],
  mlp: () => [
    layers.flatten({ name: "flatten", inputShape }),
    layers.dense({ name: "dense1", units: 64, ...relu }),
    layers.dense({ name: "dense2", units: 64, ...relu }),
    layers.dense({ name: "digits", units: CLASSES, activation: "softmax" }),
  ],
  linear: () => [
    layers.flatten({ name: "flatten", inputShape }),
    layers.dense({ name: "digits", units: CLASSES, activation: "softmax" }),
  ],
  autoencoder: () => [
    layers.flatten({ name: "flatten", inputShape }),
    layers.dense({ name: "encoder", units: 128, ...relu }),
    layers.dense({ name: "code", units: 24, ...relu }),
    layers.dense({ name: "decoder", units: 128, ...relu }),
    layers.dense({ name: "pixels", units: PIXELS, activation: "sigmoid" }),
    layers.reshape({ name: "picture", targetShape: [...inputShape] }),
  ],
};

/** A new model with random weights, which follow from the seed set before. */
export function makeModel(id: ModelId): Sequential {
  return new Sequential(makers[id](), { name: id });
}
