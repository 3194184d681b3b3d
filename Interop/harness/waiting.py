"""Waiting for a condition; tests never sleep for a fixed time to let something happen."""

import time


def wait_until(condition, *, timeout=10, interval=0.01, what="the condition"):
    """Returns the first true value of `condition`, asked again and again until `timeout` seconds are over."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s in vain for {what}")
        time.sleep(interval)
