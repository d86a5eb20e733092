// Work for the screen: one piece a frame, so that no task of the page is long, and only where it can be seen. A newer
// piece of the same name takes the place of one that still waits.

/** What is about to be scrolled into sight is drawn already. */
const MARGIN = "160px";

interface Piece {
  readonly work: () => void;
  readonly place: Element | undefined;
}

const waiting = new Map<string, Piece>();
const outOfSight = new Set<Element>();
let asked = false;

const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) outOfSight.delete(target);
      else outOfSight.add(target);
    }
    ask();
  },
  { rootMargin: MARGIN },
);

/** Does a piece of work in a frame to come; where it concerns a place, not before that is in sight. */
export function later(name: string, work: () => void, place?: Element): void {
  if (place) sight.observe(place);
  waiting.set(name, { work, place });
  ask();
}

function ask(): void {
  if (asked || next() === undefined) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const found = next();
    if (found === undefined) return;
    const [name, { work }] = found;
    waiting.delete(name);
    ask();
    work();
  });
}

/** The piece that has waited longest of those that can be seen. */
function next(): [string, Piece] | undefined {
  for (const entry of waiting) {
    const { place } = entry[1];
    if (place === undefined || !outOfSight.has(place)) return entry;
  }
  return undefined;
}
