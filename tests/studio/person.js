// What a person does in the studio and sees of it, on top of a browser's hands and eyes.
import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE = 60_000;

export class Person {
  constructor(tab) {
    this.tab = tab;
  }

  /** Opens the studio and waits until it can be used. */
  async visit(address) {
    await this.tab.goto(address);
    await this.ready();
  }

  async reload() {
    await this.tab.reload();
    await this.ready();
  }

  ready() {
    return this.waitFor("the Train button", () => this.see("#train", (button) => !button.disabled));
  }

  /** What a function says of the element that a selector finds. */
  see(selector, f = (element) => element?.textContent) {
    const source = `(${f})(document.querySelector(${JSON.stringify(selector)}))`;
    return this.tab.ask((text) => new Function(`return ${text}`)(), source);
  }

  async number(selector) {
    return Number.parseFloat((await this.see(selector)).replace(/[^\d.-]/g, ""));
  }

  /** What stands in a field. */
  value(selector) {
    return this.see(selector, (field) => field.value);
  }

  /** Writes into a field, and is done with Enter. */
  async enter(selector, text) {
    await this.see(selector, (field) => field.select());
    await this.tab.write(text);
    await this.tab.press("Enter");
  }

  /** Presses Tab until an element of that id, or of that label, has the focus. */
  async tabTo(name, key = "Tab") {
    const visited = [];
    while (visited.length < 60) {
      await this.tab.press(key);
      const focused = await this.tab.ask(() => [document.activeElement.id, document.activeElement.ariaLabel]);
      if (focused.includes(name)) return;
      visited.push(focused[0] || focused[1]);
    }
    throw new Error(`${key} must reach ${name}, got ${visited.join(", ")}`);
  }

  /** Presses the theme's button until it says so. */
  async wear(theme) {
    while (!(await this.see("#theme")).endsWith(theme)) await this.see("#theme", (button) => button.click());
  }

  /** Brings something into sight. */
  async lookAt(selector) {
    await this.see(selector, (element) => element.scrollIntoView({ block: "center" }));
  }

  step() {
    return this.number("#step").then((step) => step || 0);
  }

  /** Waits until something is as it should be, and returns it. */
  async waitFor(what, look, patience = PATIENCE) {
    const end = Date.now() + patience;
    for (;;) {
      const seen = await look();
      if (seen) return seen;
      if (Date.now() > end) throw new Error(`${what} must have come within ${patience / 1000} s, got none`);
      await sleep(100);
    }
  }

  waitForText(selector, pattern, patience) {
    return this.waitFor(
      `${pattern} in ${selector}`,
      async () => pattern.exec((await this.see(selector)) ?? ""),
      patience,
    );
  }

  async train() {
    await this.tab.click("#train");
    await this.waitForText("#train", /^Pause$/);
  }

  async pause() {
    await this.tab.click("#train");
    await this.waitForText("#train", /^(Resume|Train on)$/);
  }

  async reset() {
    await this.tab.click("#reset");
    await this.waitForText("#train", /^Train$/);
  }

  /** Draws lines with the mouse: points from 0 to 1 across the pad. */
  async draw(points) {
    await this.tab.click("#clear");
    await this.lookAt("#pad");
    const box = await this.see("#pad", (pad) => {
      const { x, y, width, height } = pad.getBoundingClientRect();
      return { x, y, width, height };
    });
    const places = points.map(([x, y]) => [box.x + x * box.width, box.y + y * box.height]);
    const { mouse } = this.tab;
    await mouse.move(...places[0]);
    await mouse.down();
    for (const place of places.slice(1)) await mouse.move(...place, { steps: 8 });
    await mouse.up();
  }

  /** What the model reads on the pad. */
  reads(digit) {
    return this.waitForText("#said", new RegExp(`^${digit}$`), 10_000);
  }
}

/** Throws unless something holds. */
export function expect(holds, what, got) {
  if (!holds) throw new Error(`${what}, got ${got}`);
}
