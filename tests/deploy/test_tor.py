"""The onion service: Tor's own judgement, and that it leads to nginx's entrance for it."""

import subprocess
from pathlib import Path

from tests.deploy.fronts import DEPLOY
from tests.machine import need


def test_tor_accepts_the_file(tmp_path: Path) -> None:
    """`tor --verify-config` finds no fault and warns of nothing but being root."""
    file = tmp_path / "torrc"
    text = (DEPLOY / "torrc").read_text()
    assert "HiddenServiceDir /var/lib/tor/" in text
    file.write_text(text.replace("/var/lib/tor/", f"{tmp_path}/"))
    command = [need("tor"), "--verify-config", "-f", str(file), "--DataDirectory", str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Configuration was valid" in done.stdout
    assert [line for line in done.stdout.splitlines() if "[warn]" in line and "as root" not in line] == []


def test_it_leads_to_nginx_and_is_no_way_out() -> None:
    """The port is the one nginx has for it; no proxy for programs of the machine, no relay."""
    lines = (DEPLOY / "torrc").read_text().splitlines()
    port = next(line.split()[2] for line in lines if line.startswith("HiddenServicePort"))
    assert f"listen {port};" in (DEPLOY / "nginx.conf").read_text()
    assert {"SocksPort 0", "ORPort 0", "SafeLogging 1"} <= set(lines)
