// The graph of a functional model: the layers' applications between its inputs and outputs, in an order in which each
// comes after what it needs.
import { type Json, toConfig } from "../layers/config.ts";
import { InputLayer } from "../layers/input.ts";
import { type ApplyOptions, Layer, type LayerOptions, perExample } from "../layers/layer.ts";
import { isLikeDrawn, type Shapes, shapeList } from "../layers/shapes.ts";
import { type Node, Symbolic } from "../layers/symbolic.ts";
import { requireCount, requireList, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { type Shape, sameShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";

type Call =
  | readonly [layer: number, inputs: number | readonly number[]]
  | readonly [layer: number, inputs: number | readonly number[], training: boolean];

/** A graph as plain JSON. Inputs and results are numbered: the inputs, then the results of each call in turn. */
export type GraphConfig = {
  /** Layers by kind and `config()`; the first ones are the inputs. */
  readonly layers: readonly { readonly kind: string; readonly config: { readonly [option: string]: Json } }[];
  /** Which layer is applied to what, one or a list, and whether it trains then, where that does not follow the model. */
  readonly calls: readonly Call[];
  /** How many inputs there are. */
  readonly inputs: number;
  readonly outputs: readonly number[];
};

/** What draws a functional model. */
export interface FunctionalOptions extends LayerOptions {
  /** What `layers.input` made: one, or a list. */
  inputs: Symbolic | readonly Symbolic[];
  /** What layers applied to the inputs gave: one, or a list. */
  outputs: Symbolic | readonly Symbolic[];
}

export class Graph {
  readonly inputs: readonly Symbolic[];
  readonly outputs: readonly Symbolic[];
  private readonly nodes: readonly Node[];

  /** ArgumentError unless the outputs follow from the inputs and from nothing else. */
  constructor(inputs: readonly Symbolic[], outputs: readonly Symbolic[]) {
    for (const [what, list] of Object.entries({ inputs, outputs })) {
      if (list.length === 0 || !list.every((item) => item instanceof Symbolic)) {
        throw new ArgumentError(
          `Model: ${what} must be results of layers.input and of layers applied to them, got something else`,
        );
      }
    }
    const twice = inputs.find((input, i) => inputs.indexOf(input) !== i);
    if (twice) throw new ArgumentError(`Model: inputs must be different, got ${twice.node.layer.name} twice`);
    this.inputs = inputs;
    this.outputs = outputs;
    this.nodes = orderedNodes(inputs, outputs);
    const names = new Map<string, Layer>();
    for (const layer of this.layers) {
      if (names.has(layer.name)) {
        throw new ArgumentError(`Model: names must be different, got two layers ${layer.name}`);
      }
      names.set(layer.name, layer);
    }
  }

  /** The layers, each once, in the order of their first application; inputs come first. */
  get layers(): Layer[] {
    const inputs = this.inputs.map(({ node }) => node.layer).filter((layer) => layer instanceof InputLayer);
    return [...new Set<Layer>([...inputs, ...this.nodes.map(({ layer }) => layer)])];
  }

  /** The result of a layer. ArgumentError unless there is one of it. */
  outputOf(layer: Layer): Symbolic {
    const input = this.inputs.filter(({ node }) => node.layer === layer);
    const all = [...input, ...this.nodes.flatMap((node) => (node.layer === layer ? node.outputs : []))];
    if (all.length === 1) return all[0];
    throw new ArgumentError(`outputOf: ${layer.name} must have one result in the model, got ${all.length}`);
  }

  /** One name for each output: its layer's, numbered where a layer makes several. */
  get outputNames(): string[] {
    const names = this.outputs.map(({ node }) => node.layer.name);
    return names.map((name, i) => {
      const before = names.slice(0, i).filter((other) => other === name).length;
      return before === 0 ? name : `${name}_${before}`;
    });
  }

  /** The outputs for values of the inputs. */
  run(values: readonly AnyTensor[], options: ApplyOptions): Tensor[] {
    return this.follow(values, ({ layer, training = options.training }, inputs) =>
      layer.applyAll(inputs, { ...options, training }),
    ) as Tensor[];
  }

  /** The shapes of the outputs for inputs of other sizes than those the graph was drawn with. */
  shapesFor(shapes: readonly Shape[]): readonly Shape[] {
    if (shapes.length !== this.inputs.length) {
      throw new ShapeError(`Model: there must be ${this.inputs.length} inputs, got ${shapes.length}`);
    }
    this.inputs.forEach(({ shape, dtype, node }, i) => {
      if (isLikeDrawn(shapes[i], shape) && (shape.length !== 1 || dtype !== "f32" || sameShape(shapes[i], shape)))
        return;
      throw new ShapeError(
        `Model: what is fed to ${node.layer.name} must be like ${perExample(shape)}, got ${perExample(shapes[i])}`,
      );
    });
    return this.follow(shapes, ({ layer }, inputs) => shapeList(layer.outputShape(inputs) as Shapes));
  }

  /** What the outputs are, given what the inputs are and what each layer makes of its inputs. */
  private follow<T>(given: readonly T[], f: (node: Node, inputs: T | readonly T[]) => readonly T[]): T[] {
    const known = new Map<Symbolic, T>(this.inputs.map((input, i) => [input, given[i]]));
    for (const node of this.nodes) {
      const { inputs, isList, outputs } = node;
      const own = inputs.map((input) => known.get(input) as T);
      f(node, isList ? own : own[0]).forEach((result, i) => {
        known.set(outputs[i], result);
      });
    }
    return this.outputs.map((output) => known.get(output) as T);
  }

  /** The graph as plain JSON; inputs that are results of other layers become inputs of their shape. */
  config(): GraphConfig {
    const layers = [...new Set(this.nodes.map(({ layer }) => layer))];
    const inputs = this.inputs.map((x) => (x.node.layer instanceof InputLayer ? x.node.layer : inputLike(x)));
    const known = [...this.inputs, ...this.nodes.flatMap(({ outputs }) => outputs)];
    const number = (x: Symbolic): number => known.indexOf(x);
    return {
      layers: [...inputs, ...layers].map(toConfig),
      calls: this.nodes.map(({ layer, inputs: x, isList, training }): Call => {
        const call = [inputs.length + layers.indexOf(layer), isList ? x.map(number) : number(x[0])] as const;
        return training === undefined ? call : [...call, training];
      }),
      inputs: inputs.length,
      outputs: this.outputs.map(number),
    };
  }

  /** The same graph of copies of its layers. */
  copy(copied: (layer: Layer) => Layer): { inputs: readonly Symbolic[]; outputs: readonly Symbolic[] } {
    const inputs = this.inputs.map((x) => inputLike(x).output);
    return {
      inputs,
      outputs: this.follow(inputs, ({ layer, training }, x) => copied(layer).applyAll(x, { training })),
    };
  }

  /** For `summary`: each layer with the shape of its first result and the layers it was applied to. */
  rows(): { layer: Layer; outputShape: Shape; from: string[] }[] {
    return this.layers.map((layer) => {
      const uses = this.nodes.filter((node) => node.layer === layer);
      const outputShape = uses[0]?.outputs[0].shape ?? (layer as InputLayer).output.shape;
      return { layer, outputShape, from: uses.flatMap(({ inputs }) => inputs.map(({ node }) => node.layer.name)) };
    });
  }
}

/** An input of the same shape, dtype and name. */
function inputLike({ shape, dtype, node }: Symbolic): InputLayer {
  return new InputLayer({ shape, dtype, name: node.layer.name });
}

/** The applications that the outputs need, each after those it needs; without recursion, since models may be deep. */
function orderedNodes(inputs: readonly Symbolic[], outputs: readonly Symbolic[]): Node[] {
  const given = new Set(inputs);
  const done = new Set<Node>();
  const order: Node[] = [];
  const needed = (list: readonly Symbolic[]): Node[] =>
    list.flatMap((x) => (given.has(x) || done.has(x.node) ? [] : [x.node])).reverse();
  const pending = needed(outputs);
  for (let node = pending.at(-1); node !== undefined; node = pending.at(-1)) {
    const waiting = done.has(node) ? [] : needed(node.inputs);
    if (waiting.length > 0) {
      pending.push(...waiting);
      continue;
    }
    pending.pop();
    if (done.has(node)) continue;
    if (node.layer instanceof InputLayer) {
      throw new ArgumentError(`Model: outputs must follow from its inputs, got one that needs ${node.layer.name} too`);
    }
    done.add(node);
    order.push(node);
  }
  return order;
}

/** What a configuration is when its layers have been made. */
export type Drawing = LayerOptions & Omit<GraphConfig, "layers"> & { readonly layers: readonly Layer[] };

/** What draws a model, from its configuration. */
export function drawnFrom({
  layers,
  calls,
  inputs,
  outputs,
  ...rest
}: Drawing): LayerOptions & { inputs: Symbolic[]; outputs: Symbolic[] } {
  if (calls === undefined) {
    throw new ArgumentError("layer: a functional configuration must tell its calls, got that of a subclass of Model");
  }
  const operation = "functional";
  const at = <T>(what: string, list: readonly T[], index: number): T => {
    requireCount(operation, what, index, 0, list.length - 1);
    return list[index];
  };
  for (const [what, list] of Object.entries({ layers, calls, outputs })) requireList(operation, what, list);
  requireCount(operation, "inputs", inputs, 1, layers.length);
  const known: Symbolic[] = layers.slice(0, inputs).map((layer) => {
    if (layer instanceof InputLayer) return layer.output;
    throw new ArgumentError(`${operation}: its first layers must be its inputs, got ${textOf(layer)}`);
  });
  for (const call of calls) {
    requireList(operation, "a call", call);
    const [which, given, training] = call;
    const layer = at("the layer of a call", layers, which);
    if (!(layer instanceof Layer)) throw new ArgumentError(`${operation}: layers must be layers, got ${textOf(layer)}`);
    const x = Array.isArray(given) ? given : [given];
    const from = x.map((i) => at("an input of a call", known, i));
    known.push(...layer.applyAll((Array.isArray(given) ? from : from[0]) as Symbolic, { training }));
  }
  const results = outputs.map((i) => at("an output", known, i));
  return { ...rest, inputs: known.slice(0, inputs), outputs: results };
}
