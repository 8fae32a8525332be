"""What each command of the command line does, once its options are read."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ladtl_core.config import Config
from ladtl_core.console import Bar
from ladtl_core.corpora import read_sources, read_training_data
from ladtl_core.data import TrainingData
from ladtl_core.errors import ConfigError, DataError, TrainingError
from ladtl_core.formats import jsonl, read_file
from ladtl_core.mapping import read_mapping
from ladtl_core.methods import METHODS


def train(options: argparse.Namespace, config: Config) -> None:
    """Train, write the model and its scores, print one JSON object."""
    from ladtl_core.kernels import one_thread
    from ladtl_core.training import train

    one_thread()
    data = given_data(options, config)
    with Bar("epoch") as bar:
        trained = train(data, config, progress=bar.show, checkpoint=options.out / "checkpoint.safetensors")
    trained.save(options.out)
    scores = {f"{part}_f1": None if score is None else score.overall.f1 for part, score in trained.scores.items()}
    result = {
        "method": config.transfer.method,
        **scores,
        "seconds": trained.seconds,
        "steps": trained.steps,
        "best_epoch": trained.best_epoch,
        "seed": config.training.seed,
        "rate": options.rate,
    }
    details: dict[str, Any] = {"result": result, "config": config.to_dict(), "selection": trained.selection.text}
    details["data"] = {
        "source": [str(folder) for folder in options.source or ()],
        "target": str(options.target),
        "mapping": options.mapping and str(options.mapping),
        "rate": options.rate,
    }
    details["scores"] = {part: score and score.to_dict() for part, score in trained.scores.items()}
    (options.out / "scores.json").write_text(json.dumps(details, indent=1), encoding="utf-8")
    (options.out / "checkpoint.safetensors").unlink()
    print(json.dumps(result))


def gap(options: argparse.Namespace, config: Config) -> None:
    """Train joint-training and la-dtl, print the gap of every tag."""
    from ladtl_core.gap_report import as_json, as_markdown, gap_report
    from ladtl_core.kernels import one_thread
    from ladtl_core.text import to_sentences

    one_thread()
    data = given_data(options, config)
    records = read_sources(options.source, "dev")
    if options.mapping:
        records = read_mapping(options.mapping).rename(records)
    source_dev = [s for record in records for s in to_sentences(record, config.model.scheme) if s.tags is not None]
    if not data.dev or not source_dev:
        raise DataError("the gap is measured on dev sentences; expected labelled ones of both sides")
    with Bar("epoch") as bar:
        gaps = gap_report(data, source_dev, config, bar.show)
    print(json.dumps(as_json(gaps)) if options.json else as_markdown(gaps))


def experiment(options: argparse.Namespace, settings: Callable[[str], Config]) -> None:
    """Run what is missing, write and print the report; or hand all runs to a queue."""
    from ladtl_core.experiments.handover import hand_over
    from ladtl_core.experiments.plans import EXPERIMENTS, Request, checked_pair
    from ladtl_core.experiments.rows import write_rows
    from ladtl_core.experiments.runner import Results, run_all
    from ladtl_core.experiments.runs import Corpus
    from ladtl_core.experiments.tables import report

    chosen, corpus = EXPERIMENTS[options.name], Corpus(options.corpus, options.mapping)
    ask = Request(
        corpus.departments,
        checked_pair(corpus.departments, options.pair),
        options.methods,
        chosen.seeds if options.seeds is None else options.seeds,
        chosen.rate if options.rate is None else options.rate,
        settings,
    )
    specs = chosen.runs(ask)
    if options.queue:
        hand_over(options.name, corpus, specs)
        return
    if options.out is None:
        raise ConfigError("--out is missing: the folder for the tables of runs; or --queue")
    results = Results(options.out)
    failures = run_all(corpus, specs, results, options.workers)
    keys = dict.fromkeys(spec.key(corpus.fingerprint(spec)) for spec in specs)
    runs = [results.rows[key] for key in keys if key in results.rows]
    write_rows(options.out / f"{options.name}.csv", runs)
    text = f"# {chosen.title}\n\n{report(runs, chosen)}\n"
    (options.out / f"{options.name}.md").write_text(text, encoding="utf-8")
    print(text, end="")
    if failures:
        raise TrainingError("some runs failed:\n" + "\n".join(failures))


def results(options: argparse.Namespace) -> None:
    """Make the tables of a page of results anew from the rows beside it, and draw its figures."""
    from ladtl_core.experiments.pages import draw, rewritten

    options.page.write_text(rewritten(options.page), encoding="utf-8")
    if options.figures:
        print("\n".join(map(str, draw(options.page))))


def given_data(options: argparse.Namespace, config: Config) -> TrainingData:
    """The data of `--source`, `--target`, `--mapping` and `--rate`."""
    method = METHODS[config.transfer.method]
    if method.needs_source and not options.source:
        raise DataError(f"{config.transfer.method} needs --source")
    sources: list[Path] = options.source if method.needs_source else []
    mapping = read_mapping(options.mapping) if options.mapping and sources else None
    data = read_training_data(sources, options.target, config.model.scheme, mapping)
    return data.with_rate(options.rate, config.training.seed)


def evaluate(options: argparse.Namespace) -> None:
    """Score a model on a labelled file."""
    from ladtl_core.data import gold_tags, records_of
    from ladtl_core.evaluation import evaluate
    from ladtl_core.prediction import load_tagger, predict_tags, prepare
    from ladtl_core.text import to_sentences

    tagger = load_tagger(options.model)
    sentences = [s for record in read_file(options.file) for s in to_sentences(record, tagger.config.model.scheme)]
    data, table = prepare(tagger, sentences)
    scores = evaluate(gold_tags(sentences), predict_tags(tagger, data, table), records_of(sentences))
    print(json.dumps({"f1": scores.overall.f1, **scores.to_dict()}))


def predict(options: argparse.Namespace) -> None:
    """Print the records with the spans that a model finds as predictions, in the format jsonl."""
    from ladtl_core.prediction import load_tagger, predict

    records = list(read_file(options.file))
    found = predict(load_tagger(options.model), records)
    read = (replace(record, predictions=tuple(spans)) for record, spans in zip(records, found, strict=True))
    for line in jsonl.write(read):
        print(line, end="")
