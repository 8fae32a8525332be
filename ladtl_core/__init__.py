"""La-DTL: label-aware double transfer learning for named entity recognition (Wang et al., NAACL 2018)."""

__version__ = "0.1.0"
