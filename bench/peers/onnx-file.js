// Writes ONNX models as bytes: just enough of protobuf and of onnx.proto for the networks of this bench, so that no
// Python is needed to make them. Field numbers are those of onnx.proto (IR version 8, operator set 13).

const VARINT = 0;
const BYTES = 2;
const FLOAT = 1;
const text = new TextEncoder();

/**
 * A model of `nodes` (`{ op, inputs, outputs, attributes? }`), `weights` (`{ name, shape, data }`), and `inputs` and
 * `outputs` (`{ name, shape }`; a string in a shape is a size known only at run time).
 */
export function onnxModel({ nodes, weights = [], inputs, outputs }) {
  const graph = [
    ...nodes.map((node) => bytes(1, encodeNode(node))),
    string(2, "graph"),
    ...weights.map((weight) => bytes(5, encodeWeight(weight))),
    ...inputs.map((value) => bytes(11, encodeValue(value))),
    ...outputs.map((value) => bytes(12, encodeValue(value))),
  ];
  return join([integer(1, 8), bytes(7, join(graph)), bytes(8, join([string(1, ""), integer(2, 13)]))]);
}

function encodeNode({ op, inputs, outputs, attributes = {} }) {
  return join([
    ...inputs.map((name) => string(1, name)),
    ...outputs.map((name) => string(2, name)),
    string(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, encodeAttribute(name, value))),
  ]);
}

function encodeAttribute(name, value) {
  const isList = Array.isArray(value);
  const values = isList ? value.map((number) => integer(8, number)) : [integer(3, value)];
  return join([string(1, name), ...values, integer(20, isList ? 7 : 2)]);
}

function encodeWeight({ name, shape, data }) {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return join([...shape.map((size) => integer(1, size)), integer(2, FLOAT), string(8, name), bytes(9, raw)]);
}

function encodeValue({ name, shape }) {
  const sizes = shape.map((size) => bytes(1, typeof size === "string" ? string(2, size) : integer(1, size)));
  const tensorType = join([integer(1, FLOAT), bytes(2, join(sizes))]);
  return join([string(1, name), bytes(2, bytes(1, tensorType))]);
}

function integer(field, value) {
  return Uint8Array.from([...varint((field << 3) | VARINT), ...varint(value)]);
}

function string(field, value) {
  return bytes(field, text.encode(value));
}

function bytes(field, content) {
  return join([Uint8Array.from([...varint((field << 3) | BYTES), ...varint(content.length)]), content]);
}

/** A whole number of at most 32 bits, seven bits a byte, lowest first. */
function varint(value) {
  const out = [];
  while (value > 127) {
    out.push((value & 127) | 128);
    value >>>= 7;
  }
  out.push(value);
  return out;
}

function join(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
