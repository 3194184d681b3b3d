"""A sound server whose microphones and speakers are plugged in and out by the test."""

import os
import subprocess

from .waiting import wait_until


class SoundServer:
    """A PulseAudio of its own: browsers that are started with its `environment` have these devices and no others."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = folder / "socket"
        self.environment = {"PULSE_SERVER": f"unix:{self.socket}", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        self._modules = {}

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_path = self.folder / "pulse.log"
        native = f"module-native-protocol-unix socket={self.socket} auth-anonymous=1"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no", f"--load={native}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self.environment},
            )  # fmt: skip
        try:
            wait_until(self._answers, timeout=20, interval=0.05, what="PulseAudio to answer")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)

    def plug_microphone(self, name, frequency=440):
        """Something that hears a tone."""
        self._plug(name, "module-sine-source", f"source_name={name}", f"frequency={frequency}", f"source_properties=device.description={name}")

    def plug_speaker(self, name):
        self._plug(name, "module-null-sink", f"sink_name={name}", f"sink_properties=device.description={name}")

    def unplug(self, name):
        self._control("unload-module", self._modules.pop(name))

    def _plug(self, name, *module):
        self._modules[name] = self._control("load-module", *module)

    def _answers(self):
        return self._run("info").returncode == 0

    def _control(self, *command):
        done = self._run(*command)
        assert done.returncode == 0, f"{command}: {done.stderr}{self.log_path.read_text()}"
        return done.stdout.strip()

    def _run(self, *command):
        environment = {**os.environ, **self.environment}
        return subprocess.run(["pactl", *command], env=environment, capture_output=True, text=True, timeout=20)
