// The processes at work: one for each contender and number of threads, kept while questions ask for the same task.
import type { Child } from "./child.ts";
import { start } from "./contenders.ts";
import { label, type Outcome } from "./question.ts";

export class Crew {
  readonly #children = new Map<string, Child>();
  #task: string | undefined;

  /** The process for a task; those of another task are sent home first, so that tasks share no memory. */
  child(task: string, { contender, threads }: Outcome): Child {
    if (task !== this.#task) this.stop();
    this.#task = task;
    const key = label({ contender, threads });
    const child = this.#children.get(key) ?? start(contender);
    this.#children.set(key, child);
    return child;
  }

  /** Ends one process: the next question of the task gets a new one. */
  dismiss(outcome: Outcome): void {
    this.#children.get(label(outcome))?.stop();
    this.#children.delete(label(outcome));
  }

  /** Ends all processes. */
  stop(): void {
    for (const child of this.#children.values()) child.stop();
    this.#children.clear();
  }
}
