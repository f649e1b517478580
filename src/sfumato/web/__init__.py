"""The studio page: standard web components and ES modules in this folder, served as they are; nothing is built.

`index.html` begins, `main.js` starts it, `routes.js` says which component is which page, `data/` speaks to `/api/v1`.
To change how all of it looks, change `tokens.css`; what it says, `texts.js`.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
"""What the server shows at its root: every file here but the Python ones."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",  # data: previews; blob: pictures fetched with a key
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing inline, nothing from elsewhere."""
