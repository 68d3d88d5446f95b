"""The optimizers and options that are compared with Keras, and how."""

import numpy as np

CASES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "beta_1": 0.8, "epsilon": 1e-3}),
    ("AdamW", {}),
    ("Nadam", {}),
    ("Adamax", {}),
    ("Adagrad", {}),
    ("Adadelta", {}),
    ("Ftrl", {}),
    ("Ftrl", {"l1_regularization_strength": 0.1, "l2_regularization_strength": 0.1, "beta": 0.2,
              "l2_shrinkage_regularization_strength": 0.1, "learning_rate_power": -0.7}),
    ("Lion", {}),
    ("Lamb", {}),
    ("Adafactor", {}),
    ("Adafactor", {"relative_step": False}),
    ("Muon", {}),
    ("Muon", {"rms_rate": None, "nesterov": False, "adam_lr_ratio": 0.5, "exclude_layers": ["second"]}),
    ("ScheduleFreeAdamW", {"weight_decay": 0.1, "warmup_steps": 2}),
    ("Adam", {"clipnorm": 0.5}),
    ("Adam", {"clipvalue": 0.5}),
    ("SGD", {"global_clipnorm": 0.5, "weight_decay": 0.1}),
    ("Adam", {"use_ema": True, "ema_momentum": 0.7}),
    ("Adam", {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 2}),
    ("Adam", {"gradient_accumulation_steps": 2}),
    ("SGD", {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.5, "clipnorm": 0.3,
             "weight_decay": 0.2}),
    ("SGD", {"loss_scale_factor": 4.0}),
    ("Adam", {"learning_rate": "schedule"}),
    ("SGD", {"learning_rate": "schedule", "gradient_accumulation_steps": 2}),
    ("SGD", {"learning_rate": "function"}),
    # What no case above sets: the constants of each rule, and the shared options with each rule's own path.
    ("Adam", {"beta_2": 0.9, "weight_decay": 0.05, "global_clipnorm": 0.7}),
    ("AdamW", {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-4, "amsgrad": True, "weight_decay": 0.1, "clipnorm": 0.5}),
    ("AdamW", {"use_ema": True, "ema_momentum": 0.6, "gradient_accumulation_steps": 2, "loss_scale_factor": 2.0}),
    ("RMSprop", {"rho": 0.7, "epsilon": 1e-3, "weight_decay": 0.1, "clipvalue": 0.3}),
    ("RMSprop", {"centered": True, "gradient_accumulation_steps": 2, "use_ema": True, "ema_overwrite_frequency": 2}),
    ("Nadam", {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-4, "weight_decay": 0.1, "clipnorm": 0.4}),
    ("Nadam", {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.6, "learning_rate": "schedule"}),
    ("Adamax", {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3, "weight_decay": 0.1, "clipvalue": 0.4}),
    ("Adamax", {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.6}),
    ("Adagrad", {"initial_accumulator_value": 0.5, "epsilon": 1e-3, "weight_decay": 0.1, "global_clipnorm": 0.8}),
    ("Adadelta", {"rho": 0.8, "epsilon": 1e-3, "weight_decay": 0.1, "clipnorm": 0.5}),
    ("Ftrl", {"initial_accumulator_value": 0.3, "weight_decay": 0.1, "clipvalue": 0.5}),
    ("Lion", {"beta_1": 0.8, "beta_2": 0.7, "weight_decay": 0.1, "clipnorm": 0.5}),
    ("Lamb", {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3, "weight_decay": 0.1, "clipvalue": 0.5}),
    ("Lamb", {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.6}),
    ("Adafactor", {"beta_2_decay": -0.6, "epsilon_1": 1e-6, "epsilon_2": 1e-2, "clip_threshold": 0.7, "weight_decay": 0.1}),
    ("Adafactor", {"relative_step": False, "gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.6}),
    ("Muon", {"adam_beta_1": 0.8, "adam_beta_2": 0.9, "adam_weight_decay": 0.1, "weight_decay": 0.2, "momentum": 0.8}),
    ("Muon", {"ns_steps": 3, "muon_a": 3.0, "muon_b": -4.0, "muon_c": 2.0, "exclude_embeddings": False, "clipnorm": 0.5}),
    ("ScheduleFreeAdamW", {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-4, "clipnorm": 0.5}),
    ("ScheduleFreeAdamW", {"gradient_accumulation_steps": 2, "learning_rate": "schedule"}),
    ("SGD", {"momentum": 0.8, "use_ema": True, "ema_momentum": 0.6, "ema_overwrite_frequency": 3, "clipvalue": 0.2}),
    ("SGD", {"loss_scale_factor": 8.0, "clipnorm": 0.5, "gradient_accumulation_steps": 2, "nesterov": True, "momentum": 0.9}),
]  # fmt: skip
IDS = [f"{name}-{'-'.join(options)}" for name, options in CASES]

_rng = np.random.RandomState(0)
SHAPES = {"first/kernel": (2, 3), "first/bias": (3,), "second/kernel": (5, 2), "second/conv": (2, 2, 3)}
START = {path: _rng.randn(*shape).astype("float32") for path, shape in SHAPES.items()}
GRADIENTS = [[_rng.randn(*shape).astype("float32") for shape in SHAPES.values()] for _ in range(5)]


def make(optimizers, name: str, options: dict):
    """The optimizer, from the module `optimizers` of Kerata or Keras."""
    options = {"learning_rate": 0.05, **options}
    if options["learning_rate"] == "schedule":
        options["learning_rate"] = optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    if options["learning_rate"] == "function":
        options["learning_rate"] = lambda: 0.25
    return getattr(optimizers, name)(**options)


def variables(variable, name_scope) -> list:
    """The variables to train, of Kerata's or Keras's class."""
    out = []
    for path, value in START.items():
        scope, name = path.split("/")
        with name_scope(scope):
            out.append(variable(value, name=name))
    return out
