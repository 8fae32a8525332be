"""The command line as a person runs it: real processes, real files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ladtl_core.__main__ import main
from ladtl_core.records import Sentence

from .conftest import sentences

ROOT = Path(__file__).parents[2]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ladtl_core", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def write(folder: Path, split: str, made: tuple[Sentence, ...]) -> None:
    folder.mkdir(exist_ok=True)
    lines, document = [], ""
    for sentence in made:
        if sentence.record_id != document:
            document = sentence.record_id
            lines.append(f"# doc = {document}")
        lines += [f"{token}\t{tag}" for token, tag in zip(sentence.tokens, sentence.tags or (), strict=True)] + [""]
    (folder / f"{split}.conll").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("corpora")
    for name in ("a", "b"):
        for seed, (split, count) in enumerate({"train": 60, "dev": 20, "test": 20}.items()):
            write(root / name, split, sentences(name, count, seed))
    return root / "a", root / "b"


def test_train_evaluate_and_predict(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = folders
    options = ("--rate", 0.5, "--seed", 1, "--max-steps", 100, "--beta", 0.2)
    out = tmp_path / "out"
    trained = run("train", "--source", source, "--target", target, "--method", "la-dtl", *options, "--out", out)
    assert trained.returncode == 0, trained.stderr
    result = json.loads(trained.stdout.splitlines()[-1])
    assert {"method", "dev_f1", "test_f1", "seconds", "steps"} <= set(result)
    assert result["steps"] == 100 and 60 < result["test_f1"] <= 100
    assert "epoch" in trained.stderr
    assert json.loads((out / "scores.json").read_text())["config"]["transfer"]["beta"] == 0.2
    assert not (out / "checkpoint.safetensors").exists()

    evaluated = run("evaluate", "--model", out, target / "test.conll")
    assert json.loads(evaluated.stdout)["f1"] == pytest.approx(result["test_f1"])

    text = "the mri of b3 showed fever .\n"
    (tmp_path / "notes.txt").write_text(text)
    printed = run("predict", "--model", out, tmp_path / "notes.txt").stdout
    [predicted] = map(json.loads, printed.splitlines())
    assert "entities" not in predicted and predicted["predictions"]
    for span in predicted["predictions"]:
        assert predicted["text"][span["start"] : span["end"]] in text and 0 <= span["confidence"] <= 1

    (tmp_path / "found.jsonl").write_text(printed)
    converted = tmp_path / "tasks.json", tmp_path / "back.jsonl"
    for source, target, formats in (
        (tmp_path / "found.jsonl", converted[0], ("jsonl", "labelstudio")),
        (*converted, ("labelstudio", "jsonl")),
    ):
        assert main(["convert", str(source), str(target), "--from", formats[0], "--to", formats[1]]) == 0
        assert "not carried" not in capsys.readouterr().err
    assert json.loads(converted[1].read_text())["predictions"] == predicted["predictions"]


def test_the_same_seed_gives_the_same_scores(folders: tuple[Path, Path], tmp_path: Path) -> None:
    source, target = folders
    results = []
    for name in ("one", "two"):
        out = run("train", "--source", source, "--target", target, "--max-steps", 50, "--out", tmp_path / name)
        results.append({k: v for k, v in json.loads(out.stdout.splitlines()[-1]).items() if k != "seconds"})
    assert results[0] == results[1]


SMALL = ("--max-steps", 4, "--set", "model.hidden_size=4", "--set", "training.pretrain_epochs=1")


def test_several_sources_with_a_mapping(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Source labels take the target's names, so that nothing is left that only one side has."""
    _, target = folders
    for name in ("one", "two"):
        write(tmp_path / name, "train", sentences(name, 20, 0))
        path = tmp_path / name / "train.conll"
        path.write_text(path.read_text().replace("-Test", "-Exam"))
    (tmp_path / "labels.txt").write_text("Exam = Test\n")
    out, sources = tmp_path / "out", ("--source", tmp_path / "one", "--source", tmp_path / "two")
    mapping = ("--mapping", tmp_path / "labels.txt", "--set", 'transfer.label_weights={"Problem": 2}')
    command = list(map(str, ("train", *sources, "--target", target, *mapping, *SMALL, "--out", out)))
    assert main(command) == 0
    about = json.loads((out / "model.json").read_text())
    assert about["tags"]["source"] == about["tags"]["target"]
    assert about["config"]["transfer"]["label_weights"] == {"Problem": 2.0}
    assert {"one0", "two0"} <= set(about["vocabulary"]["words"])
    (tmp_path / "labels.txt").write_text("Exam = Test\nDrug = Test\n")
    assert main(command) == 1
    assert "labels.txt, line 2: 'Test' was given to 'Exam' on line 1" in capsys.readouterr().err


def test_the_gap_of_every_label(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    source, target = folders
    options = list(map(str, ("gap", "--source", source, "--target", target, "--rate", 0.5, *SMALL)))
    assert main(options) == 0
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ["tag", "---", "O", "B-Problem", "I-Problem", "B-Test", "I-Test"]
    assert rows[3][2] == "20" and rows[6][2:5] == ["0", "-", "-"]
    assert main([*options, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [f"{gap['before']['mmd2']:.4f}" for gap in told[:4]] == [row[3] for row in rows[2:6]]
    assert all(0 < gap[when]["p_value"] <= 1 for gap in told[:4] for when in ("before", "after"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("train", "--target", "nowhere", "--method", "non-transfer", "--out", "x"),
            "train.conll: there is no such file",
        ),
        (("train", "--target", "nowhere", "--out", "x"), "la-dtl needs --source"),
        (("predict", "--model", "nowhere", "requirements.txt"), "holds no model"),
        (("train", "--target", "nowhere", "--set", "alpha=1", "--out", "x"), "expected PART.NAME=VALUE"),
    ],
)
def test_mistakes_are_told_without_a_traceback(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    told = capsys.readouterr().err
    assert message in told and "Traceback" not in told
