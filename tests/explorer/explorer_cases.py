"""What stands in a page, read again."""

import json
import re
from typing import Any


def payload_of(html: str) -> dict[str, Any]:
    """The data of a page."""
    found = re.search(r'<script type="application/json" id="payload">(.*?)</script>', html, re.S)
    assert found
    content: dict[str, Any] = json.loads(found[1])
    return content


def modules_of(html: str) -> dict[str, str]:
    """The modules of a page by name."""
    pattern = r'<script type="text/plain" data-module="([^"]+)">\n(.*?)</script>'
    return dict(re.findall(pattern, html, re.S))
