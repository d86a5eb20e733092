// From before the import to the first result, in milliseconds, in a process or page that has done nothing yet.
const began = performance.now();
const { tensor } = await import("heddle");
const result = tensor([
  [1, 2],
  [3, 4],
])
  .matmul(tensor([[1], [1]]))
  .data();
const milliseconds = performance.now() - began;
globalThis.answer = { milliseconds, result: [...result] };
console.log(`answer: ${JSON.stringify(globalThis.answer)}`);
