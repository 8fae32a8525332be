"""train(): the one loop. It resumes from its checkpoint at any epoch with the same final weights."""

from __future__ import annotations

import copy
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ladtl_core import checkpoint as checkpoints
from ladtl_core import embeddings
from ladtl_core.batching import Batches, Prepared
from ladtl_core.config import Config
from ladtl_core.data import Selection, TrainingData, gold_tags, hold_out, records_of
from ladtl_core.errors import Cancelled, TrainingError
from ladtl_core.evaluation import evaluate
from ladtl_core.gap import GapProbe
from ladtl_core.methods import METHODS, objective
from ladtl_core.prediction import predict_tags, save_tagger
from ladtl_core.preparation import preparation
from ladtl_core.scores import Scores
from ladtl_core.tagger import SOURCE, TARGET, Tagger
from ladtl_core.vocab import labels_of

_CLIP = 5.0
# After these steps the losses are told once before the first epoch ends: somebody may be watching.
_FIRST_SIGN = 5


@dataclass(frozen=True)
class Progress:
    """What one epoch showed. `losses` are means over its steps; `dev` holds precision, recall and f1 in percent;
    `gap` the unbiased MMD^2 between the domains' hidden states for each tag. `epoch` is 0 before the first step."""

    stage: str
    epoch: int
    epochs: int
    step: int
    seconds: float
    losses: dict[str, float] = field(default_factory=dict)
    dev: dict[str, float] | None = None
    gap: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Trained:
    """A finished run: the tagger with the weights that were chosen, and how it did."""

    tagger: Tagger
    selection: Selection
    scores: dict[str, Scores | None]
    best_epoch: int
    steps: int
    seconds: float

    def save(self, folder: Path) -> str:
        """Write the model to `folder` and return the hash of its weights."""
        save_tagger(self.tagger, folder)
        return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def train(
    data: TrainingData,
    config: Config,
    *,
    progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    checkpoint: Path | None = None,
) -> Trained:
    """Train `config.transfer.method` on `data`.

    `progress` is told of every epoch and `should_stop` asked after it. With `checkpoint` the run is saved there after
    every epoch and goes on from there if the file is of the same data and settings. Raises Cancelled when stopped,
    TrainingError if there is nothing to train on or a loss is no longer a finite number.
    """
    run = _Run(data, config, progress or (lambda _: None))
    if checkpoint is None or not run.resume(checkpoint):
        run.start()
    while not run.finished:
        run.epoch()
        if checkpoint is not None:
            run.save(checkpoint)
        run.report()
        if should_stop is not None and should_stop():
            raise Cancelled(f"cancelled after epoch {run.state.epoch}")
    return run.result()


@dataclass
class _State:
    """The part of a run that is neither weights nor data."""

    epoch: int = 0
    best_epoch: int = 0
    best_f1: float = -1.0
    seconds: float = 0.0
    last: dict[str, Any] = field(default_factory=dict)


