// The namespace `datasets`: every data set by its name. A loader knows where its files come from and what must hold
// in them; it hands out ArrayData.
export { type LabelledImages, type Mnist, type MnistOptions, mnist } from "./mnist.ts";
