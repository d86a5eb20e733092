// The first layer's filters as pictures: what it looks for.
import { diverging } from "./canvas.ts";
import { cardOf, element, setText } from "./elements.ts";
import { later } from "./frames.ts";
import type { Insight } from "./protocol.ts";
import { colour } from "./theme.ts";
import { drawTiles } from "./tiles.ts";

export class Filters {
  private readonly canvas = element("filters", HTMLCanvasElement);
  private readonly note = element("filters-note", HTMLParagraphElement);
  private readonly card = cardOf(this.canvas);
  private insight: Insight | undefined;

  show(insight: Insight): void {
    this.insight = insight;
    this.redraw();
  }

  redraw(): void {
    later("filters", () => this.insight && this.draw(this.insight), this.card);
  }

  private draw(insight: Insight): void {
    const { count, height, width } = insight.filters;
    const text = `${count} of ${height} × ${width}`;
    setText(this.note, text);
    this.canvas.ariaLabel = `First-layer filters, ${text} weights each`;
    const tint = diverging(colour("wrong"), colour("page"), colour("accent"));
    const [widest, narrowest] = width < 10 ? [42, 26] : [64, count > 16 ? 26 : 44];
    drawTiles(this.canvas, insight.filters, { tint, least: -1, widest, narrowest, gap: 8 });
  }
}
