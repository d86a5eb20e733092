"""Writes the .safetensors files of this folder with the format's own library, for tests/formats/safetensors.test.ts.

python3 -m venv /tmp/golden && /tmp/golden/bin/pip install numpy==2.4.6 safetensors==0.8.0
/tmp/golden/bin/python tests/golden/make-safetensors.py
"""

from pathlib import Path

import numpy as np
from safetensors import TensorSpec, serialize
from safetensors.numpy import save

here = Path(__file__).parent

# The types that Heddle has, in the order in which the library writes them.
native = {
    "dense/bias": np.array([-0.0, np.inf, 1e-45], dtype=np.float32),
    "dense/kernel": np.arange(6, dtype=np.float32).reshape(2, 3) / 8,
    "nothing": np.zeros((0, 4), dtype=np.float32),
    "scalar": np.array(2.5, dtype=np.float32),
    "schlüssel ✓ 𝄞 \"\\\n": np.array([1], dtype=np.float32),
    "steps": np.array([-(2**31), 2**31 - 1], dtype=np.int32),
    "pixels": np.array([0, 128, 255], dtype=np.uint8),
    "mask": np.array([[True, False], [False, True]]),
}
(here / "native.safetensors").write_bytes(save(native, metadata={"format": "heddle"}))

# Types that become f32 or i32.
foreign = {
    "half": np.array([1.5, -2.0, 65504.0, 2.0**-24, np.inf, np.nan], dtype=np.float16),
    "double": np.array([0.5, -3.0, 2.0**100], dtype=np.float64),
    "long": np.array([[-1], [2**31 - 1], [-(2**31)]], dtype=np.int64),
}
specs = {
    name: TensorSpec(dtype=str(a.dtype), shape=list(a.shape), data_ptr=a.ctypes.data, data_len=a.nbytes)
    for name, a in foreign.items()
}
brain = np.array([0x3FC0, 0xC000, 0x0001], dtype=np.uint16)  # 1.5, -2, 2**-133
specs["brain"] = TensorSpec(dtype="bfloat16", shape=[3], data_ptr=brain.ctypes.data, data_len=brain.nbytes)
(here / "foreign.safetensors").write_bytes(bytes(serialize(specs)))
