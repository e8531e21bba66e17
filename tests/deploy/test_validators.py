"""What outside judges say of nginx as it is shipped: sslyze of its TLS, MDN's HTTP Observatory of its headers."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy import observatory
from tests.deploy.conftest import Behind
from tests.deploy.fronts import Front, running_front

SSLYZE = Path(sys.executable).parent / "sslyze"
# Each a step back from Mozilla's intermediate profile, and sslyze's name for it.
STEPS_BACK = {
    "tls_versions": {
        "ssl_protocols TLSv1.2 TLSv1.3;": "ssl_protocols TLSv1.1 TLSv1.2 TLSv1.3;",
        "ssl_ciphers ": "ssl_ciphers @SECLEVEL=0:ECDHE-ECDSA-AES128-SHA:",
    },
    "ciphers": {"ssl_ciphers ": "ssl_ciphers ECDHE-ECDSA-AES256-SHA384:"},
    "tls_curves": {"ssl_ecdh_curve X25519:prime256v1:secp384r1;": "ssl_ecdh_curve X25519:prime256v1:secp521r1;"},
}


def _sslyze(front: Front) -> subprocess.CompletedProcess[str]:
    authority = f"--certinfo_ca_file={front.folder / 'ca.pem'}"
    command = [str(SSLYZE), authority, "--mozilla_config=intermediate", f"localhost:{front.https}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_tls_is_mozillas_intermediate(front: Front) -> None:
    """By sslyze's check of versions, ciphers, curves, certificate, and known weaknesses."""
    done = _sslyze(front)
    assert "OK - Compliant." in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("fault", STEPS_BACK)
def test_sslyze_would_see_a_step_back(tmp_path: Path, behind: Behind, fault: str) -> None:
    """The control: an old version, an old cipher, a curve outside the profile, each is named."""
    with running_front(tmp_path / "nginx", behind.port, behind.export, STEPS_BACK[fault]) as front:
        done = _sslyze(front)
    assert f"* {fault}: " in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1


def test_headers_are_worth_an_a_plus(tmp_path: Path, behind: Behind) -> None:
    """By MDN's HTTP Observatory, with http on 80 and https on 443: no test failed, A+."""
    verdict = observatory.ask(behind, tmp_path / "nginx")
    assert (verdict.grade, verdict.failed) == ("A+", {})


def test_the_observatory_would_see_a_missing_header(tmp_path: Path, behind: Behind) -> None:
    """The control: with the policy for content taken away, it names that and the grade falls."""
    more = {"proxy_redirect off;": "proxy_redirect off; proxy_hide_header Content-Security-Policy;"}
    verdict = observatory.ask(behind, tmp_path / "nginx", more)
    assert verdict.grade.startswith(("B", "C", "D", "F")), verdict
    assert verdict.failed["content-security-policy"] == "csp-not-implemented"
