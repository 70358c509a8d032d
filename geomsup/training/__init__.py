"""Training by gradient descent in NumPy: models, optimizers, batches, and the loop with its checkpoints."""

from __future__ import annotations

from geomsup.training.optimizers import SGD, Adam, AdamW, Optimizer
from geomsup.training.run import Run, TrainingHistory
from geomsup.training.schedules import ConstantRate, CosineDecay, LinearDecay, Schedule
from geomsup.training.settings import TrainingSettings
from geomsup.training.trainer import train

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "ConstantRate",
    "CosineDecay",
    "LinearDecay",
    "Optimizer",
    "Run",
    "Schedule",
    "TrainingHistory",
    "TrainingSettings",
    "train",
]
