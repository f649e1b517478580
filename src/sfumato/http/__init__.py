"""The server's doors: one module a spoken shape in `shapes/`, and what all of them stand behind.

    request -> gate.py (Host, Origin, key) -> shapes/<name>.py -> studio/ -> queue -> worker -> hub.py -> answer

A shape turns a vendor's words into an Order and a Job back into the vendor's words. It decides nothing: planning does,
and what planning refuses is told in the shape's own form of error. `app.py` puts the app together, `serve.py` runs it.
"""
