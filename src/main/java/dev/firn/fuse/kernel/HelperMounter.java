package dev.firn.fuse.kernel;

import dev.firn.base.FirnException;
import dev.firn.fuse.MountPoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jnr.constants.platform.Errno;

/**
 * Mounts for a user who is not root: the set-uid program fusermount3 does it, and sends the
 * descriptor of /dev/fuse back over a socket whose number it finds in {@code _FUSE_COMMFD}.
 *
 * <p>Java's own way to start programs closes all descriptors in the child, so posix_spawn does it.
 */
final class HelperMounter {
  private static final String HELPER = "fusermount3";
  private static final String SOCKET_VARIABLE = "_FUSE_COMMFD";

  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int F_SETFD = 2;
  private static final int FD_CLOEXEC = 1;
  private static final int STANDARD_ERROR = 2;

  /** More than any C library's posix_spawn_file_actions_t. */
  private static final int ACTIONS_BYTES = 256;

  private static final int SAID_BYTES_MAX = 4096;

  private final Path directory;
  private final KernelOptions options;

  HelperMounter(Path directory, KernelOptions options) {
    this.directory = directory;
    this.options = options;
  }

  Device mount() throws IOException {
    int[] sockets = new int[2];
    int[] pipe = new int[2];
    check(LinuxCalls.LIBC.socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
    try {
      check(LinuxCalls.LIBC.fcntl(sockets[0], F_SETFD, FD_CLOEXEC));
      check(LinuxCalls.LIBC.pipe2(pipe, LinuxCalls.O_CLOEXEC));
      int pid;
      try {
        pid = spawn(sockets[1], pipe[1]);
      } finally {
        LinuxCalls.LIBC.close(pipe[1]);
        LinuxCalls.LIBC.close(sockets[1]);
        sockets[1] = -1;
      }
      try {
        int fd = ReceivedDescriptor.from(sockets[0]);
        String said = readAll(pipe[0]);
        LinuxCalls.LIBC.waitpid(pid, new int[1], 0);
        if (fd < 0) {
          throw refused(said);
        }
        check(LinuxCalls.LIBC.fcntl(fd, F_SETFD, FD_CLOEXEC));
        return new Device(fd);
      } finally {
        LinuxCalls.LIBC.close(pipe[0]);
      }
    } finally {
      LinuxCalls.LIBC.close(sockets[0]);
      if (sockets[1] >= 0) {
        LinuxCalls.LIBC.close(sockets[1]);
      }
    }
  }

  private int spawn(int socket, int standardError) {
    NativeStrings arguments =
        new NativeStrings(
            List.of(
                Mounter.text(HELPER),
                Mounter.text("-o"),
                Mounter.text(options.helperOptions()),
                Mounter.text("--"),
                MountPoint.terminated(directory)));
    List<byte[]> variables = new ArrayList<>();
    for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
      if (!variable.getKey().equals(SOCKET_VARIABLE)) {
        variables.add(Mounter.text(variable.getKey() + '=' + variable.getValue()));
      }
    }
    variables.add(Mounter.text(SOCKET_VARIABLE + '=' + socket));
    NativeStrings environment = new NativeStrings(variables);
    NativeBuffer actions = new NativeBuffer(ACTIONS_BYTES);
    try {
      LinuxCalls.LIBC.posix_spawn_file_actions_init(actions.address);
      LinuxCalls.LIBC.posix_spawn_file_actions_adddup2(
          actions.address, standardError, STANDARD_ERROR);
      int[] pid = new int[1];
      int error =
          LinuxCalls.LIBC.posix_spawnp(
              pid,
              Mounter.text(HELPER),
              actions.address,
              0,
              arguments.address(),
              environment.address());
      LinuxCalls.LIBC.posix_spawn_file_actions_destroy(actions.address);
      if (error != 0) {
        throw FirnException.failed(
            "cannot mount at '%s': %s cannot be started (%s); install the package fuse3: apt-get"
                + " install fuse3",
            directory, HELPER, Errno.valueOf(error).description());
      }
      return pid[0];
    } finally {
      actions.free();
      arguments.free();
      environment.free();
    }
  }

  private FirnException refused(String said) {
    String reason = said.isBlank() ? "it does not say why" : said.strip().replace('\n', ' ');
    return FirnException.notPermitted("cannot mount at '%s' as this user: %s", directory, reason);
  }

  private String readAll(int fd) {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    NativeBuffer buffer = new NativeBuffer(SAID_BYTES_MAX);
    try {
      long count = LinuxCalls.LIBC.read(fd, buffer.address, buffer.sizeBytes);
      while (count > 0 && said.size() < SAID_BYTES_MAX) {
        byte[] bytes = new byte[(int) count];
        buffer.bytes.get(0, bytes);
        said.writeBytes(bytes);
        count = LinuxCalls.LIBC.read(fd, buffer.address, buffer.sizeBytes);
      }
      return said.toString(StandardCharsets.UTF_8);
    } finally {
      buffer.free();
    }
  }

  private void check(int result) throws IOException {
    if (result < 0) {
      throw new IOException(
          "cannot mount at '" + directory + "': " + LinuxCalls.lastError().description());
    }
  }
}
