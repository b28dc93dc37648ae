"""`python -m eval.training.convert CHECKPOINT OUT`: any question-answering checkpoint -> a reader's folder.

A checkpoint is a folder that transformers can read as a model for question answering, with its tokeniser:
BERT, RoBERTa, ELECTRA, DeBERTa, MPNet and their like. `QUOTH_READER=OUT` then reads with it. Its no-answer
score is that of the first token, as SQuAD 2.0 has it; its confidence is fitted as the shipped readers' is,
on the seeds' questions alone where the development data is not at hand.
"""

from __future__ import annotations

import functools
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from torch import Tensor, nn
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from eval.studies.paragraphs import DataMissingError, data_folder
from eval.training.calibration import SETS
from eval.training.export import export
from eval.training.model import SpanModel
from eval.training.recipe import Workshop
from eval.training.shipping import calibrate
from indexer.cli import run_commands
from indexer.errors import QuothError
from service.answering.network import TOKENIZER
from service.answering.settings import ReaderSettings


class ConversionError(QuothError):
    """A checkpoint that cannot become a reader."""


class TypedEncoder(nn.Module):
    """An encoder that tells question from context by token types, worked out from the separators."""

    def __init__(self, encoder: nn.Module, separator: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.config = encoder.config
        self._separator = separator

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Any:  # noqa: ANN401 - transformers' own
        """Run the encoder; what lies behind the first separator is of type 1, padding of type 0."""
        separators = (input_ids == self._separator).long()
        behind = (separators.cumsum(dim=1) - separators).clamp(max=1) * attention_mask
        return self.encoder(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=behind)


def span_model(checkpoint: Path) -> SpanModel:
    """Read a checkpoint.

    Raises:
        ConversionError: it is not one for question answering, or has no start and end score a token.
    """
    try:
        whole, loading = AutoModelForQuestionAnswering.from_pretrained(
            checkpoint, local_files_only=True, attn_implementation="eager", output_loading_info=True
        )
        tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
    except (OSError, ValueError) as error:
        raise ConversionError(f"{checkpoint} holds no checkpoint for question answering: {error}") from error
    if loading["missing_keys"]:
        # transformers would fill them with chance numbers.
        missing = ", ".join(sorted(loading["missing_keys"]))
        raise ConversionError(f"{checkpoint} was trained for something else: it lacks {missing}")
    head = getattr(whole, "qa_outputs", None)
    if not isinstance(head, nn.Linear) or head.out_features != 2:  # noqa: PLR2004 - a start and an end
        raise ConversionError(f"{checkpoint} gives a token no start and end score, which spans are made of")
    encoder: nn.Module = whole.base_model
    if getattr(whole.config, "type_vocab_size", 0) > 1 and "token_type_ids" in tokenizer("a", "b"):
        encoder = TypedEncoder(encoder, tokenizer.sep_token_id)
    model = SpanModel(encoder)
    model.head = head
    return model.eval()


def convert(checkpoint: Path, out: Path, *, bits: int = 8, name: str | None = None) -> None:
    """Write a reader's folder, all but its confidence.

    Raises:
        ConversionError: the checkpoint cannot be read, or its tokeniser has no `tokenizer.json`.
    """
    model = span_model(checkpoint)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
    if not tokenizer.is_fast:
        raise ConversionError(f"the tokeniser of {checkpoint} has no tokenizer.json and cannot be given one")
    facts = {"name": name or checkpoint.resolve().name, "reading": asdict(ReaderSettings())}
    with tempfile.TemporaryDirectory() as scratch:
        words = Path(scratch) / TOKENIZER
        # The reader pads and cuts by rules of its own.
        tokenizer.backend_tokenizer.no_padding()
        tokenizer.backend_tokenizer.no_truncation()
        tokenizer.backend_tokenizer.save(str(words))
        export(model, words, out, bits=bits, facts=facts)


def main(
    checkpoint: Annotated[Path, typer.Argument(help="A folder with a model for question answering.")],
    out: Annotated[Path, typer.Argument(help="Where the reader goes; QUOTH_READER names it then.")],
    bits: Annotated[int, typer.Option(min=4, max=8, help="Bits of a weight on disk.")] = 8,
    name: Annotated[str | None, typer.Option(help="Its name in answers; the folder's by default.")] = None,
) -> None:
    """Make a reader of a question-answering checkpoint, and fit its confidence."""
    say = functools.partial(typer.echo, err=True)
    convert(checkpoint, out, bits=bits, name=name)
    sets: tuple[str, ...] = SETS
    try:
        data_folder()
    except DataMissingError as missing:
        say(f"{missing}; meanwhile the confidence is fitted on the seeds' questions alone")
        sets = ()
    with tempfile.TemporaryDirectory() as scratch:
        calibrate(Workshop(Path(scratch), say), out, sets=sets)
    say(f"done: QUOTH_READER={out}")


if __name__ == "__main__":
    run_commands(main)
