// File formats, and how files are named.
export type { FilePath } from "../runtime/paths.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensors,
  type Safetensors,
  type TensorRecord,
} from "./safetensors.ts";
