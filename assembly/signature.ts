// What a kernel's parameters mean. The build reads these names from the signatures and generates the dispatcher and the
// types of `launch` from them; inside a kernel every pointer is a plain `usize` and `Scratch` is one too.
//
// Of memory declared `...Each`, unit i touches element i and no other, as long as there are as many elements as units
// (a broadcast operand has fewer). A kernel whose outputs are all declared so must allow two things: that other kernels
// of this kind run on the same elements right before and after it, and that an output has the memory of an input.

/** Memory that the kernel writes, and does not read before it has written it. */
export type Out<T> = usize;
export type OutEach<T> = usize;
/** Memory that the kernel reads and updates in place. */
export type InOut<T> = usize;
export type InOutEach<T> = usize;
/** Memory that the kernel only reads. */
export type In<T> = usize;
export type InEach<T> = usize;
/** Memory that the kernel reads if it is given: 0 when absent. */
export type OptionalIn<T> = usize;
export type OptionalInEach<T> = usize;
/**
 * A cell of 8 bytes in which a kernel notes the first bad value: see `note` in indices.ts. Its bits are all ones while
 * nothing is noted.
 */
export type Note = usize;
/** SCRATCH_BYTES of memory private to the calling thread, 64-byte aligned; its contents do not outlive one call. */
export type Scratch = usize;

export const SCRATCH_BYTES: i32 = 512 * 1024;
