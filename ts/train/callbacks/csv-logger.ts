// Writing the figures of a training to a table of comma-separated values.

import { makeFolderOf, readFileIfAny, writeFileAtomic } from "../../formats/files.ts";
import { csvLoggerOptions } from "../../generated/options.ts";
import type { Definition } from "../../layers/definition.ts";
import { FormatError } from "../../runtime/errors.ts";
import { type FilePath, pathOf } from "../../runtime/paths.ts";
import { type Callback, defineCallback, type Logs, StatefulCallback } from "./callback.ts";

/** What `CSVLogger` takes. */
export interface CSVLoggerOptions {
  filename: FilePath;
  /** Default ",". */
  separator?: string;
  /** Whether to add to the rows of a file that is there; default false. */
  append?: boolean;
}

/**
 * One row for each epoch: its number from 0, then its figures by name. The file is replaced as a whole each time, so that
 * no reader sees half a row. A figure that is missing is "NA"; one that joins later gets a column at the end.
 */
export class CSVLogger extends StatefulCallback implements Callback {
  private readonly filename: string;
  private readonly separator: string;
  private readonly append: boolean;
  private columns: readonly string[] = [];
  private text = "";

  constructor(options: CSVLoggerOptions) {
    super(options);
    const { filename, separator = ",", append = false } = options;
    this.filename = pathOf("CSVLogger: filename", filename);
    this.separator = separator;
    this.append = append;
  }

  async onTrainBegin(): Promise<void> {
    const before = this.append ? await readFileIfAny(this.filename) : undefined;
    this.text = before === undefined ? "" : new TextDecoder().decode(before);
    if (this.text !== "" && !this.text.endsWith("\n")) this.text += "\n";
    const [head] = this.text.split("\n");
    const [first, ...columns] = head.split(this.separator).map(unquoted);
    if (head !== "" && first !== "epoch") {
      throw new FormatError(`CSVLogger: the first column of ${this.filename} must be epoch, got ${first}`);
    }
    this.columns = columns;
    await makeFolderOf(this.filename);
  }

  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const added = Object.keys(logs)
      .filter((name) => !this.columns.includes(name))
      .sort();
    if (added.length > 0) {
      this.columns = [...this.columns, ...added];
      const [, ...rows] = this.text.split("\n").slice(0, -1);
      const missing = `${this.separator}NA`.repeat(added.length);
      this.text = this.row(["epoch", ...this.columns]) + rows.map((row) => `${row}${missing}\n`).join("");
    }
    const figure = (name: string): string => (Object.hasOwn(logs, name) ? String(logs[name]) : "NA");
    this.text += this.row([String(epoch), ...this.columns.map(figure)]);
    await writeFileAtomic(this.filename, new TextEncoder().encode(this.text));
  }

  private row(cells: readonly string[]): string {
    const quoted = (cell: string): string =>
      cell.includes(this.separator) || /["\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
    return `${cells.map(quoted).join(this.separator)}\n`;
  }
}

/**
 * Makes a {@link CSVLogger}, which writes the figures of each epoch to a table. Errors: ArgumentError for an invalid
 * filename.
 */
export const csvLogger: Definition<typeof CSVLogger> = defineCallback("csvLogger", CSVLogger, csvLoggerOptions);

function unquoted(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}
