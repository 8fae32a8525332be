"""Every setting of a training run: frozen dataclasses whose fields say what they do and where their default is from."""

from __future__ import annotations

import dataclasses
import math
import typing
from dataclasses import dataclass
from typing import Any, Self

from ladtl_core.errors import ConfigError
from ladtl_core.methods import METHODS

AUTHORS_BANDWIDTHS = (
    1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 100.0, 1e3, 1e4, 1e5, 1e6,
)  # fmt: skip
METHOD_NAMES = tuple(METHODS)
SIMILARITIES = ("cross-entropy", "gaussian", "polynomial")
CHOSEN = "this project's choice, not tuned systematically"
TUNED = "chosen on dev: ladtl_core/experiments/tuning.py"
PAPER = "Wang et al. 2018"
AUTHORS = "the authors' experiment code"
_ENDLESS = 1_000_000


def setting(
    default: Any,
    help: str,
    source: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field with its one-line explanation, the origin of its default and inclusive limits or choices."""
    return dataclasses.field(
        default=default, metadata={"help": help, "source": source, "low": low, "high": high, "choices": choices}
    )


class _Strict:
    """Validation and a strict dictionary round trip for the dataclasses below."""

    def __post_init__(self) -> None:
        hints = _hints(type(self))
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = _fitting(field.name, getattr(self, field.name), hints[field.name])
            object.__setattr__(self, field.name, value)
            low, high = field.metadata.get("low"), field.metadata.get("high")
            if isinstance(value, int | float) and (
                (low is not None and value < low) or (high is not None and value > high)
            ):
                limits = f"at least {low}" if high is None else f"between {low} and {high}"
                raise ConfigError(f"{field.name} is {value}; expected {limits}")
            choices = field.metadata.get("choices")
            if choices and value not in choices:
                raise ConfigError(f"{field.name} is {value!r}; expected one of {', '.join(choices)}")

    def to_dict(self) -> dict[str, Any]:
        """A JSON-safe dictionary; `from_dict` returns an equal object."""
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Raises ConfigError for a name that is no setting; names that are missing keep their defaults."""
        hints = _hints(cls)
        if not isinstance(values, dict):
            raise ConfigError(f"settings are {str(values)[:40]!r}; expected names with their values")
        if unknown := sorted(set(values) - set(hints)):
            raise ConfigError(f"no such setting: {', '.join(unknown)}; expected some of {', '.join(hints)}")
        parts = {}
        for name, value in values.items():
            nested = hints[name]
            parts[name] = nested.from_dict(value) if isinstance(value, dict) and _is_strict(nested) else value
        return cls(**parts)


_LARGEST = 10**300  # of whole numbers that become a float
_HINTS: dict[type, dict[str, Any]] = {}


def _hints(kind: type) -> dict[str, Any]:
    """Types of the fields; kept, since thousands of runs are read from a table and resolving takes a millisecond."""
    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind)
    return _HINTS[kind]


def _is_strict(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, _Strict)


def _fitting(name: str, value: Any, kind: Any) -> Any:
    """`value` as `kind`, where JSON has only lists and may write 1.0 as 1; ConfigError where it is something else."""
    origin = typing.get_origin(kind)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_fitting(name, item, float) for item in value)
    if origin is dict and isinstance(value, dict):
        return {str(key): _fitting(f"{name} of {key}", item, float) for key, item in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > _LARGEST:
            raise ConfigError(f"{name} has more digits than any setting needs; expected a smaller number")
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{name} is {value}; expected a finite number")
    if not isinstance(value, origin or kind) or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"{name} is {value!r}; expected {getattr(kind, '__name__', kind)}")
    return value


@dataclass(frozen=True)
class ModelConfig(_Strict):
    """Sizes of the tagger."""

    scheme: str = setting("word", "How text is cut into tokens: word, character or chinese.", "spaced scripts")
    word_size: int = setting(100, "Length of a word's embedding.", AUTHORS, low=1)
    char_size: int = setting(30, "Length of a character's embedding.", CHOSEN, low=1)
    char_filters: int = setting(50, "Character patterns that the CNN looks for; 0 turns it off.", CHOSEN, low=0)
    hidden_size: int = setting(100, "Hidden units of the LSTM in each direction.", AUTHORS, low=1)
    word_dropout: float = setting(
        0.1, "Share of words hidden while training, so that unknown words are met.", CHOSEN, low=0, high=0.9
    )
    unknown: str = setting(
        "alike",
        "What stands for a word that training never met: the known words spelled most like it, or one vector for all.",
        CHOSEN,
        choices=("alike", "one"),
    )
    dropout: float = setting(0.5, "Share of the embeddings left out while training.", AUTHORS, low=0, high=0.95)
    hidden_dropout: float = setting(
        0.5, "Share of the hidden states left out while training.", CHOSEN, low=0, high=0.95
    )


