"""Examples for the OpenAPI description: a real question over the seeds and its real answer."""

from __future__ import annotations

from typing import Any

QUESTION = "Who is the chief executive of BUCIC?"

ANSWER: dict[str, Any] = {
    "question": "Who is the chief executive of BUCIC?",
    "answer": {
        "text": "Wang Linghong",
        "confidence": 0.6227,
        "citation": {
            "article_id": "000-pakistan-bucic-delegation.txt",
            "title": None,
            "publisher": None,
            "author": None,
            "published": "2024-01-24",
            "url": None,
            "modified": None,
            "start": 1530,
            "end": 1543,
            "quote": "Wang Linghong, the CEO of BUCIC, provided updates on the Gwadar "
            "New International Airport project undertaken by Beijing Urban "
            "Construction Group.",
            "quote_start": 1530,
            "quote_end": 1675,
            "passage": {"id": 3, "start": 1530, "end": 2336},
            "sha256": "98ab71f4511e83bdff574480477180bf1885a5c8d2db1c732e66dd73d437c1b2",
            "prefix": "akistan and the development of the Gwadar Port. ",
            "exact": "Wang Linghong",
            "suffix": ", the CEO of BUCIC, provided updates on the Gwad",
            "source": "/articles/000-pakistan-bucic-delegation.txt?start=1530&end=1543#quote",
        },
        "other_citations": [],
        "part": None,
        "polarity": None,
    },
    "answers": [],
    "unanswered": [],
    "abstained": None,
    "confidence": 0.6227,
    "threshold": 0.038,
    "alternatives": [],
    "passages": [
        {
            "id": 3,
            "start": 1530,
            "end": 2336,
            "rank": 1,
            "text": "Wang Linghong, the CEO of BUCIC, provided updates on the Gwadar New "
            "International Airport project undertaken by Beijing Urban Construction "
            "Group. “BUCIC serves as a crucial part of Beijing Urban Construction "
            "Group’s technology industrialization sector. With our technological "
            "advantages in cloud platforms, big data, and artificial intelligence, our "
            "company is committed to providing professional and comprehensive services "
            "in digital transportation and urban development for Pakistan, thereby "
            "facilitating Pakistan’s digital transformation and upgrade.” Wang stated.\n"
            "\n"
            "Meanwhile, a Chinese delegation led by Vice President of the China "
            "Association of Small and Medium Commercial Enterprises, Xu Xiang visited "
            "Lahore to explore business opportunities and strengthen economic ties "
            "between China and Pakistan.",
            "article_id": "000-pakistan-bucic-delegation.txt",
            "title": None,
            "publisher": None,
            "author": None,
            "published": "2024-01-24",
            "url": None,
            "modified": None,
            "relevance": 0.9906,
            "similarity": 0.4523,
            "bm25": 1.0592,
        }
    ],
    "generation": "gen-000001",
    "model": {"reader": "quoth-base", "encoder": "all-MiniLM-L6-v2"},
    "request_id": "5f1c6a0e9d3b4f6f8a2f0d6f1f3f7c11",
    "read_as": None,
    "timings_ms": {"retrieve": 4.0, "read": 38.7, "total": 43.0},
}
ANSWER["answers"] = [ANSWER["answer"]]
