// What each layer says of the digit on the pad: maps of convolutions, cells for units.
import { ramp } from "./canvas.ts";
import { cardOf, element, make, setText } from "./elements.ts";
import { later } from "./frames.ts";
import type { Maps } from "./protocol.ts";
import { colour } from "./theme.ts";
import { drawTiles } from "./tiles.ts";

export class FeatureMaps {
  private readonly place = element("maps", HTMLDivElement);
  private readonly empty = element("maps-empty", HTMLParagraphElement);
  private readonly card = cardOf(this.place);
  private layers: readonly Maps[] = [];

  show(layers: readonly Maps[]): void {
    this.layers = layers;
    this.redraw();
  }

  clear(): void {
    this.show([]);
  }

  redraw(): void {
    const work = (): void => {
      this.arrange();
      for (const [i, maps] of this.layers.entries()) later(`maps ${i}`, () => this.draw(i, maps), this.card);
    };
    later("maps", work, this.card);
  }

  /** A title and a canvas for each layer. */
  private arrange(): void {
    this.empty.hidden = this.layers.length > 0;
    const titles = this.place.querySelectorAll("h3");
    if (titles.length !== this.layers.length) {
      this.place.replaceChildren(
        ...this.layers.flatMap(({ name }) => {
          const canvas = make("canvas", { ariaLabel: name });
          canvas.setAttribute("role", "img");
          return [make("h3", {}, make("b"), make("span")), canvas];
        }),
      );
    }
  }

  private draw(i: number, maps: Maps): void {
    const title = this.place.querySelectorAll("h3")[i];
    const canvas = this.place.querySelectorAll("canvas")[i];
    if (!title || !canvas) return;
    const { name, count, height, width } = maps;
    const isUnits = height * width === 1;
    const [label, size] = title.children;
    setText(label, name);
    setText(size, isUnits ? `${count} units` : `${count === 1 ? "" : `${count} maps of `}${height} × ${width}`);
    canvas.ariaLabel = `${name}: ${size.textContent}`;
    const tint = ramp(colour("page"), colour("accent"));
    const [widest, narrowest] = isUnits ? [22, 11] : count === 1 ? [112, 112] : [44, 26];
    drawTiles(canvas, maps, { tint, least: 0, widest, narrowest, gap: isUnits ? 2 : 4 });
  }
}
