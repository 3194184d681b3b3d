"""The scripts count what the test runners report."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SWIFT = """\
◇ Test case passing 1 argument skippedArguments → 0 to keepWhatTheyAre(skippedArguments:) started.
◇ Test case passing 1 argument words → "a test skipped, one failed" to carries(words:) started.
✔ Test keepWhatTheyAre(skippedArguments:) with 2 test cases passed after 0.001 seconds.
✔ Test "a message skipped on the way is told" passed after 0.001 seconds.
"""
NODE = "ℹ tests 9\nℹ pass {}\nℹ fail {}\nℹ cancelled 0\nℹ skipped {}\nℹ duration_ms 3\n"


@pytest.mark.parametrize(
    ("function", "log", "counts"),
    [
        ("swift_counts", SWIFT + "✔ Test run with 3 tests in 1 suite passed after 0.1 seconds.\n", "3 0 0"),
        (
            "swift_counts",
            SWIFT
            + "✘ Test broken() failed after 0.001 seconds with 2 issues.\n"
            + '✘ Test "a sentence" failed after 0.001 seconds with 1 issue.\n'
            + "✘ Test cases(of:) with 2 test cases failed after 0.001 seconds with 1 issue.\n"
            + "➜ Test off() skipped.\n"
            + '➜ Test off(case:) skipped: "not here"\n'
            + '➜ Test "a sentence with blanks" skipped.\n'
            + "✘ Test run with 8 tests in 1 suite failed after 0.1 seconds with 4 issues.\n",
            "2 3 3",
        ),
        ("swift_counts", "✔ Test run with 3 tests in 1 suite passed.\n✔ Test run with 1 test in 1 suite passed.\n", "4 0 0"),
        ("swift_counts", "error: nothing was built\n", "0 0 0"),
        ("node_counts", NODE.format(9, 0, 0), "9 0 0"),
        ("node_counts", NODE.format(6, 2, 1).replace("ℹ", "#"), "6 2 1"),
        ("node_counts", "", "0 0 0"),
        ("pytest_counts", "Interop/test_a.py ..\n====== 962 passed, 8 deselected in 856.19s (0:14:16) ======\n", "962 0 0"),
        ("pytest_counts", "=== 1 failed, 2 passed, 3 skipped, 4 errors in 5.0s ===\n", "2 5 3"),
        ("pytest_counts", "=== 1 error in 0.12s ===\n", "0 1 0"),
        ("pytest_counts", "", "0 0 0"),
    ],
)
def test_results_are_counted(tmp_path, function, log, counts):
    path = tmp_path / "log"
    path.write_text(log)
    told = subprocess.run(
        ["bash", "-c", f'set -uo pipefail; source Scripts/counts.sh; {function} "$1"', "bash", str(path)],
        cwd=ROOT, capture_output=True, text=True, timeout=20,
    )
    assert told.stderr == ""
    assert told.stdout.strip() == counts
