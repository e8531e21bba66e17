"""The units: systemd's own judgement of them, and what it does not judge."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.copies import COMMAND
from tests.deploy.fronts import DEPLOY
from tests.machine import need

INSTALLED = "/opt/ihmiskauppa/.venv/bin/ihmiskauppa"
SERVICES = ("ihmiskauppa-web.service", "ihmiskauppa-forwarder.service", "ihmiskauppa-export.service")
MOST_EXPOSED = 2.5


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units in a folder, starting the command of this checkout."""
    for path in (*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")):
        text = path.read_text()
        assert INSTALLED in text or path.suffix == ".timer"
        (tmp_path / path.name).write_text(text.replace(INSTALLED, str(COMMAND)))
    return tmp_path


def test_systemd_accepts_the_units(units: Path) -> None:
    """`systemd-analyze verify` finds nothing, not even a warning."""
    files = [str(path) for path in sorted(units.iterdir())]
    done = subprocess.run([need("systemd-analyze"), "verify", *files], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "ihmiskauppa" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize("name", SERVICES)
def test_exposure_is_low(units: Path, name: str) -> None:
    """`systemd-analyze security` says less than 2.5 of 10."""
    command = [need("systemd-analyze"), "security", "--offline=true", "--no-pager", f"--threshold={int(MOST_EXPOSED * 10)}"]
    done = subprocess.run([*command, str(units / name)], capture_output=True, text=True, check=False)
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert float(level[1]) < MOST_EXPOSED
    assert done.returncode == 0


@pytest.mark.parametrize("name", SERVICES)
def test_no_core_no_swap_no_root_and_one_folder(name: str) -> None:
    """What the promises need: no core dump, our user, one writable folder; no swap for what holds plain text."""
    lines = (DEPLOY / name).read_text().splitlines()
    for line in ("LimitCORE=0", "User=ihmiskauppa", "ProtectSystem=strict", "MemoryDenyWriteExecute=yes", "PrivateTmp=yes"):
        assert lines.count(line) == 1, line
    writable = [line for line in lines if line.startswith(("ReadWritePaths=", "StateDirectory="))]
    folder = "ihmiskauppa-export" if "export" in name else "ihmiskauppa"
    assert writable == [f"StateDirectory={folder}", f"ReadWritePaths=%S/{folder}"]
    assert ("MemorySwapMax=0" in lines) == ("export" not in name)


def test_the_web_process_can_still_see_swap() -> None:
    """`ProcSubset=pid` would hide /proc/swaps, and the start would no longer warn of plain swap."""
    assert "ProcSubset=pid" not in (DEPLOY / "ihmiskauppa-web.service").read_text().splitlines()


def test_the_user_is_made(tmp_path: Path) -> None:
    """systemd-sysusers understands the file: one user without a shell."""
    (tmp_path / "etc").mkdir()
    command = [need("systemd-sysusers"), f"--root={tmp_path}", str(DEPLOY / "sysusers.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = next(line for line in (tmp_path / "etc/passwd").read_text().splitlines() if line.startswith("ihmiskauppa:"))
    assert made.endswith(":/var/lib/ihmiskauppa:/usr/sbin/nologin")
