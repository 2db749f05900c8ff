"""
Answers getpgid with 4242 by a Frida JavaScript hook on Go's system call function, as far as that
goes: a dynamic program, whose one thread has a grown stack and collects no garbage
(`roundtrip -tame`). A hooked goroutine of any other kind crashes.

    python frida-answer.py PROGRAM ARGUMENTS...
"""

import sys
import threading

import frida

# Registers of Go's ABIInternal: the call number arrives in rax, the first result leaves in it.
HOOK = """
const GETPGID = 121;
const names = ["internal/runtime/syscall/linux.Syscall6", "internal/runtime/syscall.Syscall6", "runtime/internal/syscall.Syscall6"];
const program = Process.enumerateModules()[0];
const target = program.enumerateSymbols().find(({ name }) => names.includes(name));
Interceptor.attach(target.address, {
  onEnter() { this.asked = this.context.rax.toInt32() === GETPGID; },
  onLeave() { if (this.asked) this.context.rax = ptr(4242); },
});
"""

device = frida.get_local_device()
ended = threading.Event()
pid = device.spawn(sys.argv[1:], stdio="inherit")
session = device.attach(pid)
session.on("detached", lambda *_: ended.set())
session.create_script(HOOK).load()
device.resume(pid)
ended.wait()
