// File formats.
export {
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensors,
  type Safetensors,
  type TensorRecord,
} from "./safetensors.ts";
