// The model as the functions and callbacks see it that its own methods call: the one import against the order, of types alone.
// A model's options name callbacks, which get the model.
export type { Model } from "./model.ts";
