// From before the import to the first result, in milliseconds, in a process or page that has done nothing yet.

/** With this hash a page's own work is over before: what a click would find. */
const resting = globalThis.location?.hash === "#rest";
const ready = resting ? new Promise((resolve) => setTimeout(resolve, 1000)) : Promise.resolve();

globalThis.answer = ready.then(async () => {
  const began = performance.now();
  const { matmul, tensor } = await import("heddle");
  const [a, x] = [tensor([1, 2, 3, 4], { shape: [2, 2] }), tensor([1, 1], { shape: [2, 1] })];
  const result = [...matmul(a, x).data()];
  return { milliseconds: performance.now() - began, result };
});
globalThis.answer.then((answer) => console.log(`answer: ${JSON.stringify(answer)}`));
