"""Makes torch-schedules.json: what PyTorch's StepLR and OneCycleLR give, which Keras does not have.

Run with `python3 tests/golden/torch-schedules.py > tests/golden/torch-schedules.json` where PyTorch is installed.
"""

import json
import warnings

import torch

warnings.simplefilter("ignore")


def rates(make, rate, steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    schedule = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(float(f"{optimizer.param_groups[0]['lr']:.8g}"))
        optimizer.step()
        schedule.step()
    return found


S = torch.optim.lr_scheduler
print(
    json.dumps(
        {
            "torch": torch.__version__,
            "stepDecay": rates(lambda o: S.StepLR(o, step_size=7, gamma=0.5), 0.2, 30),
            "oneCycle": rates(lambda o: S.OneCycleLR(o, max_lr=0.3, total_steps=40), 0.1, 40),
            "oneCycle options": rates(
                lambda o: S.OneCycleLR(
                    o, max_lr=0.3, total_steps=25, pct_start=0.5, div_factor=10, final_div_factor=100
                ),
                0.1,
                25,
            ),
        }
    )
)