@dataclass(frozen=True)
class TrainingConfig(_Strict):
    """The loop."""

    seed: int = setting(0, "The same seed and labels give the same model.", "convention", low=0)
    max_steps: int = setting(
        3000, "Steps at most, of all phases together; early stopping may end sooner.", CHOSEN, low=1
    )
    max_passes: int = setting(
        0, "Passes over the target's labelled sentences at most; 0 leaves it to the steps.", CHOSEN, low=0
    )
    fixed_steps: int = setting(600, "Steps when too few records are labelled to stop early.", CHOSEN, low=1)
    epoch_steps: int = setting(50, "Steps between two looks at the dev set; called an epoch.", CHOSEN, low=1)
    patience: int = setting(12, "Epochs without a better dev F1 before training stops.", CHOSEN, low=1)
    batch_size: int = setting(16, "Sentences of each department in a step.", CHOSEN, low=1)
    learning_rate: float = setting(4e-3, "Step size of the optimiser.", CHOSEN, low=0)
    decay: float = setting(
        1.0, "Factor on the step size after every so many steps; 1 keeps it.", CHOSEN, low=1e-3, high=1
    )
    decay_steps: int = setting(5000, "Steps between two decays of the step size.", AUTHORS, low=1)
    optimizer: str = setting("adam", "adam or adagrad.", CHOSEN, choices=("adam", "adagrad"))
    clip: float = setting(5.0, "Longest gradient, all parameters together; 0 leaves it alone.", CHOSEN, low=0)
    average: float = setting(
        0.99,
        "Decay of the running mean of the weights that is tested and kept; 0 turns it off.",
        CHOSEN,
        low=0,
        high=0.9999,
    )
    pretrain_epochs: int = setting(
        20, "Passes of the embeddings' training over the departments' training text; 0 starts at random.", CHOSEN, low=0
    )
    pretrain: str = setting(
        "fasttext", "What trains the embeddings: fasttext or word2vec.", CHOSEN, choices=("fasttext", "word2vec")
    )
    vectors: str = setting(
        "", "A word2vec, GloVe or fastText file of embeddings to start from instead of training them.", CHOSEN
    )


@dataclass(frozen=True)
class TransferConfig(_Strict):
    """The method and the weights of L = L_c + alpha L_LaMMD + beta L_p + gamma L_r."""

    method: str = setting("la-dtl", "How the source department helps the target.", PAPER, choices=METHOD_NAMES)
    alpha: float = setting(0.02, "Weight of the label-aware MMD between hidden states.", TUNED, low=0)
    warm_up: int = setting(0, "Steps over which alpha grows from 0 to its weight.", CHOSEN, low=0)
    estimate: str = setting("biased", "Which estimate of the MMD is trained on.", PAPER, choices=("biased", "unbiased"))
    memory: int = setting(0, "Hidden states of earlier batches in the MMD, so many a tag.", CHOSEN, low=0)
    beta: float = setting(0.2, "Weight of the distance between the two CRFs.", TUNED, low=0)
    gamma: float = setting(0.0, "Weight of the L2 norm of the remaining parameters.", CHOSEN, low=0)
    gamma_embeddings: float = setting(0.0, "Weight of the L2 norm of the batch's word embeddings.", CHOSEN, low=0)
    epsilon: float = setting(0.5, "Share of the source in the classification loss.", CHOSEN, low=0, high=1)
    bandwidths: tuple[float, ...] = setting(
        AUTHORS_BANDWIDTHS, "s of the kernels exp(-d^2 / 2s) that are summed.", AUTHORS
    )
    mmd_floor: float = setting(0.0, "A label's MMD below which nothing pulls it closer.", PAPER, low=0)
    label_weights: dict[str, float] = dataclasses.field(
        default_factory=dict,
        metadata={
            "help": "mu of a label, or of one of its tags (B-, I-), in the label-aware MMD; 1 where none is given.",
            "source": PAPER,
        },
    )
    similarity: str = setting(
        "cross-entropy", "What cd-learning weighs source sentences by.", "He and Sun 2017", choices=SIMILARITIES
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.bandwidths or min(self.bandwidths) <= 0:
            raise ConfigError(f"bandwidths are {self.bandwidths}; expected one or more numbers above 0")
        if any(weight < 0 for weight in self.label_weights.values()):
            raise ConfigError(f"label_weights are {self.label_weights}; expected numbers of at least 0")

    def label_weight(self, tag: str) -> float:
        """mu of a BIO tag: its own, or else its label's."""
        return self.label_weights.get(tag, self.label_weights.get(tag.partition("-")[2], 1.0))


@dataclass(frozen=True)
class Config(_Strict):
    """Everything that a run needs besides its data."""

    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    transfer: TransferConfig = TransferConfig()


# `published` holds what the authors' code used on their Weibo pair, whose tokens are characters: no character CNN,
# nothing dropped but embeddings. Their L2 terms are halved squared norms; here they are whole, so the weights are half.
# Their 200 passes end a run, not a number of steps; the passes without a better dev F1 are not counted.
PRESETS = {
    "tuned": Config(),
    "published": Config(
        model=ModelConfig(
            word_size=100, char_filters=0, hidden_size=100, word_dropout=0.0, unknown="one", dropout=0.5,
            hidden_dropout=0.0,
        ),
        training=TrainingConfig(
            max_steps=_ENDLESS, max_passes=200, patience=_ENDLESS, batch_size=15, learning_rate=0.03, decay=0.95,
            decay_steps=5000, optimizer="adagrad", clip=0.0, average=0.0, pretrain="word2vec",
        ),
        transfer=TransferConfig(
            alpha=0.02, beta=0.05, gamma=0.0005, gamma_embeddings=0.001, epsilon=0.2,
            bandwidths=AUTHORS_BANDWIDTHS, mmd_floor=1e-4,
        ),
    ),
}  # fmt: skip
