"""A private SLURM on this machine: two nodes with two pretended GPUs each, started and stopped by the tests."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

CONFIGURATION = Path("/etc/slurm")  # where job steps look, whatever SLURM_CONF says
LINKS = ("slurm.conf", "gres.conf")
FOLDER = "test_cluster"  # what the name of a cluster's folder begins with
NODES = ("n1", "n2")
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "scontrol", "squeue", "scancel")
SLURM_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=6817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
EnforcePartLimits=ALL
ReturnToService=2
MinJobAge=3600
KillWait=2
OverTimeLimit=0
SlurmctldTimeout=60
SlurmdTimeout=15
GresTypes=gpu
DefMemPerCPU=500
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port=17001 CPUs=4 RealMemory=8000 Gres=gpu:2 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port=17002 CPUs=4 RealMemory=8000 Gres=gpu:2 State=UNKNOWN
PartitionName=gpu Nodes=n1,n2 Default=YES MaxTime=120 State=UP PriorityTier=1
PartitionName=scavenger Nodes=n1,n2 MaxTime=120 State=UP PriorityTier=0 PreemptMode=CANCEL
PartitionName=urgent Nodes=n1,n2 MaxTime=120 State=UP PriorityTier=2
"""
GRES_CONF = """
Name=gpu File=/dev/null
Name=gpu File=/dev/zero
"""


class Slurm:
    """The cluster, in a folder of its own but for two links in /etc/slurm.

    Raises:
        RuntimeError: it cannot be started here; the message says what to do.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._munged: subprocess.Popen | None = None
        if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
            raise RuntimeError(
                f"SLURM is not installed ({', '.join(missing)} missing). On Debian and Ubuntu: apt-get install "
                "--no-install-recommends slurmctld slurmd slurm-client munge"
            )
        if os.geteuid() != 0:
            raise RuntimeError(
                "the test cluster runs its nodes as root; try again as root, in a container for instance"
            )
        for taken in (CONFIGURATION / name for name in LINKS if os.path.lexists(CONFIGURATION / name)):
            if not (taken.is_symlink() and taken.readlink().parent.name.startswith(FOLDER)):
                raise RuntimeError(f"{taken} is there already, so this machine belongs to a cluster")
            if _is_running(taken.readlink().parent):
                raise RuntimeError("a test cluster is running; to end one that was left: pkill 'slurm|munged'")
            taken.unlink()  # of a cluster that was killed with its tests

    def start(self) -> None:
        for name in ("state", *(f"spool/{node}" for node in NODES)):
            (self._folder / name).mkdir(parents=True)
        host = socket.gethostname().partition(".")[0]
        CONFIGURATION.mkdir(exist_ok=True)
        for name, text in zip(LINKS, (SLURM_CONF, GRES_CONF)):
            (self._folder / name).write_text(text.format(host=host, folder=self._folder))
            (CONFIGURATION / name).symlink_to(self._folder / name)
        self._start_munge()
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        ask = ("sinfo", "--Node", "--partition=gpu", "--noheader", "--format=%N %T")
        wait_until(lambda: self.ask(*ask).splitlines() == [f"{node} idle" for node in NODES], "the nodes are idle")

    def stop(self) -> None:
        """Stop all that was started, and leave nothing behind."""
        for node in NODES:
            self.lose_node(node)
        self._end("slurmctld")
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):  # the daemon of a step whose program has ended already
                if process.name() == "slurmstepd" and Path(process.cwd()) == self._folder:
                    process.kill()
        if self._munged is not None:
            self._munged.terminate()
            self._munged.wait()
        for name in LINKS:
            (CONFIGURATION / name).unlink(missing_ok=True)
        if not any(CONFIGURATION.iterdir()):
            CONFIGURATION.rmdir()

    def start_controller(self) -> None:
        subprocess.run(["slurmctld"], check=True, capture_output=True)

    def stop_controller(self) -> None:
        self._end("slurmctld", signal.SIGTERM)  # it saves its state

    def start_node(self, node: str) -> None:
        subprocess.run(["slurmd", "-N", node], check=True, capture_output=True)

    def lose_node(self, node: str) -> None:
        """What a power cut does: the node's daemon and all that runs on it are gone at once."""
        self._end(f"slurmd-{node}")
        for process in _processes_of_node(node):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def signal_program(self, job: str, name: str, number: signal.Signals) -> None:
        """Send a signal to the programs of a job whose command line ends in a name."""
        for process in psutil.process_iter():
            if _environment(process).get("SLURM_JOB_ID") == job and process.cmdline()[-1].endswith(name):
                process.send_signal(number)

    def ask(self, *command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True).stdout

    def jobs(self) -> dict[str, str]:
        """The states of all jobs by their numbers."""
        lines = self.ask("squeue", "--states=all", "--noheader", "--format=%i %T").splitlines()
        return dict(line.split() for line in lines)

    def _start_munge(self) -> None:
        key = self._folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        files = [f"--{name}-file={self._folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
        self._munged = subprocess.Popen(
            ["munged", "--foreground", "--force", f"--socket={self._folder}/munge.socket", *files],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until((self._folder / "munge.socket").exists, "munge is there")

    def _end(self, name: str, with_signal: int = signal.SIGKILL) -> None:
        pid = self._folder / f"{name}.pid"
        with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
            process = psutil.Process(int(pid.read_text()))
            process.send_signal(with_signal)
            wait_until(lambda: _has_ended(process), f"{name} has ended")
        pid.unlink(missing_ok=True)


def _is_running(folder: Path) -> bool:
    for file in folder.glob("*.pid"):
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(int(file.read_text()))
            if process.name() in PROGRAMS and not _has_ended(process):
                return True
    return False


def _has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def _processes_of_node(node: str) -> list[psutil.Process]:
    """The daemons of the steps on a node, then the processes of the steps."""
    found = [process for process in psutil.process_iter() if _environment(process).get("SLURMD_NODENAME") == node]
    parents = {parent for process in found if (parent := process.parent()) is not None}
    return [parent for parent in parents if parent.name().startswith("slurmstepd")] + found


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:  # it has ended
        return {}


def wait_until(condition: Callable[[], object], what: str, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.2)
