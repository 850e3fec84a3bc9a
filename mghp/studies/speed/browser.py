"""A Chromium without a window, which opens pages from files and loads nothing from elsewhere."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mghp.errors import InputError

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

_NAMES = ("chromium", "chromium-browser", "google-chrome")

_FLAGS = (
    "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


def find_browser() -> tuple[str, str]:
    """Return the paths of the browser and of its driver.

    Raises:
        InputError: if one of the two, or selenium, is not installed.
    """
    browser = next((found for found in map(shutil.which, _NAMES) if found), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        missing = "chromedriver" if browser else "browser"
        raise InputError(f"no {missing} found: expected Chromium with its driver (Debian: chromium, chromium-driver)")
    try:
        import selenium.webdriver  # noqa: F401
    except ImportError:
        raise InputError("selenium is not installed: pip install 'mghp[test]'") from None
    return browser, driver


@contextmanager
def open_browser() -> Iterator["Chrome"]:
    """Open a browser with a window of 1280 x 900 pixels and a profile of its own.

    Raises:
        InputError: if there is none.
    """
    browser, driver = find_browser()
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ChromeOptions()
        options.binary_location = browser
        flags = [*_FLAGS, f"--user-data-dir={profile}", "--window-size=1280,900"]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")  # with it Chromium does not start for root
        for flag in flags:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        chrome = Chrome(options, ChromeService(driver))
        try:
            yield chrome
        finally:
            chrome.quit()
