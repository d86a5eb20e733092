// Layers by kind beside those that the registry knows: classes of one's own, and models, which it does not import.
import type { Layer } from "./layer.ts";

/** Makes a layer from its options, in which layers are made already. */
export type LayerMaker = (options: never) => Layer;

export const registered: Map<string, LayerMaker> = new Map();
