// Writing the figures of a training to a table of comma-separated values.
import { makeFolderOf, readFileIfAny, writeFileAtomic } from "../io/files.ts";
import { type FilePath, pathOf } from "../runtime/paths.ts";
import type { Callback, Logs } from "./callbacks.ts";

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
 * no reader sees half a row. A figure that is missing is "NA".
 */
export class CSVLogger implements Callback {
  private readonly filename: string;
  private readonly separator: string;
  private readonly append: boolean;
  private columns: readonly string[] | undefined;
  private text = "";

  constructor({ filename, separator = ",", append = false }: CSVLoggerOptions) {
    this.filename = pathOf("CSVLogger: filename", filename);
    this.separator = separator;
    this.append = append;
  }

  async onTrainBegin(): Promise<void> {
    const before = this.append ? await readFileIfAny(this.filename) : undefined;
    this.text = before === undefined ? "" : new TextDecoder().decode(before);
    const [head] = this.text.split("\n");
    this.columns = head === "" ? undefined : head.split(this.separator).slice(1).map(unquoted);
    await makeFolderOf(this.filename);
  }

  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.columns === undefined) {
      this.columns = Object.keys(logs).sort();
      this.text = this.row(["epoch", ...this.columns]);
    }
    this.text += this.row([String(epoch), ...this.columns.map((name) => (name in logs ? String(logs[name]) : "NA"))]);
    await writeFileAtomic(this.filename, new TextEncoder().encode(this.text));
  }

  private row(cells: readonly string[]): string {
    const quoted = (cell: string): string =>
      cell.includes(this.separator) || /["\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
    return `${cells.map(quoted).join(this.separator)}\n`;
  }
}

function unquoted(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}
