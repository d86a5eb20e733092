// One layer of the table of layers: how it is made, what it takes and gives, and what it cannot do.
import type { Layer } from "../../../ts/layers/index.ts";
import type { Shape } from "../../../ts/tensor/shape.ts";

export interface Case {
  readonly make: () => Layer;
  /** Shape of one example; a list for layers of several inputs. */
  readonly input: Shape | readonly Shape[];
  readonly output: Shape;
  readonly weights?: Record<string, Shape>;
  /** The inputs are numbers of rows instead of floats. */
  readonly ids?: boolean;
  /** In training it draws anew at each call. */
  readonly random?: boolean;
  /** In training it changes its own weights before it uses them, which finite differences do not see. */
  readonly adapts?: boolean;
  /** It has no useful gradient by its inputs, and no weights: it cannot learn. */
  readonly fixed?: boolean;
}

/** Kernels that are the same in every run. */
export const seeded = { kernelInitializer: { name: "glorotUniform", seed: 3 } } as const;
