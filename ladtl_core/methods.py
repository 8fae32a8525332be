"""The systems side by side, as rows of one table; `tagger`, `objective` and `training` carry out what a row says.

Loads no torch, so that forms and command lines can offer the table.
"""

from __future__ import annotations

from dataclasses import dataclass

SOURCE, TARGET = "source", "target"


@dataclass(frozen=True)
class Method:
    """One system. `differs` says where it departs from its paper; empty where it does not.

    `phases` names the domains of each phase in turn. `crf` is `own` (one for each domain) or `shared` (one over the
    union of the labels). `states` says how the CRF sees a domain's hidden states: `same`, `projected` or `masked`.
    `mmd` adds alpha * MMD^2 of the hidden states: `label-aware`, `vanilla` (all tokens as one set) or `none`; `crf_l2`
    adds beta * L_p. `weighted` gives each source sentence a weight by its similarity to the target.
    """

    description: str
    paper: str
    differs: str = ""
    phases: tuple[tuple[str, ...], ...] = ((SOURCE, TARGET),)
    crf: str = "own"
    states: str = "same"
    mmd: str = "none"
    crf_l2: bool = False
    weighted: bool = False

    @property
    def needs_source(self) -> bool:
        return any(SOURCE in phase for phase in self.phases)

    @property
    def unused(self) -> set[str]:
        """Names of the transfer settings that change nothing in this system."""
        names = set() if self.mmd != "none" else {"alpha", "warm_up", "estimate", "memory", "bandwidths", "mmd_floor"}
        names |= set() if self.crf_l2 else {"beta"}
        names |= set() if (SOURCE, TARGET) in self.phases else {"epsilon"}
        return names if self.weighted else names | {"similarity"}

    @property
    def two_crfs(self) -> bool:
        """Whether the domains train a CRF each at the same time, so that the two can be compared."""
        return self.crf == "own" and (SOURCE, TARGET) in self.phases


METHODS = {
    "non-transfer": Method(
        "Bi-LSTM-CRF on the target's labelled records alone.", "Lample et al. 2016", phases=((TARGET,),)
    ),
    "linear-projection": Method(
        "One shared Bi-LSTM and CRF, between them a learned linear map for each department.",
        "Peng and Dredze 2017", crf="shared", states="projected",
    ),
    "domain-mask": Method(
        "One shared Bi-LSTM and CRF; a third of the hidden units is shared, a third is each department's alone.",
        "Peng and Dredze 2017", crf="shared", states="masked",
    ),
    "cd-learning": Method(
        "One model for both; a source sentence counts by its similarity to the target.",
        "He and Sun 2017", "A CRF in place of the max-margin output; without self-training on unlabelled text.",
        crf="shared", weighted=True,
    ),
    "re-training": Method(
        "Train on the source, then go on from there on the target.", "Lee et al. 2017", phases=((SOURCE,), (TARGET,))
    ),
    "joint-training": Method(
        "One shared Bi-LSTM, a CRF for each department, trained together.",
        "Yang et al. 2017", "Two CRFs also where the departments have the same labels.",
    ),
    "la-mmd": Method(
        "Joint training; hidden states aligned label by label.", "Wang et al. 2018", mmd="label-aware"
    ),
    "crf-l2": Method("Joint training; CRFs pulled together.", "Wang et al. 2018", crf_l2=True),
    "mmd-crf-l2": Method(
        "Joint training; hidden states aligned whatever their label, CRFs pulled together.",
        "Wang et al. 2018", mmd="vanilla", crf_l2=True,
    ),
    "la-dtl": Method(
        "Joint training; hidden states aligned label by label, CRFs pulled together.",
        "Wang et al. 2018", mmd="label-aware", crf_l2=True,
    ),
}  # fmt: skip
