"""A headless Chromium told what to do over its own pipe; needs nothing but the browser."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-pipe",
)


def find_browser() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Page:
    """One tab. Messages are JSON, each ended by a zero byte."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests, self._answers = requests, answers
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._call("Page.enable")

    def remember(self, settings: Mapping[str, object]) -> None:
        """What every page finds in its local storage, as JSON."""
        source = "".join(
            f"localStorage.setItem({json.dumps(name)}, {json.dumps(json.dumps(value))});"
            for name, value in settings.items()
        )
        self._call("Page.addScriptToEvaluateOnNewDocument", source=source)

    def open(self, url: str, width: int, height: int, scale: float) -> None:
        """Show a page in a window of this size; a picture of it is `scale` times as large."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=False,
        )
        self._call("Page.navigate", url=url)

    def wait_for(self, condition: str, seconds: float = 60) -> None:
        """Until the JavaScript expression is true."""
        deadline = time.monotonic() + seconds
        while not self.evaluate(condition):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the page never came to: {condition}")
            time.sleep(0.2)

    def evaluate(self, expression: str) -> Any:
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def click_icon(self, name: str) -> None:
        """Press the button that shows this icon."""
        selector = json.dumps(f"button [aria-label={name}]")
        self.wait_for(f"document.querySelector({selector}) !== null")
        self.evaluate(f"document.querySelector({selector}).closest('button').click()")

    def double_click(self, x: int, y: int) -> None:
        for count in (1, 2):
            for kind in ("mousePressed", "mouseReleased"):
                mouse = {"type": kind, "button": "left", "clickCount": count}
                self._call("Input.dispatchMouseEvent", x=x, y=y, **mouse)

    def picture(self) -> bytes:
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._requests, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            more = os.read(self._answers, 1 << 20)
            if not more:
                raise RuntimeError("the browser has ended")
            self._buffer += more
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message


@contextmanager
def browser(path: str) -> Iterator[Page]:
    """A page of a fresh browser, which ends with the block."""
    to_read, requests = os.pipe()
    answers, to_write = os.pipe()
    with tempfile.TemporaryDirectory(prefix="hub-browser-", ignore_cleanup_errors=True) as profile:
        # Chromium reads commands from file descriptor 3 and writes answers to 4.
        process = subprocess.Popen(  # noqa: S603
            [
                "/bin/sh",
                "-c",
                f'exec "$@" 3<&{to_read} 4>&{to_write}',
                "sh",
                path,
                *_FLAGS,
                f"--user-data-dir={profile}",
            ],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        try:
            yield Page(requests, answers)
        finally:
            os.close(requests)
            os.close(answers)
            process.terminate()
            process.wait(10)
