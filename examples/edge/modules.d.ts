// What wrangler's rule for data makes of a weights file.
declare module "*.safetensors" {
  const bytes: ArrayBuffer;
  export default bytes;
}
