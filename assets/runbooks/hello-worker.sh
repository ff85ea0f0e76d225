# Says which machine took the job, as whom and where it runs: the smallest useful runbook.
set -eu
echo "Hello from $(hostname)"
echo "Running as $(id -un) in $PWD"
echo "Kernel $(uname -sr), up for $(cut -d. -f1 /proc/uptime) s"
