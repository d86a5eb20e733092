// Symbolic tensors: shapes and dtypes without values, with which functional models are built. Layers applied to them
// record nodes, which `Model` walks.
import { Placeholder } from "../autograd/placeholder.ts";
import { methods } from "../ops/methods.ts";
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

/** Makes a layer of a function and applies it to the symbolic ones among these arguments; returns its result. */
export type Drawer = (name: string, f: (...args: never[]) => unknown, args: readonly unknown[]) => Symbolic;

/** The symbolic result of a layer or an op. Ops and their methods can be applied to it. */
export class Symbolic extends Placeholder {
  static {
    showAsText(Symbolic);
    for (const [name, method] of Object.entries(methods)) {
      Object.defineProperty(Symbolic.prototype, name, {
        value(this: Symbolic, ...rest: unknown[]): Symbolic {
          if (name !== "backward") return this.draw(name, method as never, [this, ...rest]);
          throw new ArgumentError(`backward: it must be called on tensors, got the result of ${this.node.layer.name}`);
        },
      });
    }
  }

  /** One example's shape, without the batch axis. */
  readonly shape: Shape;
  readonly dtype: Dtype;
  /** What makes it. */
  readonly node: Node;
  /** @internal */
  readonly drawer: Drawer;

  /** Layers make them: `layers.input` the first one. @internal */
  constructor(shape: Shape, dtype: Dtype, node: Node, drawer: Drawer) {
    super();
    this.shape = shape;
    this.dtype = dtype;
    this.node = node;
    this.drawer = drawer;
  }

  /** Notes that a function will be applied to these arguments. @hidden */
  override draw(name: string, f: (...args: never[]) => unknown, args: readonly unknown[]): Symbolic {
    return this.drawer(name, f, args);
  }

  /** Its shape, dtype and layer. */
  override toString(): string {
    return `Symbolic ${this.dtype} [${["batch", ...this.shape].join(", ")}] of ${this.node.layer.name}`;
  }
}

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
  const dtype = layer.outputDtype(inputs.map((input) => input.dtype));
  for (const one of shapeList(shape)) outputs.push(new Symbolic(one, dtype, node, inputs[0].drawer));
  return outputs;
}
