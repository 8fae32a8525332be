"""What Streamlit knows of who asks: its secrets, and the cookie that it signs when somebody signs in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME


def secrets() -> dict[str, Any]:
    """All secrets; nothing where there is no file."""
    return dict(st.secrets.to_dict()) if st.secrets.load_if_toml_exists() else {}


def secret_files() -> list[Path]:
    """The files that secrets are read from, as far as they are there."""
    return [path for path in map(Path, st.get_option("secrets.files")) if path.is_file()]


def claims(cookies: Mapping[str, str]) -> dict[str, Any]:
    """What the provider said of who asks; nothing unless Streamlit signed it."""
    secret = get_cookie_secret()

    def part(name: str) -> bytes | None:
        return decode_signed_value(secret, name, cookies[name]) if name in cookies else None

    content = get_cookie_with_chunks(part, USER_COOKIE_NAME)
    return json.loads(content) if content else {}
