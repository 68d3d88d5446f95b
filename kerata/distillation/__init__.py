"""Distillation: a small model learns from a large one (Hinton et al., 2015, https://arxiv.org/abs/1503.02531)."""

from kerata.distillation.distiller import Distiller
from kerata.distillation.losses import DistillationLoss, FeatureDistillation, LogitsDistillation

__all__ = ["DistillationLoss", "Distiller", "FeatureDistillation", "LogitsDistillation"]
