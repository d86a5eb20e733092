// The confusion matrix: for each digit, what it was read as.
import { CLASSES, type ModelId, models } from "./catalogue.ts";
import { cardOf, element, make, setText } from "./elements.ts";
import { count } from "./format.ts";
import { later } from "./frames.ts";
import type { Check } from "./protocol.ts";

const digits = Array.from({ length: CLASSES }, (_, digit) => String(digit));

export class ConfusionTable {
  private readonly table = element("confusion", HTMLTableElement);
  private readonly empty = element("confusion-empty", HTMLParagraphElement);
  private readonly note = element("confusion-note", HTMLParagraphElement);
  private readonly cells: HTMLTableCellElement[] = [];
  private readonly card = cardOf(this.table);
  private applies = true;
  private check: Check | undefined;

  constructor() {
    const header = (text: string, scope: string): HTMLTableCellElement => make("th", { scope }, text);
    const rows = digits.map((digit) => {
      const cells = digits.map(() => make("td"));
      this.cells.push(...cells);
      return make("tr", {}, header(digit, "row"), ...cells);
    });
    this.table.append(
      make("caption", {}, "Rows: what a digit is. Columns: what it was read as."),
      make("thead", {}, make("tr", {}, make("td"), ...digits.map((digit) => header(digit, "col")))),
      make("tbody", {}, ...rows),
    );
  }

  setModel(model: ModelId): void {
    const applies = models[model].task === "classify";
    if (applies === this.applies) return;
    this.applies = applies;
    this.clear();
  }

  clear(): void {
    this.check = undefined;
    this.table.hidden = true;
    this.empty.hidden = false;
    setText(this.note, "");
  }

  show(check: Check): void {
    this.check = check;
    later("confusion", () => this.check && this.draw(this.check), this.card);
  }

  private draw({ confusion, images, of }: Check): void {
    if (confusion.length === 0) return;
    this.table.hidden = false;
    this.empty.hidden = true;
    setText(this.note, images === of ? `${count(of)} digits` : `${count(images)} of ${count(of)} digits`);
    for (let row = 0; row < CLASSES; row++) {
      const numbers = confusion.subarray(row * CLASSES, (row + 1) * CLASSES);
      const total = numbers.reduce((sum, number) => sum + number, 0) || 1;
      for (const [column, number] of numbers.entries()) {
        const cell = this.cells[row * CLASSES + column];
        const isRight = row === column;
        // Mistakes are few: the root lets them be seen.
        const share = isRight ? (100 * number) / total : Math.min(100, 160 * Math.sqrt(number / total));
        setText(cell, String(number));
        cell.className = number === 0 ? "none" : share > 62 ? "strong" : "";
        cell.style.setProperty("--tone", isRight ? "var(--accent)" : "var(--wrong)");
        cell.style.setProperty("--share", number === 0 ? "0" : String(Math.round(Math.max(6, share))));
      }
    }
  }
}
