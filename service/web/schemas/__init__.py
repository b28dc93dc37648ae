"""Pydantic models of the requests and responses, by subject.

Responses are made from the service's records (`AnswerResponse.of`), requests become them (`to_filters`).
"""
