"""The service over HTTP: application, endpoints, schemas, pages, widget, access, server and operation.

Start at `app.create_app`. Nothing outside this package knows HTTP.
"""