class _Run:
    """One training run between two epochs."""

    def __init__(self, data: TrainingData, config: Config, progress: Callable[[Progress], None]) -> None:
        self.config, self.progress, self.method = config, progress, METHODS[config.transfer.method]
        self.given = data
        settings = config.training
        self.data, self.selection = hold_out(data, settings.fixed_steps, settings.seed)
        if not self.method.needs_source:
            self.data = replace(self.data, source=())
        _check_data(self.data, config)
        self.max_steps = settings.fixed_steps if self.selection.kind == "fixed" else settings.max_steps
        self.epochs = -(-self.max_steps // settings.epoch_steps)
        torch.manual_seed(settings.seed)
        self._prepare()
        self.state = _State()
        self.best: dict[str, Tensor] = {}
        self.began = time.monotonic()

    def _prepare(self) -> None:
        settings, ready = self.config.training, preparation(self.data)
        self.tagger = Tagger(self.config, ready.vocabulary, ready.tags)
        self.table, self.dev, self.test = ready.table, ready.dev, ready.test
        self.batches = {
            domain: Batches(part, settings.batch_size, settings.seed) for domain, part in ready.parts.items()
        }
        self.gap = GapProbe(ready.parts, self.tagger, settings.seed)

    def start(self) -> None:
        """Embeddings and a fresh optimiser."""
        settings = self.config.training
        if settings.pretrain_epochs:
            self.progress(Progress("embeddings", 0, self.epochs, 0, self._seconds()))
            text = (*self.data.source, *self.data.target, *self.data.unlabelled)
            vectors = embeddings.pretrained(
                tuple(sorted(sentence.tokens for sentence in text)),
                self.tagger.vocabulary,
                self.config.model.word_size,
                settings.pretrain_epochs,
                settings.seed,
            )
            with torch.no_grad():
                self.tagger.encoder.words.weight.copy_(vectors)
        self._new_optimizer()
        self.progress(Progress("training", 0, self.epochs, 0, self._seconds()))

    def _new_optimizer(self) -> None:
        settings, parameters = self.config.training, self.tagger.parameters()
        if settings.optimizer == "adagrad":
            self.optimizer: torch.optim.Optimizer = torch.optim.Adagrad(parameters, lr=settings.learning_rate)
        else:
            self.optimizer = torch.optim.Adam(parameters, lr=settings.learning_rate, fused=True)
        self.averaged = copy.deepcopy(self.tagger)
        self._average = get_ema_multi_avg_fn(settings.average)

    @property
    def _phase(self) -> int:
        """Which of the method's phases the next epoch belongs to; they share the epochs equally."""
        return min(self.state.epoch * len(self.method.phases) // self.epochs, len(self.method.phases) - 1)

    @property
    def finished(self) -> bool:
        state = self.state
        waited = state.best_epoch > 0 and state.epoch - state.best_epoch >= self.config.training.patience
        return state.epoch >= self.epochs or (self.selection.kind != "fixed" and waited)

    def epoch(self) -> None:
        """Train one epoch and look at dev. Random numbers depend on the seed and the epoch alone."""
        settings, state = self.config.training, self.state
        phase = self._phase
        begin = -(-self.epochs * phase // len(self.method.phases))
        if phase and state.epoch == begin:
            self.tagger.head(TARGET).copy_matching(self.tagger.head(SOURCE))
            self._new_optimizer()
        torch.manual_seed(settings.seed * 1_000_003 + state.epoch)
        self.tagger.train()
        sums: dict[str, float] = {}
        first = state.epoch * settings.epoch_steps
        steps = range(first, min(first + settings.epoch_steps, self.max_steps))
        for step in steps:
            for name, value in self._step(step, self.method.phases[phase]).items():
                sums[name] = sums.get(name, 0.0) + value / len(steps)
            if step == _FIRST_SIGN - 1:
                so_far = {name: total * len(steps) / _FIRST_SIGN for name, total in sums.items()}
                self.progress(Progress("training", 0, self.epochs, step + 1, self._seconds(), so_far))
        state.epoch += 1
        dev = self._look_at_dev() if phase == len(self.method.phases) - 1 else None
        state.seconds = self._seconds()
        state.last = Progress(
            "training",
            state.epoch,
            self.epochs,
            steps.stop,
            state.seconds,
            sums,
            dev,
            self.gap.measure(self.averaged, self.table),
        ).to_dict()

    def _step(self, step: int, domains: tuple[str, ...]) -> dict[str, float]:
        batches = {domain: self.batches[domain][step] for domain in domains}
        loss, parts = objective(self.method, self.tagger, self.table, batches, self.config.transfer)
        values = {name: float(part.detach()) for name, part in parts.items()}
        for name, value in values.items():
            if value != value or value in (float("inf"), float("-inf")):
                raise TrainingError(f"the loss {name} is {value} at step {step + 1}; a smaller learning rate may help")
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.tagger.parameters(), _CLIP)
        self.optimizer.step()
        with torch.no_grad():
            self._average(list(self.averaged.parameters()), list(self.tagger.parameters()), 0)
        return values

    def _look_at_dev(self) -> dict[str, float] | None:
        if self.selection.kind == "fixed":
            self._keep()
            return None
        score = self._scores(self.averaged, self.dev).overall
        if score.f1 > self.state.best_f1:
            self.state.best_f1 = score.f1
            self._keep()
        return {"precision": score.precision, "recall": score.recall, "f1": score.f1}

    def _keep(self) -> None:
        self.state.best_epoch = self.state.epoch
        self.best = {name: value.detach().clone() for name, value in self.averaged.state_dict().items()}

    def _scores(self, tagger: Tagger, part: Prepared) -> Scores:
        predicted = predict_tags(tagger, part, self.table)
        return evaluate(gold_tags(part.sentences), predicted, records_of(part.sentences))

    def report(self) -> None:
        """Tell the epoch that was last finished."""
        self.progress(Progress(**self.state.last))

    def save(self, path: Path) -> None:
        tensors = {
            **checkpoints.named("tagger", self.tagger.state_dict()),
            **checkpoints.named("averaged", self.averaged.state_dict()),
            **checkpoints.named("best", self.best),
            **checkpoints.optimizer_tensors(self.optimizer),
        }
        checkpoints.save(path, tensors, {"fingerprint": self._fingerprint(), "state": asdict(self.state)})

    def resume(self, path: Path) -> bool:
        """Go on from a checkpoint of this very run; False where there is none."""
        loaded = checkpoints.load(path)
        if loaded is None or loaded[1]["fingerprint"] != self._fingerprint():
            return False
        tensors, about = loaded
        self._new_optimizer()
        self.state = _State(**about["state"])
        self.began -= self.state.seconds
        self.tagger.load_state_dict(checkpoints.under("tagger", tensors))
        self.averaged.load_state_dict(checkpoints.under("averaged", tensors))
        self.best = checkpoints.under("best", tensors)
        checkpoints.restore_optimizer(self.optimizer, tensors)
        self.report()
        return True

    def _fingerprint(self) -> str:
        settings = json.dumps(self.config.to_dict(), sort_keys=True)
        return hashlib.sha256((settings + self.given.fingerprint()).encode()).hexdigest()

    def _seconds(self) -> float:
        return round(time.monotonic() - self.began, 3)

    def result(self) -> Trained:
        self.tagger.load_state_dict(self.best)
        self.tagger.eval()
        dev = self._scores(self.tagger, self.dev) if len(self.dev) else None
        test = self._scores(self.tagger, self.test) if len(self.test) else None
        state, steps = self.state, int(self.state.last["step"])
        return Trained(
            self.tagger, self.selection, {"dev": dev, "test": test}, state.best_epoch, steps, self._seconds()
        )


def _check_data(data: TrainingData, config: Config) -> None:
    method = config.transfer.method
    if not data.target:
        raise TrainingError("the target department has no labelled training record; label and submit one first")
    if METHODS[method].needs_source and not data.source:
        raise TrainingError(f"{method} needs a source department with labelled records; expected at least one")
    if not labels_of(data.target):
        raise TrainingError("no labelled record of the target department has a span; label at least one")
