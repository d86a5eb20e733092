// How long the tasks of the page's main thread are: as the page itself can observe, and as a trace tells their time on
// a processor.
import { cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const LONGEST = 50;
/** What a task may work: the longest are 10 to 25 ms, and what is left of 50 is for waiting for one. */
const MOST_WORK = 40;
/** With more than so many wanting each core, a task's time is mostly that of waiting for one. */
const CROWDED = 2.5;

/**
 * Watches for a while. A problem is a task that worked for more than 40 ms, or one that took over 50 ms on a machine that is
 * not crowded: on a crowded one, a task that merely waited for its turn says nothing of the page.
 */
export async function watchTasks(tab, milliseconds) {
  await tab.ask(() => {
    const watched = window.longTasks !== undefined;
    window.longTasks = [];
    if (watched) return;
    const note = (list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration));
    new PerformanceObserver(note).observe({ type: "longtask" });
  });
  const devtools = await tab.devtools();
  const events = [];
  devtools.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  const traceConfig = { includedCategories: ["toplevel", "devtools.timeline"] };
  await devtools.send("Tracing.start", { transferMode: "ReportEvents", traceConfig });
  await sleep(milliseconds);
  const complete = new Promise((resolve) => devtools.once("Tracing.tracingComplete", resolve));
  await devtools.send("Tracing.end");
  await complete;
  await devtools.detach();
  const observed = await tab.ask(() => window.longTasks);
  const worked = taskTimes(events);
  const most = (times) => Math.round(Math.max(0, ...times));
  const load = loadavg()[0] / cpus().length;
  const words =
    `${worked.length} tasks in ${milliseconds / 1000} s, the longest worked for ${most(worked)} ms; ` +
    `${observed.length} took over ${LONGEST} ms (longest ${most(observed)} ms) at ${load.toFixed(1)} processes to a core`;
  const tooLong = most(worked) > MOST_WORK || (load < CROWDED && observed.length > 0);
  const nothing = worked.length < 20;
  const problem = nothing
    ? "the trace must show the page at work"
    : `no task must work for ${MOST_WORK} ms or take ${LONGEST} ms`;
  return { words, problem: tooLong || nothing ? problem : undefined };
}

/** Milliseconds on a processor of each task of the page's main thread. */
function taskTimes(events) {
  const threads = events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const isMain = ({ pid, tid }) => threads.some((thread) => thread.pid === pid && thread.tid === tid);
  // Where Chromium traces more, "RunTask" is the same one again.
  const isTask = ({ name }) => name === "ThreadControllerImpl::RunTask";
  return events.filter((event) => isTask(event) && isMain(event)).map(({ tdur = 0 }) => tdur / 1000);
}
