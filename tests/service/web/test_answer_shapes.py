"""Lists, parts and yes/no answers over HTTP, from answers made by hand."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi.testclient import TestClient

from service.answering.answerer import Answerer
from service.answering.answers import Answer
from service.settings import Settings
from service.web.app import create_app


def test_several_answers_parts_and_polarity_are_sent(
    sample_answerer: Answerer, sample_answers: Mapping[str, Answer]
) -> None:
    questions = {name: answer.question for name, answer in sample_answers.items()}
    with TestClient(create_app(sample_answerer, Settings().web)) as client:
        sent = {
            name: client.post("/v1/answer", json={"question": question}).json()
            for name, question in questions.items()
        }
        batch = {"requests": [{"question": question} for question in questions.values()]}
        results = client.post("/v1/answers", json=batch).json()["results"]
        texts = {
            name: client.get(f"/v1/articles/{name}").json()["text"] for name in ("tower.txt", "survey.txt")
        }
    for (name, response), result in zip(sent.items(), results, strict=True):
        assert result["answer"]["answers"] == response["answers"], name
        for one in response["answers"]:
            citation = one["citation"]
            assert texts[citation["article_id"]][citation["start"] : citation["end"]] == one["text"], name
    assert [one["text"] for one in sent["list"]["answers"]] == ["Mara Ellison", "Tomas Quill", "Ines Okafor"]
    assert [one["part"] for one in sent["parts"]["answers"]] == [
        "who began the design",
        "who drew the stairs",
        "who finished it",
    ]
    assert sent["missing part"]["unanswered"] == ["what did <b>it</b> cost"]
    assert sent["list"]["unanswered"] == []
    assert {name: sent[name]["answer"]["polarity"] for name in ("yes", "no", "one")} == {
        "yes": "says_yes",
        "no": "says_no",
        "one": None,
    }
    assert sent["enumeration"]["answer"]["text"] == "timber, wool and smoked fish"
    assert [one["text"] for one in sent["enumeration"]["answers"]] == ["timber", "wool", "smoked fish"]
