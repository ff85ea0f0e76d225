# Copies the files of one folder into another, on the worker itself: nothing travels through the service.
# The twin of Copy-LocalFiles.ps1 for machines without PowerShell.
#
# .PARAMETER SourcePath string mandatory
# .PARAMETER DestinationPath string mandatory

import os
import shutil
import socket
import sys


def copy_folder(source: str, destination: str) -> None:
    os.makedirs(destination, exist_ok=True)
    names = sorted(os.listdir(source))
    for name in names:
        path = os.path.join(source, name)
        if os.path.isdir(path):
            shutil.copytree(path, os.path.join(destination, name), dirs_exist_ok=True)
        else:
            shutil.copy2(path, destination)
        print(f"Copied {name}")
    if not names:
        print(f"There is nothing in {source}", file=sys.stderr)


def main() -> None:
    source, destination = sys.argv[1:3]
    print(f"Executing runbook on hybrid runbook worker: {socket.gethostname()}")
    print(f"Source: {source}")
    print(f"Destination: {destination}")
    try:
        copy_folder(source, destination)
    except OSError as error:
        sys.exit(f"Failed: Encountered error(s) while copying files. Error message=[{error}]")
    print("Successfully copied files")
    print("Execution finished")


main()
