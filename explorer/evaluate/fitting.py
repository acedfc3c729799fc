"""Temperatures and thresholds of a model, fitted on pictures it has not learned from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from explorer.data.fashion import Split
from explorer.evaluate.calibration import fit_temperature
from explorer.evaluate.record import Record, record_of
from explorer.evaluate.tradeoff import Aim, own_threshold
from explorer.model.bundle import Model
from explorer.pipeline import to_tensor
from explorer.rules.reading import read_logits

BATCH = 32


def fit(model: Model, split: Split) -> tuple[dict[str, float], Record]:
    """Sets the network's temperatures, one an exit; gives thresholds by rule, and what the model then answers.

    The pictures are as the network sees them. Rules that look at more than logits keep their own default.
    """
    model.network.temperatures = (1.0,) * len(model.network.exits)
    traces = []
    for start in range(0, len(split), BATCH):
        images = split.images[start : start + BATCH]
        traces.append(model.network.analyse(torch.cat([to_tensor(model, image) for image in images])))
    logits = np.concatenate([trace.logits for trace in traces])  # (N, E, C)
    temperatures = [round(fit_temperature(logits[:, e], split.labels), 4) for e in range(logits.shape[1])]
    model.network.temperatures = tuple(temperatures)
    calibrated = (logits / np.array(temperatures, np.float32)[:, None]).astype(np.float32)
    record = record_of(read_logits(replace(traces[0], logits=calibrated, readings={})), split.labels)
    return {rule: own_threshold(record, rule, Aim()) for rule in record.scores}, record
