// Dark or light: as the system has it, unless the person says otherwise. Hands out the colours for canvases.
import { element } from "./elements.ts";
import { recall, remember } from "./memory.ts";

const choices = ["auto", "light", "dark"] as const;
type Choice = (typeof choices)[number];

export class Theme {
  private readonly button = element("theme", HTMLButtonElement);
  private readonly system = matchMedia("(prefers-color-scheme: dark)");
  private listener: () => void = () => {};
  private choice: Choice = choices.find((choice) => choice === recall("browser", "theme")) ?? "auto";

  constructor() {
    this.apply();
    this.button.addEventListener("click", () => {
      this.choice = choices[(choices.indexOf(this.choice) + 1) % choices.length];
      remember("browser", "theme", this.choice);
      this.apply();
    });
    this.system.addEventListener("change", () => this.apply());
  }

  onChange(listener: () => void): void {
    this.listener = listener;
  }

  private apply(): void {
    const root = document.documentElement;
    if (this.choice === "auto") delete root.dataset.theme;
    else root.dataset.theme = this.choice;
    this.button.textContent = `Theme: ${this.choice}`;
    known.clear();
    this.listener();
  }
}

const known = new Map<string, Rgb>();
let probe: HTMLElement | undefined;

export type Rgb = readonly [red: number, green: number, blue: number];

/** A colour of the style sheet as it is now, by its name there: "accent". */
export function colour(name: string): Rgb {
  let found = known.get(name);
  if (found === undefined) {
    probe ??= document.body.appendChild(Object.assign(document.createElement("i"), { hidden: true }));
    probe.style.color = `var(--${name})`;
    const numbers = getComputedStyle(probe).color.match(/[\d.]+/g) ?? ["0", "0", "0"];
    found = [Number(numbers[0]), Number(numbers[1]), Number(numbers[2])];
    known.set(name, found);
  }
  return found;
}

/** The same for canvases and plots. */
export function css(name: string, opacity = 1): string {
  return `rgb(${colour(name).join(" ")} / ${opacity})`;
}
