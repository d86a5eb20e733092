// Runs one of the programs in a page: `page.html#NAME{"option": 1}`; the promise `answer` is what it returned.
import { endWorkers, neverStart } from "./failures.js";
import { remote } from "./remote.js";
import { train } from "./train.js";

const [, name, options] = decodeURIComponent(location.hash).match(/^#(\w+)(.*)$/);
globalThis.answer = { train, remote, endWorkers, neverStart }[name](JSON.parse(options));
