// Makers of layers that registry.ts does not import: user-defined classes, and models.
import type { Layer } from "./layer.ts";

/** Makes a layer from its options, in which layers are made already; of the class `made`, if it says one. */
export type LayerMaker = ((options: never) => Layer) & { readonly made?: object };

/** Makes a layer of a class below some base from its configuration. */
export type FamilyMaker = (made: never, config: never) => Layer;

/** Those of bases whose classes are made in another way than from one record of options, the nearest last. */
export const families: Map<abstract new (...options: never) => Layer, FamilyMaker> = new Map();

export const registered: Map<string, LayerMaker> = new Map();
