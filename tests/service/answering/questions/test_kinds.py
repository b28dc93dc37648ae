"""Which kind a question is: by its words alone, without a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.answering.questions.kinds import QuestionKind, is_incomplete, kind_of, words_of
from service.answering.questions.negation import states_negation

SEEDS = Path(__file__).resolve().parents[4] / "eval" / "datasets" / "seeds.jsonl"

KINDS = {
    QuestionKind.SMALL_TALK: [
        "hi",
        "Hello!",
        "Hey there",
        "Good morning",
        "thanks!",
        "Thank you very much.",
        "great, thanks",
        "ok",
        "OK 👍",
        "bye",
        "See you later!",
        "Got it",
        "that's helpful, thank you",
        "Hi Quoth, how are you?",
        "Danke!",
        "merci beaucoup",
        "cool",
    ],
    QuestionKind.ABOUT_THE_SERVICE: [
        "help",
        "Help me!",
        "What can I ask?",
        "what can i ask you",
        "Who are you?",
        "what do you do?",
        "What can you do for me?",
        "How does this work?",
        "Are you a bot?",
        "what kind of questions can I ask here?",
        "What is this site about?",
        " how do I use this?",
        "What are you?",
        "What do you know?",
    ],
    QuestionKind.SUMMARY_REQUEST: [
        "Summarise the article",
        "summarize",
        "tl;dr",
        "TLDR please",
        "Give me an overview",
        "Can you summarise the report on the tunnel?",
        "I need a summary of CPEC",
        "What is the article about?",
        "What's this text about?",
        "give me the key points",
        "Please write a short summary of the Smart Expo",
        "Translate the article into German",
        "what does the article say?",
        "overview of the Digital Silk Road",
    ],
    QuestionKind.NOTHING: [
        "",
        "\ufeff\xad",
        "?!",
        "👍",
        "ㅤ",
        "...",
        "\u202e\u202c",
        "—",
        "\u200b \u2060",
        "\u200d\ufe0f",
    ],
    QuestionKind.INCOMPLETE: [
        "Why?",
        "where?",
        "and?",
        "What about it?",
        "Since when?",
        "Who said so?",
        "Is that all?",
        "Tell me more",
        "WHY?",
        "Who is he?",
        "Which one?",
        "What is this?",
        "When was that?",
        "And then?",
    ],
    QuestionKind.NEGATED: [
        "Who is not a director of Fjellvik?",
        "Which countries aren't members?",
        "Who has never been mayor?",
        "Which countries other than China signed?",
        "Who attended except Norway?",
        "What does BUCIC not make?",
        "Name the people who did not attend.",
        "In which city was Ada not born?",
        "Which members have no vote?",
        "Who isn’t on the board of Fjellvik?",
        "What language does nobody speak in Oslo?",
        "Which river does not flow into the Baltic?",
    ],
    QuestionKind.ORDINARY: [
        "Why did Iceland not sign?",
        "What is not allowed on board?",
        "What may not be sent by post?",
        "Who is the chief executive?",
        "No. 10 Downing Street is whose home?",
        "What happens if the tenant does not pay?",
        "Isn't Liv the chair?",
        "What can I ask for at the desk?",
        "When must a claim be filed, no later than what date?",
        "Which items cannot be returned?",
        "What does the policy not cover?",
        "hi-fi",
        "What was Ciao?",
        "Who is Ursula von der Leyen?",
        "What does 'Wer ist der Chef' mean?",
        "Who wrote 红楼梦?",
        "value of investments in cpec",
        "What is the summary judgment rule?",
        "Who directed La La Land?",
        "Who was Charles de la Tour du Pin?",
        "What is IT?",
        "Is it in Oslo?",
        "Who wrote Les Misérables?",
        "Do dogs need a ticket?",
        "Was Ada in Oslo?",
        "El Niño years",
        "What is the aim of La Via Campesina?",
        "Is Oslo in Norway?",
        "Who, when the fees are not paid, is liable?",
        "Good Morning America host",
        "What is Thanksgiving?",
        "help desk phone number",
        "how does this affect tenants?",
        "Which vaccine is given to people who have not had measles?",
        "Who is responsible for a child not yet born?",
    ],
    QuestionKind.OTHER_LANGUAGE: [
        "Wer leitet BUCIC?",
        "Wann wurde CPEC gegründet?",
        "Was ist der Name des Tunnels in Halden?",
        "Qui est le directeur de BUCIC ?",
        "¿Quién es el director de BUCIC?",
        "Chi è il presidente?",
        "Quem é o presidente da BUCIC?",
        "谁是BUCIC的首席执行官？",
        "Кто возглавляет BUCIC?",
        "من هو الرئيس التنفيذي لشركة BUCIC؟",
        "Hvem er sjefen for Fjellvik?",
        "Wie heißt der Geschäftsführer?",
        "Hoeveel kostte de tunnel?",
        "Kuka on toimitusjohtaja?",
        "Kim BUCIC'in genel müdürü?",
        "Combien coûte le tunnel ?",
        "BUCICの社長は誰ですか?",
        "Vem är chef för Fjellvik?",
        "Cuánto costó el puente?",
    ],
}


@pytest.mark.parametrize(
    ("question", "kind"), [(question, kind) for kind, questions in KINDS.items() for question in questions]
)
def test_a_question_is_of_its_kind(question: str, kind: QuestionKind) -> None:
    assert kind_of(question) is kind


def test_the_questions_over_the_seeds_are_ordinary_ones() -> None:
    questions = [json.loads(line)["question"] for line in SEEDS.read_text("utf-8").splitlines()]
    assert [question for question in questions if kind_of(question) is not QuestionKind.ORDINARY] == []


@pytest.mark.parametrize("phrase", ["thanks so much ", "good night ", "give me a short ", "is not ", "hi "])
def test_a_long_question_of_repeated_phrases_is_classified(phrase: str) -> None:
    # A pattern that backtracks would take hours; the time limit of the test run would end it.
    assert kind_of((phrase * 1000)[:990] + "x!") in QuestionKind


def test_words_are_folded_and_without_what_cannot_be_seen() -> None:
    assert words_of("Who\u200bse  CAF\u00c9, isn\u2019t it? \ufeff") == ["whose", "café", "isn't", "it"]
    assert words_of("\u3164\u00ad\u202e \U0001f44d!") == []


def test_capitals_within_a_question_are_a_name() -> None:
    assert is_incomplete("what is it?")
    assert is_incomplete("WHAT IS IT?")
    assert not is_incomplete("What is IT?")


@pytest.mark.parametrize(
    "sentence",
    ["Iceland did not sign.", "Nobody was hurt.", "It isn’t one.", "All but two agreed.", "She refused."],
)
def test_a_sentence_that_states_a_negation(sentence: str) -> None:
    assert states_negation(sentence)


@pytest.mark.parametrize("sentence", ["The mayor is Eva Oh.", "Knots are tied.", "Nothwang signed it."])
def test_a_sentence_that_states_none(sentence: str) -> None:
    assert not states_negation(sentence)
