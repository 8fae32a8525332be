"""train(): the one loop. It resumes from its checkpoint at any epoch with the same final weights."""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ladtl_core import checkpoint as checkpoints
from ladtl_core import embeddings, similarity
from ladtl_core.batching import Batches, Prepared
from ladtl_core.config import Config
from ladtl_core.data import Selection, TrainingData, check_trainable, gold_tags, hold_out, records_of
from ladtl_core.divergence import DivergenceProbe
from ladtl_core.errors import Cancelled
from ladtl_core.evaluation import evaluate, f1
from ladtl_core.finite import check_gradient, check_terms, check_weights
from ladtl_core.gap import GapProbe
from ladtl_core.memory import Recent
from ladtl_core.methods import METHODS, SOURCE, TARGET
from ladtl_core.objective import mmd_by_label, objective
from ladtl_core.prediction import predict_tags, save_tagger
from ladtl_core.preparation import preparation
from ladtl_core.progress import Progress
from ladtl_core.schedule import plan, step_size, warmed
from ladtl_core.scores import Scores
from ladtl_core.tagger import Tagger

# After these steps the losses are told once before the first epoch ends: somebody may be watching.
_FIRST_SIGN = 5


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
    TrainingError if there is nothing to train on or a loss, a gradient or a weight is no longer a finite number.
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
        self.began = time.monotonic()
        self.config, self.progress, self.method = config, progress, METHODS[config.transfer.method]
        self.given = data
        settings = config.training
        self.data, self.selection = hold_out(data, settings.fixed_steps, settings.seed)
        if not self.method.needs_source:
            self.data = replace(self.data, source=())
        check_trainable(self.data, config.transfer)
        torch.manual_seed(settings.seed)
        self._prepare()
        self.plan = plan(self._most_steps(), settings.epoch_steps, len(self.method.phases))
        self.epochs = len(self.plan)
        self.state = _State()
        self.best: dict[str, Tensor] = {}

    def _prepare(self) -> None:
        settings = self.config.training
        ready = preparation(self.data, self.method.crf, self.config.model.unknown)
        self.tagger = Tagger(self.config, ready.vocabulary, ready.tags)
        self.table, self.dev, self.test = ready.table, ready.dev, ready.test
        self.batches = {
            domain: Batches(part, settings.batch_size, settings.seed) for domain, part in ready.parts.items()
        }
        memory = self.config.transfer.memory if self.method.mmd != "none" else 0
        tags = {domain: len(names) for domain, names in ready.tags.items()}
        self.recent = Recent(memory, tags, 2 * self.config.model.hidden_size) if memory else None
        self.gap = GapProbe(ready.parts, self.tagger, settings.seed)
        self.divergence = DivergenceProbe(self.dev if len(self.dev) else ready.parts[TARGET], self.tagger)

    def _most_steps(self) -> int:
        settings = self.config.training
        if self.selection.kind == "fixed":
            return settings.fixed_steps
        passes = settings.max_passes * self.batches[TARGET].per_pass
        return min(settings.max_steps, passes) if passes else settings.max_steps

    def start(self) -> None:
        """Embeddings, what follows from them, and a fresh optimiser."""
        settings = self.config.training
        if settings.pretrain_epochs or settings.vectors:
            self.progress(Progress("embeddings", 0, self.epochs, 0, self._seconds()))
        text = (*self.data.source, *self.data.target, *self.data.unlabelled)
        vectors = embeddings.initial(text, self.tagger.vocabulary, self.config.model.word_size, settings)
        if vectors is not None:
            with torch.no_grad():
                self.tagger.encoder.words.weight.copy_(vectors)
        if self.method.weighted:
            given = similarity.weights(
                self.config.transfer.similarity, self.data.source, self.data.target, self.tagger.vector
            )
            self.batches[SOURCE].weights = torch.from_numpy(given).float()
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
    def finished(self) -> bool:
        state = self.state
        waited = state.best_epoch > 0 and state.epoch - state.best_epoch >= self.config.training.patience
        return state.epoch >= self.epochs or (self.selection.kind != "fixed" and waited)

    def epoch(self) -> None:
        """Train one epoch and look at dev. Random numbers depend on the seed and the epoch alone."""
        state, now = self.state, self.plan[self.state.epoch]
        if now.phase and now.opens:
            self.tagger.head(TARGET).copy_matching(self.tagger.head(SOURCE))
            self._new_optimizer()
        torch.manual_seed(self.config.training.seed * 1_000_003 + state.epoch)
        self.tagger.train()
        sums: dict[str, float] = {}
        for step in now.steps:
            for name, value in self._step(step, self.method.phases[now.phase]).items():
                sums[name] = sums.get(name, 0.0) + value / len(now.steps)
            if step == _FIRST_SIGN - 1:
                so_far = {name: total * len(now.steps) / _FIRST_SIGN for name, total in sums.items()}
                self.progress(Progress("training", 0, self.epochs, step + 1, self._seconds(), so_far))
        check_weights(self.tagger.named_parameters(), now.steps.stop)
        state.epoch += 1
        dev = self._look_at_dev() if now.phase == len(self.method.phases) - 1 else None
        state.seconds = self._seconds()
        state.last = Progress(
            "training",
            state.epoch,
            self.epochs,
            now.steps.stop,
            state.seconds,
            sums,
            dev,
            self.gap.measure(self.averaged, self.table),
            self.divergence.measure(self.averaged, self.table),
        ).to_dict()

    def _step(self, step: int, domains: tuple[str, ...]) -> dict[str, float]:
        batches = {domain: self.batches[domain][step] for domain in domains}
        transfer = self.config.transfer
        alpha = warmed(transfer.alpha, transfer.warm_up, step)
        loss, parts = objective(
            self.method, self.tagger, self.table, batches, transfer, alpha=alpha, recent=self.recent
        )
        values = {name: float(part.detach()) for name, part in parts.items()}
        check_terms(values, step + 1, lambda: mmd_by_label(self.method, self.tagger, self.table, batches, transfer))
        settings = self.config.training
        for group in self.optimizer.param_groups:
            group["lr"] = step_size(settings.learning_rate, settings.decay, settings.decay_steps, step)
        self.optimizer.zero_grad()
        loss.backward()
        norm = get_total_norm([weight.grad for weight in self.tagger.parameters() if weight.grad is not None])
        check_gradient(float(norm), self.tagger.named_parameters(), step + 1)
        if settings.clip:
            clip_grads_with_norm_(self.tagger.parameters(), settings.clip, norm)
        self.optimizer.step()
        with torch.no_grad():
            self._average(list(self.averaged.parameters()), list(self.tagger.parameters()), 0)
        return values

    def _look_at_dev(self) -> dict[str, float] | None:
        if self.selection.kind == "fixed":
            self._keep()
            return None
        score = f1(gold_tags(self.dev.sentences), predict_tags(self.averaged, self.dev, self.table))
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
            **checkpoints.named("recent", self.recent.state_dict() if self.recent else {}),
            **checkpoints.named("weights", {domain: batches.weights for domain, batches in self.batches.items()}),
            **checkpoints.optimizer_tensors(self.optimizer),
        }
        checkpoints.save(path, tensors, {"fingerprint": self._fingerprint, "state": asdict(self.state)})

    def resume(self, path: Path) -> bool:
        """Go on from a checkpoint of this very run; False where there is none."""
        loaded = checkpoints.load(path)
        if loaded is None or loaded[1]["fingerprint"] != self._fingerprint:
            return False
        tensors, about = loaded
        self._new_optimizer()
        self.state = _State(**about["state"])
        self.began -= self.state.seconds
        self.tagger.load_state_dict(checkpoints.under("tagger", tensors))
        self.averaged.load_state_dict(checkpoints.under("averaged", tensors))
        self.best = checkpoints.under("best", tensors)
        if self.recent:
            self.recent.load_state_dict(checkpoints.under("recent", tensors))
        for domain, weights in checkpoints.under("weights", tensors).items():
            self.batches[domain].weights = weights
        checkpoints.restore_optimizer(self.optimizer, tensors)
        self.report()
        return True

    @functools.cached_property
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
