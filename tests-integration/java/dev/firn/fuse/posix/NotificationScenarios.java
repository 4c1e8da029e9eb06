package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.fuse.Posix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** inotify(7) sees what is done through the same mount. */
final class NotificationScenarios {
  private static final int IN_MODIFY = 2;
  private static final int IN_ATTRIB = 4;
  private static final int IN_CLOSE_WRITE = 8;
  private static final int IN_MOVED_FROM = 0x40;
  private static final int IN_MOVED_TO = 0x80;
  private static final int IN_CREATE = 0x100;
  private static final int IN_DELETE = 0x200;
  private static final int IN_ISDIR = 0x40000000;
  private static final int EVERYTHING = 0xfff;

  @Scenario
  void changesInADirectoryAreTold(Place place) {
    int fd = watch(place, "");
    place.write("file", "x");
    assertEvents(fd, "create file", "modify file", "close file");
    place.chmod("file", 0600);
    assertEvents(fd, "attributes file");
    place.rename("file", "renamed");
    assertEvents(fd, "from file", "to renamed");
    place.mkdir("d");
    assertEvents(fd, "create d/");
    place.unlink("renamed");
    place.rmdir("d");
    assertEvents(fd, "delete renamed", "delete d/");
  }

  @Scenario
  void changesOfOtherProcessesAreTold(Place place) {
    int fd = watch(place, "");
    place.run("sh", "-c", "echo x >file; mv file other; rm other");
    assertEvents(
        fd, "create file", "modify file", "close file", "from file", "to other", "delete other");
  }

  private static int watch(Place place, String name) {
    int fd = place.closeAtEnd((int) check(LIBC.inotify_init1(Posix.O_NONBLOCK)));
    check(LIBC.inotify_add_watch(fd, place.path(name), EVERYTHING));
    return fd;
  }

  /** Opening, reading and closing unwritten do not count. */
  private static void assertEvents(int fd, String... expected) {
    List<String> actual = new ArrayList<>();
    byte[] bytes = new byte[64 << 10];
    long length = check(LIBC.read(fd, bytes, bytes.length));
    ByteBuffer events = ByteBuffer.wrap(bytes, 0, (int) length).order(ByteOrder.nativeOrder());
    while (events.hasRemaining()) {
      int start = events.position();
      int mask = events.getInt(start + 4);
      int nameLength = events.getInt(start + 12);
      String name =
          new String(bytes, start + 16, nameLength, StandardCharsets.UTF_8).replace("\0", "");
      String what = describe(mask);
      if (!what.isEmpty()) {
        actual.add(what + " " + name + ((mask & IN_ISDIR) != 0 ? "/" : ""));
      }
      events.position(start + 16 + nameLength);
    }
    assertEquals(List.of(expected), actual);
  }

  private static String describe(int mask) {
    return switch (mask & EVERYTHING) {
      case IN_CREATE -> "create";
      case IN_DELETE -> "delete";
      case IN_MODIFY -> "modify";
      case IN_ATTRIB -> "attributes";
      case IN_CLOSE_WRITE -> "close";
      case IN_MOVED_FROM -> "from";
      case IN_MOVED_TO -> "to";
      default -> "";
    };
  }
}
