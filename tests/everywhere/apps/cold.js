// From before the import to the first result, in milliseconds, in a process or page that has done nothing yet.
const began = performance.now();

globalThis.answer = import("heddle").then(({ matmul, tensor }) => {
  const [a, x] = [tensor([1, 2, 3, 4], { shape: [2, 2] }), tensor([1, 1], { shape: [2, 1] })];
  const result = [...matmul(a, x).data()];
  return { milliseconds: performance.now() - began, result };
});
globalThis.answer.then((answer) => console.log(`answer: ${JSON.stringify(answer)}`));
