// Symbolic tensors: shapes and dtypes without values, with which functional models are built. Layers applied to them
// record nodes, which `Model` walks.
import { methodNames } from "../ops/methods.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { showAsText } from "../runtime/inspect.ts";
import type { Dtype } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Layer } from "./layer.ts";
import { shapeList } from "./shapes.ts";

/** One application of a layer. */
export interface Node {
  readonly layer: Layer;
  readonly inputs: readonly Symbolic[];
  /** Whether the layer gets a list, be it of one. */
  readonly isList: boolean;
  readonly outputs: readonly Symbolic[];
  /** Whether it trains, where that does not follow the model. */
  readonly training?: boolean | undefined;
}

/** What a layer will return. */
export class Symbolic {
  static {
    showAsText(Symbolic);
    // Tensors have these, and a result that has no values yet is easily taken for one.
    for (const name of methodNames) {
      Object.defineProperty(Symbolic.prototype, name, {
        value(this: Symbolic): never {
          const instead = name in merging ? `layers.${merging[name as keyof typeof merging]}() or ` : "";
          throw new ArgumentError(
            `${name}: it must be called on tensors, got the symbolic result of ${this.node.layer.name}; ` +
              `apply ${instead}layers.lambda({ function: (x) => x.${name}(...) }) to it`,
          );
        },
      });
    }
  }

  /** Of one example, without the batch axis. */
  readonly shape: Shape;
  readonly dtype: Dtype;
  /** What makes it. */
  readonly node: Node;

  constructor(shape: Shape, dtype: Dtype, node: Node) {
    this.shape = shape;
    this.dtype = dtype;
    this.node = node;
  }

  /** Its shape, dtype and layer. */
  toString(): string {
    return `Symbolic ${this.dtype} [${["batch", ...this.shape].join(", ")}] of ${this.node.layer.name}`;
  }
}

/** The layers that do with symbolic results what methods of tensors do. */
const merging = { add: "add", sub: "subtract", mul: "multiply", maximum: "maximum", minimum: "minimum" };

/** Whether these are symbolic inputs, alone or in a list. */
export function isSymbolic(x: unknown): x is Symbolic | readonly Symbolic[] {
  return (
    x instanceof Symbolic ||
    (Array.isArray(x) && x[0] instanceof Symbolic && x.every((item) => item instanceof Symbolic))
  );
}

/** Notes that a layer is applied to symbolic inputs; builds it for their shapes. */
export function connect(layer: Layer, x: Symbolic | readonly Symbolic[], training?: boolean): Symbolic[] {
  const inputs = x instanceof Symbolic ? [x] : [...x];
  const shapes = inputs.map(({ shape }) => shape);
  const shape = layer.ensureBuilt(x instanceof Symbolic ? shapes[0] : shapes);
  if (shape === undefined) {
    throw new ArgumentError(`${layer.name}: outputShape must tell the shape of its output, got none`);
  }
  const outputs: Symbolic[] = [];
  const node: Node = { layer, inputs, isList: !(x instanceof Symbolic), outputs, training };
  for (const one of shapeList(shape)) outputs.push(new Symbolic(one, "f32", node));
  return outputs;
}
