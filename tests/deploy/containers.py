"""The container file, really built and run, by buildah in a store of its own; CONTAINER=1 asks for it, for it takes minutes.

In place of Debian's image, which is in a registry, stands what mmdebstrap makes of the same Debian.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.fronts import DEPLOY
from tests.machine import ROOT, need

BASE, RELEASE = "debian:12-slim", "bookworm"
IMAGE = "ihmiskauppa"
MINUTES = 60  # seconds
CHROOT = ("--isolation", "chroot")  # the machine's own network and processes: it needs no other rights than root's


@dataclass(frozen=True)
class Store:
    """Where buildah keeps images and working containers."""

    folder: Path

    def buildah(self, *arguments: str) -> str:
        """Run to its end; what it printed."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=8 * MINUTES, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done.stdout.strip()

    def command(self, *arguments: str) -> list[str]:
        places = ("--root", str(self.folder / "store"), "--runroot", str(self.folder / "run"))
        return [need("buildah"), *places, "--storage-driver", "overlay", *arguments]

    def make_base(self) -> None:
        """The image that the file starts from."""
        archive = self.folder / "base.tar"
        command = [need("mmdebstrap"), "--quiet", "--variant=minbase", RELEASE, str(archive)]
        subprocess.run(command, check=True, timeout=5 * MINUTES)
        container = self.buildah("from", "scratch")
        self.buildah("add", "--quiet", container, str(archive), "/")
        self.buildah("commit", "--quiet", container, BASE)
        self.buildah("rm", container)

    def build(self) -> None:
        """The image of the site."""
        options = ["--pull-never", "--network", "host", "--file", str(DEPLOY / "Containerfile"), "--tag", IMAGE]
        for there, here in self._authorities().items():
            options += ["--volume", f"{here}:{there}:ro"]
        self.buildah("bud", *CHROOT, *options, str(ROOT))

    def _authorities(self) -> Mapping[str, Path]:
        """On a machine whose packages come through a proxy with an authority of its own, pip must know it in the build too."""
        own = os.environ.get("PIP_CERT")
        if not own:
            return {}
        settings = self.folder / "pip.conf"
        settings.write_text("[global]\ncert = /run/authorities.pem\n")
        return {"/run/authorities.pem": Path(own), "/etc/pip.conf": settings}

    @contextmanager
    def container(self) -> Iterator[str]:
        """A container of the image; its name."""
        name = self.buildah("from", "--pull-never", f"localhost/{IMAGE}")
        try:
            yield name
        finally:
            self.buildah("rm", name)

    def run(self, container: str, instance: Path, environment: Mapping[str, str], *command: str) -> list[str]:
        """The command line that runs `command` in it as its own user, with `instance` as its volume."""
        given = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
        volume = f"{instance}:/var/lib/ihmiskauppa"
        return self.command("run", *CHROOT, "--network", "host", "--volume", volume, *given, container, "--", *command)
