"""One row on one machine: its programs that are here, their inputs and outputs, the check and the rounds."""
import hashlib
import os
import shlex
import shutil
import subprocess

from harness import agreement, cgroup, data, measure
from harness.model import Place

MIB = 1 << 20


def size_text(size_bytes):
    for unit, factor in (("GiB", MIB << 10), ("MiB", MIB), ("KiB", 1 << 10)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:g} {unit}"
    return f"{size_bytes} bytes"


class RowRun:
    """`options` are those of the command line; `text_folders` are searched for real text."""

    def __init__(self, row, tools, options, scratch, data_folder, text_folders):
        self.row = row
        self._tools = tools
        self._scratch = scratch
        self._data_folder = data_folder
        self._size_bytes = options.size
        self._output = os.path.join(scratch, "output")
        self._messages = os.path.join(scratch, "messages.txt")
        can_limit = cgroup.available()
        self.contenders = [one for one in row.contenders
                           if tools.has(one) and (can_limit or not one.cgroup_bytes) and self._chosen(one, options)]
        self.inputs = {one.data: data.make(one.data, data_folder, options.size, tools, text_folders)
                       for one in self.contenders}
        self._sizes = {path: data.bytes_of(path) for path in self.inputs.values()}
        self._see_room()

    def _chosen(self, contender, options):
        """With --against, mrun and those named."""
        return not options.against or contender.name == self.row.contenders[0].name or contender.name in options.against

    def _see_room(self):
        """The output and what is spilled are as large as the input, at most."""
        needed = 2 * max(self._sizes.values(), default=0)
        free = shutil.disk_usage(self._scratch).free
        if free < needed:
            raise SystemExit(f"{self.row.name} may need {size_text(needed)} in {self._scratch}, where "
                             f"{size_text(free)} are free; --scratch takes another folder")

    def sizes_text(self):
        return " and ".join(sorted({size_text(size) for size in self._sizes.values()}))

    def origins(self):
        """Where real text came from."""
        found = [data.origin(one, self._data_folder, self._size_bytes) for one in self.inputs]
        return [f"real text: {one}" for one in found if one]

    def _command(self, contender):
        return contender.command(self._tools, Place(self.inputs[contender.data], self._output))

    def shown_command(self, contender):
        """Without the folders of this machine."""
        shown = shlex.join(self._command(contender))
        for folder in (self._scratch, self._data_folder, self._tools.folder):
            shown = shown.replace(folder + os.sep, "")
        return shown

    def _prepare(self, contender):
        """Memory, page cache and disk as every program is to find them."""
        path = self.inputs[contender.data]
        measure.remove(self._output)
        if contender.cgroup_bytes:
            os.sync()
            measure.drop(path)
        else:
            measure.warm(path)
            os.sync()
        # Last: two seconds after memory is free the machine may give it back to its host.
        if self._sizes[path] >= MIB:
            measure.touch_memory(self.row.touched * self._sizes[path])

    def measure(self, contender):
        self._prepare(contender)
        command = self._command(contender)
        if not contender.cgroup_bytes:
            return measure.run_once(command, self._output, self._messages)
        group = cgroup.MemoryCgroup(contender.cgroup_bytes)
        try:
            return measure.run_once(group.command(command), self._output, self._messages)
        finally:
            group.remove()

    def check(self, known):
        """Ends the program unless all programs make the same of the same data."""
        seen = {contender.name: self._digest(contender, known) for contender in self.contenders}
        if len(set(seen.values())) > 1:
            raise SystemExit(f"{self.row.name}: the programs do not agree:\n" +
                             "\n".join(f"  {value[:16]}  {name}" for name, value in seen.items()))

    def _digest(self, contender, known):
        path = self.inputs[contender.data]
        key = hashlib.sha256("\n".join([
            self.row.name, shlex.join(self._command(contender)), contender.normalize, agreement.fingerprint([path]),
            self._tools.fingerprint(contender)]).encode()).hexdigest()
        value = known.get(key)
        if value is None:
            measure.run_once(self._command(contender), self._output, self._messages)
            if contender.kind == "mrun":
                subprocess.run([self._tools.mrun, "verify", "-q", self._output], check=True)
            value = self._digest_of_output(contender)
            measure.remove(self._output)
            known.put(key, value)
        return value

    def _digest_of_output(self, contender):
        if not self.row.validated:
            return agreement.digest(contender, self._output, self.row.ordered)
        # Each has another input, so each output is held against its own.
        inputs = [one for one in self._command(contender) if one.startswith(self.inputs[contender.data])]
        parts = [one for one in data.files_of(self._output) if os.path.basename(one).startswith("part-")]
        agreement.validate(self._tools.validate, inputs, parts)
        return "validated"

    def run(self, runs, slow_runs, raw, commit):
        """The rounds. The programs take turns, so that a slow minute of the machine is shared by all."""
        first = raw.rounds(self.row.name) if raw else 0
        for run in range(1, runs + 1):
            for contender in self.contenders:
                if contender.slow and run > slow_runs:
                    continue
                one = self.measure(contender)
                if raw:
                    raw.add(one, row=self.row.name, data=self.sizes_text(), round=first + run,
                            contender=contender.name, commit=commit, command=self.shown_command(contender))
                print(f"  {run}  {one.seconds:9.3f} s  {one.peak_anonymous_bytes / MIB:7.0f} MiB  {contender.name}",
                      flush=True)
        measure.remove(self._output)
