"""Questions over public collections of documents, which whoever runs the evaluation fetches."""
