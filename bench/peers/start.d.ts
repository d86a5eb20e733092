// The types of start.js.
import type { WholeTask } from "./serve.d.ts";

export function startTask(name: string): () => WholeTask;
