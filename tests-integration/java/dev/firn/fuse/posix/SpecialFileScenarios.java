package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.fuse.Posix;
import dev.firn.vfs.FileMode;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import jnr.constants.platform.Errno;

/** Fifos, sockets, device nodes. */
final class SpecialFileScenarios {
  private static final long NULL_DEVICE = 0x103;

  @Scenario
  void specialFilesKeepTheirDevice(Place place) {
    place.mknod("fifo", FileMode.FIFO | 0600, 0);
    place.mknod("null", FileMode.CHARACTER_DEVICE | 0660, NULL_DEVICE);
    // Major 0x123, minor 0x45678, as makedev(3) puts them.
    place.mknod("disk", FileMode.BLOCK_DEVICE | 0660, 0x45612378L);
    place.mknod("socket", FileMode.SOCKET | 0600, 0);
    place.mknod("plain", 0640, 0);
    assertEquals(FileMode.FIFO | 0600, place.stat("fifo").mode());
    assertEquals(1, place.stat("null").deviceMajor());
    assertEquals(3, place.stat("null").deviceMinor());
    assertEquals(FileMode.BLOCK_DEVICE | 0640, place.stat("disk").mode());
    assertEquals(0x123, place.stat("disk").deviceMajor());
    assertEquals(0x45678, place.stat("disk").deviceMinor());
    assertEquals(FileMode.SOCKET | 0600, place.stat("socket").mode());
    assertEquals(FileMode.REGULAR | 0640, place.stat("plain").mode());
    assertFails(Errno.EEXIST, () -> place.mknod("fifo", FileMode.FIFO | 0600, 0));
  }

  @Scenario
  void devicesWork(Place place) {
    place.mknod("null", FileMode.CHARACTER_DEVICE | 0666, NULL_DEVICE);
    place.mknod("zero", FileMode.CHARACTER_DEVICE | 0666, 0x105);
    int fd = place.open("null", Posix.O_RDWR);
    assertEquals(5, check(LIBC.write(fd, pattern(5), 5)));
    assertEquals(0, check(LIBC.read(fd, new byte[5], 5)));
    int zero = place.open("zero", Posix.O_RDONLY);
    assertArrayEquals(new byte[100], Posix.read(zero, 0, 100));
    assertEquals(0, place.stat("null").sizeBytes());
  }

  @Scenario
  void fifosConnectTwoEnds(Place place) throws Exception {
    place.mknod("fifo", FileMode.FIFO | 0600, 0);
    Threads.inParallel(
        2,
        number -> {
          if (number == 0) {
            int writer = place.open("fifo", Posix.O_WRONLY);
            assertEquals(1000, check(LIBC.write(writer, pattern(1000), 1000)));
            place.close(writer);
          } else {
            int reader = place.open("fifo", Posix.O_RDONLY);
            byte[] bytes = new byte[2000];
            assertEquals(1000, check(LIBC.read(reader, bytes, 2000)));
            assertArrayEquals(pattern(1000), Arrays.copyOf(bytes, 1000));
            assertEquals(0, check(LIBC.read(reader, bytes, 2000)));
            place.close(reader);
          }
        });
    int nonBlocking = Posix.O_WRONLY | Posix.O_NONBLOCK;
    assertFails(Errno.ENXIO, () -> place.open("fifo", nonBlocking));
    assertEquals(0, place.stat("fifo").sizeBytes());
  }

  @Scenario
  void programsMeetAtASocket(Place place) throws IOException {
    Path path = place.directory().resolve("socket");
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      assertEquals(FileMode.SOCKET, place.stat("socket").mode() & FileMode.TYPE_MASK);
      assertFails(Errno.ENXIO, () -> place.open("socket", Posix.O_RDWR));
      try (SocketChannel client = SocketChannel.open(address);
          SocketChannel accepted = server.accept()) {
        client.write(ByteBuffer.wrap(pattern(100)));
        ByteBuffer received = ByteBuffer.allocate(100);
        while (received.hasRemaining()) {
          accepted.read(received);
        }
        assertArrayEquals(pattern(100), received.array());
      }
      place.rename("socket", "renamed");
      SocketChannel.open(UnixDomainSocketAddress.of(path.resolveSibling("renamed"))).close();
    }
    place.unlink("renamed");
  }

  @Scenario
  void ordinaryUsersMakeNoDevices(Place place) throws Throwable {
    place.mkdir("d");
    place.chmod("d", 0777);
    Users.as(
        Users.USER,
        () -> {
          assertFails(
              Errno.EPERM,
              () -> place.mknod("d/null", FileMode.CHARACTER_DEVICE | 0666, NULL_DEVICE));
          place.mknod("d/fifo", FileMode.FIFO | 0600, 0);
        });
    assertEquals(Users.USER, place.stat("d/fifo").uid());
    assertEquals(Set.of("fifo"), place.list("d"));
  }
}
