"""Registers or deregisters with the onboarding code of Microsoft's Linux hybrid worker, from a folder of one's own.

Its source is not part of this repository: the first argument names a folder with its `3.x` tree. That code expects fixed system
folders, users of its agent and OpenSSL 1.x; what stands below only points it at other folders, skips the user check, and gives it the
fingerprint's label in the old spelling. Signing, the request and the worker.conf it writes are its own.

usage: drive_microsoft_worker.py FOLDER register|deregister STATE_FOLDER RUN_FOLDER ENDPOINT GROUP < key
"""

import os
import sys
from types import SimpleNamespace


def load_onboarding(folder: str, state: str, run: str):
    sys.path[:0] = [os.path.join(folder, "scripts"), os.path.join(folder, "worker")]
    sys.argv = [sys.argv[0]]
    import packagesimportutil  # type: ignore[import-not-found]

    packagesimportutil.AUTOMATIONWORKER = folder
    packagesimportutil.HYBRIDWORKER = os.path.join(folder, "worker")
    import onboarding3  # type: ignore[import-not-found]

    onboarding3.DIY_STATE_PATH = state
    onboarding3.DIY_WORKING_DIR = run
    onboarding3.environment_prerequisite_validation = lambda: None
    onboarding3.diydirs.create_persistent_diy_dirs = lambda: None
    # It insists on the folders of its parent agent; the workspace id below makes these exist.
    exists = os.path.exists
    onboarding3.os.path.exists = lambda path: True if str(path).startswith("/var/opt/microsoft/omsagent/") else exists(path)

    communicate = onboarding3.linuxutil.subprocess.Popen.communicate

    def with_old_label(self, *args, **kwargs):
        output, error = communicate(self, *args, **kwargs)
        if isinstance(output, bytes) and output.startswith(b"sha1 Fingerprint="):
            output = b"SHA1" + output[4:]
        return output, error

    onboarding3.linuxutil.subprocess.Popen.communicate = with_old_label
    return onboarding3


def main() -> None:
    folder, verb, state, run, endpoint, group = sys.argv[1:7]
    key = sys.stdin.read().strip()
    onboarding = load_onboarding(folder, state, run)
    options = SimpleNamespace(
        registration_endpoint=endpoint,
        automation_account_key=key,
        hybrid_worker_group_name=group,
        workspace_id="00000000-0000-4000-8000-000000000000",
        gpg_keyring=None,
        test=False,
    )
    getattr(onboarding, verb)(options)


main()
