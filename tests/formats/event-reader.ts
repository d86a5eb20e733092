// Reads TFRecord frames and protocol buffers, independently of what writes them.

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** The checksum of RFC 3720: that of "123456789" is 0xe3069283. */
export function crc32c(bytes: Uint8Array): number {
  const crc = bytes.reduce((crc, byte) => table[(crc ^ byte) & 255] ^ (crc >>> 8), 0xffffffff);
  return ~crc >>> 0;
}

function unmasked(checksum: number): number {
  const rotated = (checksum - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

/** The records of an event file; throws where a checksum is wrong or the end is missing. */
export function readFrames(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    const checksums = [view.getUint32(at + 8, true), view.getUint32(at + 12 + length, true)].map(unmasked);
    if (checksums[0] !== crc32c(bytes.subarray(at, at + 8)) || checksums[1] !== crc32c(data)) {
      throw new Error("wrong checksum");
    }
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** A message's fields by number: bytes, or for varints numbers. */
export type Fields = Map<number, (Uint8Array | number)[]>;

export function parseFields(bytes: Uint8Array): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, kind] = [Math.floor(key / 8), key % 8];
    let value: Uint8Array | number;
    if (kind === 0) value = varint();
    else {
      const length = kind === 1 ? 8 : kind === 5 ? 4 : varint();
      value = bytes.subarray(at, at + length);
      at += length;
    }
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}
