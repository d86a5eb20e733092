// What is tested: families of rows, each row one claim about one place. A row shows what it saw while it runs, and
// throws where that is not what it should be.
export interface Family {
  name: string;
  /** What the family's table says, in one sentence. */
  title: string;
  /** The first column names the row; the others are filled in by `show`. */
  columns: string[];
  rows: Row[];
}

export interface Row {
  name: string;
  /** What must be installed first, where something is missing. */
  missing?: string;
  /** The most milliseconds it may take, where that is more than others may. */
  most?: number;
  run(context: Context): Promise<void>;
}

/** What a row is given: a place to show what it saw, and to say what must be undone when it has ended. */
export class Context {
  readonly cells = new Map<string, string>();
  private readonly endings: (() => unknown)[] = [];

  /** Fills in a cell of the row. */
  show(column: string, value: string | number): void {
    this.cells.set(column, String(value));
  }

  /** Runs `ending` when the row has ended, well or badly; the last one first. */
  finally(ending: () => unknown): void {
    this.endings.push(ending);
  }

  /** Runs all endings, and returns what went wrong in them. */
  async end(): Promise<Error[]> {
    const problems: Error[] = [];
    for (const ending of this.endings.splice(0).reverse()) {
      try {
        await ending();
      } catch (error) {
        problems.push(error as Error);
      }
    }
    return problems;
  }
}

/** Throws `message` unless `condition` holds. */
export function must(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}
