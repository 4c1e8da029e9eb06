package dev.firn.fuse.kernel;

import dev.firn.base.FirnException;
import java.io.IOException;
import java.nio.file.Path;
import jnr.constants.platform.Errno;

/**
 * One descriptor of /dev/fuse. A second one made by {@link #another} serves the same mount with a
 * queue of its own, so that threads do not contend for one. Reading never blocks, except in {@link
 * #receive}. Safe for concurrent use.
 */
final class Device implements RequestSource {
  static final String PATH = "/dev/fuse";

  private static final byte[] PATH_BYTES = Mounter.text(PATH);

  /** FUSE_DEV_IOC_CLONE: _IOR(229, 0, uint32_t). */
  private static final long CLONE = 0x8004e500L;

  private static final short POLLIN = 1;

  private final int fd;

  /** A struct pollfd: s32 descriptor, u16 what for, u16 what happened. */
  private final NativeBuffer pollArgument = new NativeBuffer(8);

  /** A descriptor that is ours alone from now on. */
  Device(int fd) {
    this.fd = fd;
    pollArgument.bytes.putInt(0, fd).putShort(4, POLLIN);
    LinuxCalls.LIBC.fcntl(fd, LinuxCalls.F_SETFL, openFlags());
  }

  /** Opens the device anew: a connection to the kernel that has no mount yet. */
  static Device open(Path directory) {
    int fd = LinuxCalls.LIBC.open(PATH_BYTES, openFlags());
    if (fd < 0) {
      throw FirnException.failed(
          "cannot mount at '%s': %s cannot be opened: %s",
          directory, PATH, LinuxCalls.lastError().description());
    }
    return new Device(fd);
  }

  private static int openFlags() {
    return LinuxCalls.O_RDWR | LinuxCalls.O_CLOEXEC | LinuxCalls.O_NONBLOCK;
  }

  int fd() {
    return fd;
  }

  /** Another descriptor of the same mount, or null where this user may not open the device. */
  Device another() throws IOException {
    int clone = LinuxCalls.LIBC.open(PATH_BYTES, openFlags());
    if (clone < 0) {
      return null;
    }
    NativeBuffer argument = new NativeBuffer(Integer.BYTES);
    try {
      argument.bytes.putInt(0, fd);
      if (LinuxCalls.LIBC.ioctl(clone, CLONE, argument.address) < 0) {
        Errno error = LinuxCalls.lastError();
        LinuxCalls.LIBC.close(clone);
        throw new IOException("cannot clone the connection to the kernel: " + error.description());
      }
    } finally {
      argument.free();
    }
    return new Device(clone);
  }

  /** Takes a request if one is there. That the mount has ended is for {@link #receive} to say. */
  boolean receiveNow(Request request) {
    long length = LinuxCalls.LIBC.read(fd, request.input.address, request.input.sizeBytes);
    if (length < Request.IN_HEADER_BYTES) {
      return false;
    }
    request.received((int) length);
    return true;
  }

  /** Waits for a request and takes it; false when the mount has ended. */
  boolean receive(Request request) throws IOException {
    while (true) {
      long length = LinuxCalls.LIBC.read(fd, request.input.address, request.input.sizeBytes);
      if (length >= Request.IN_HEADER_BYTES) {
        request.received((int) length);
        return true;
      }
      if (length >= 0) {
        throw new IOException("the kernel sent a request of " + length + " bytes");
      }
      Errno error = LinuxCalls.lastError();
      switch (error) {
        // Whatever poll(2) answers, the next read says more.
        case EAGAIN -> LinuxCalls.LIBC.poll(pollArgument.address, 1, -1);
        case EINTR, ENOENT -> {
          // A signal, or a request that was taken back before we had it.
        }
        case ENODEV, ECONNABORTED -> {
          return false;
        }
        default -> throw new IOException("reading requests failed: " + error.description());
      }
    }
  }

  /**
   * Sends an answer or a notification. ENOENT: who asked is gone, since the mount was cut off;
   * ENODEV: so is the mount.
   *
   * @return null when it arrived
   */
  Errno send(NativeBuffer message, int length) {
    return LinuxCalls.LIBC.write(fd, message.address, length) == length
        ? null
        : LinuxCalls.lastError();
  }

  @Override
  public Errno answer(Request request, int error, int bodyBytes) {
    return send(request.output, request.seal(error, bodyBytes));
  }

  @Override
  public Errno answerJoined(long unique, int error) {
    NativeBuffer message = new NativeBuffer(Request.OUT_HEADER_BYTES);
    try {
      message.bytes.putInt(0, message.sizeBytes).putInt(4, error).putLong(8, unique);
      return send(message, message.sizeBytes);
    } finally {
      message.free();
    }
  }

  void close() {
    LinuxCalls.LIBC.close(fd);
    pollArgument.free();
  }
}
