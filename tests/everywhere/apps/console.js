// Runs one of the programs in a runtime with a console: `console.js NAME '{"option": 1}'`; prints what it returned.
import { endWorkers, neverStart } from "./failures.js";
import { remote } from "./remote.js";
import { train } from "./train.js";

const [name, options] = process.argv.slice(2);
const answer = await { train, remote, endWorkers, neverStart }[name](JSON.parse(options));
console.log(`answer: ${JSON.stringify(answer)}`);
