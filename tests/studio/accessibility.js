// What axe-core finds wrong with the page as it stands, by the rules of WCAG 2 A and AA.
import axe from "axe-core";

const standards = { runOnly: ["wcag2a", "wcag2aa"], resultTypes: ["violations"] };

/** A line for each violation, with the elements that it concerns. */
export async function violations(tab) {
  await tab.ask(axe.source);
  const found = await tab.ask(async (options) => {
    const { violations } = await window.axe.run(document, options);
    return violations.map(({ id, help, nodes }) => ({ id, help, places: nodes.map(({ target }) => target.join(" ")) }));
  }, standards);
  return found.map(({ id, help, places }) => `${id}: ${help} (${places.slice(0, 4).join(", ")})`);
}
