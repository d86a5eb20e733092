// For each layer how its weights and their gradients are spread around zero.
import { fitted } from "./canvas.ts";
import { cardOf, element, make, setText } from "./elements.ts";
import { short } from "./format.ts";
import { later } from "./frames.ts";
import type { Histogram, Insight } from "./protocol.ts";
import { css } from "./theme.ts";

const HEIGHT = 40;

export class LayerHistograms {
  private readonly place = element("layers", HTMLDivElement);
  private readonly card = cardOf(this.place);
  private insight: Insight | undefined;

  show(insight: Insight): void {
    this.insight = insight;
    this.redraw();
  }

  redraw(): void {
    later("histograms", () => this.insight && this.draw(this.insight), this.card);
  }

  private draw(insight: Insight): void {
    this.arrange(insight.layers.map(({ name }) => name));
    const cells = this.place.querySelectorAll<HTMLElement>(".histogram");
    for (const [i, { name, weights, gradients }] of insight.layers.entries()) {
      const work = (): void => {
        draw(cells[2 * i], weights, `Weights of ${name}`, css("accent"));
        draw(cells[2 * i + 1], gradients, `Gradients of ${name}`, css("train"));
      };
      later(`histograms ${i}`, work, this.card);
    }
  }

  private arrange(names: readonly string[]): void {
    const known = [...this.place.querySelectorAll(".name")].map((cell) => cell.textContent);
    if (known.length === names.length && known.every((name, i) => name === names[i])) return;
    const cell = (ariaLabel: string): HTMLElement => {
      const canvas = make("canvas", { ariaLabel });
      canvas.setAttribute("role", "img");
      return make(
        "div",
        { className: "histogram" },
        canvas,
        make("div", { className: "range" }, make("span"), make("span"), make("span")),
      );
    };
    this.place.replaceChildren(
      ...["", "weights", "gradients"].map((title) => make("span", { className: "title" }, title)),
      ...names.flatMap((name) => [
        make("span", { className: "name" }, name),
        cell(`Weights of ${name}`),
        cell(`Gradients of ${name}`),
      ]),
    );
  }
}

function draw(cell: HTMLElement, { counts, reach, deviation }: Histogram, what: string, fill: string): void {
  const canvas = cell.querySelector("canvas");
  if (canvas === null) return;
  const width = cell.clientWidth;
  const context = fitted(canvas, width, HEIGHT);
  const most = counts.reduce((largest, value) => Math.max(largest, value), 0) || 1;
  const step = width / counts.length;
  context.fillStyle = fill;
  for (const [i, value] of counts.entries()) {
    // The root lets the rare ones be seen beside the many around zero.
    const tall = Math.sqrt(value / most) * (HEIGHT - 2);
    context.fillRect(i * step, HEIGHT - 1 - tall, Math.max(1, step - 1), tall);
  }
  context.fillStyle = css("line");
  context.fillRect(0, HEIGHT - 1, width, 1);
  canvas.ariaLabel = `${what}: standard deviation ${short(deviation)}, from ${short(-reach)} to ${short(reach)}`;
  const [low, middle, high] = cell.querySelectorAll(".range span");
  setText(low, short(-reach));
  setText(middle, `σ ${short(deviation)}`);
  setText(high, short(reach));
}
