// The engine's memory, before and after.
import { engine } from "../../../ts/runtime/engine.ts";
import { must } from "./family.ts";

/** A check, for later, that no more is in use than now; with `exactly`, no less either. */
export function memoryIsBack({ exactly = false } = {}): (what?: string) => void {
  const { buffers, inUse } = engine().memory.report();
  return (what = "the memory in use") => {
    const now = engine().memory.report();
    const same = exactly
      ? now.buffers === buffers && now.inUse === inUse
      : now.buffers <= buffers && now.inUse <= inUse;
    must(same, () => `${what} must be ${inUse} bytes in ${buffers} buffers, got ${now.inUse} in ${now.buffers}`);
  };
}
