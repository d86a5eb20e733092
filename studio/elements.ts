// Elements of the page, found by their id and made anew, with their types.

/** The element of that id. Errors: Error where index.html has none of that type. */
export function element<T extends Element>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html: #${id} must be a ${type.name}, got ${found}`);
  return found;
}

/** The card of the page that an element lies in. Errors: Error where it lies in none. */
export function cardOf(inside: Element): Element {
  const card = inside.closest(".card");
  if (card === null) throw new Error(`index.html: #${inside.id} must lie in a card, got none`);
  return card;
}

/** A new element with properties and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Fills a list of choices. */
export function fill(select: HTMLSelectElement, choices: readonly (readonly [value: string, text: string])[]): void {
  select.replaceChildren(...choices.map(([value, text]) => make("option", { value }, text)));
}

/** Sets a text only where it changes, so that the page is laid out anew only then. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
