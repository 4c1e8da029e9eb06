package dev.firn.cli;

import dev.firn.daemon.Daemon;
import dev.firn.daemon.HomePaths;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** A daemon's process as the system sees it, also when the daemon does not answer. */
record DaemonProcess(long pid) {
  /** Whoever has a home, or had it last; nothing where nobody ever had it. */
  static Optional<DaemonProcess> of(Path home) throws IOException {
    try {
      String pid = Files.readString(HomePaths.lock(home), StandardCharsets.ISO_8859_1).strip();
      return Optional.of(new DaemonProcess(Long.parseLong(pid)));
    } catch (NoSuchFileException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Whether the process is a daemon: another may have its number by now. */
  boolean isDaemon() {
    return ProcessHandle.of(pid)
        .flatMap(process -> process.info().commandLine())
        .filter(commandLine -> commandLine.contains(Daemon.class.getName()))
        .isPresent();
  }

  /** A process that has ended may stay as a zombie, when its parent does not care. */
  boolean isRunning() {
    char state = state();
    return state != 'Z' && state != 0;
  }

  /** Whether it was stopped, by a signal or by a debugger. */
  boolean isStopped() {
    return Character.toLowerCase(state()) == 't';
  }

  /** As in proc(5); 0 of a process that is gone. */
  private char state() {
    try {
      String status = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return status.charAt(status.lastIndexOf(')') + 2);
    } catch (IOException gone) {
      return 0;
    }
  }
}
