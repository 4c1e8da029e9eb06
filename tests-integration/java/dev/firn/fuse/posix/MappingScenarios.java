package dev.firn.fuse.posix;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.fuse.Mapping;
import dev.firn.fuse.Posix;
import java.util.Arrays;
import jnr.constants.platform.Errno;

/** Files mapped into memory. */
final class MappingScenarios {
  private static final int READ_WRITE = Mapping.PROT_READ | Mapping.PROT_WRITE;

  @Scenario
  void sharedMappingsAndWritesSeeEachOther(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(100_000), 0);
    Mapping mapping = place.map(fd, 0, 100_000, READ_WRITE, Mapping.MAP_SHARED);
    assertArrayEquals(pattern(100_000), mapping.get(0, 100_000));
    for (int i = 0; i < 20; i++) {
      mapping.put(i * 4000, pattern(5000, i));
      assertArrayEquals(pattern(5000, i), Posix.read(fd, i * 4000L, 5000));
      Posix.writeAll(fd, pattern(5000, -i), i * 4500L);
      assertArrayEquals(pattern(5000, -i), mapping.get(i * 4500, 5000));
    }
  }

  @Scenario
  void storesSurviveTheMapping(Place place) {
    int fd = place.create("file");
    check(LIBC.ftruncate(fd, 50_000));
    Mapping mapping = place.map(fd, 0, 50_000, READ_WRITE, Mapping.MAP_SHARED);
    // The mapping outlives the descriptor.
    place.close(fd);
    mapping.put(10, pattern(40_000));
    mapping.close();
    byte[] expected = new byte[50_000];
    System.arraycopy(pattern(40_000), 0, expected, 10, 40_000);
    assertArrayEquals(expected, place.read("file"));
  }

  @Scenario
  void twoMappingsShareTheirPages(Place place) {
    int one = place.create("file");
    check(LIBC.ftruncate(one, 50_000));
    int two = place.open("file", Posix.O_RDWR);
    Mapping first = place.map(one, 0, 50_000, READ_WRITE, Mapping.MAP_SHARED);
    Mapping second = place.map(two, 8192, 40_000, READ_WRITE, Mapping.MAP_SHARED);
    first.put(10_000, pattern(1000));
    assertArrayEquals(pattern(1000), second.get(10_000 - 8192, 1000));
    second.put(20_000, pattern(1000, 3));
    assertArrayEquals(pattern(1000, 3), first.get(28_192, 1000));
  }

  @Scenario
  void privateMappingsKeepTheirStoresToThemselves(Place place) {
    place.write("file", pattern(20_000));
    int fd = place.open("file", Posix.O_RDONLY);
    Mapping mapping = place.map(fd, 0, 20_000, READ_WRITE, Mapping.MAP_PRIVATE);
    mapping.put(5000, new byte[10_000]);
    assertArrayEquals(new byte[10_000], mapping.get(5000, 10_000));
    assertArrayEquals(pattern(20_000), place.read("file"));
    mapping.close();
    assertArrayEquals(pattern(20_000), place.read("file"));
  }

  @Scenario
  void mappingsAskForTheRightsOfTheDescriptor(Place place) {
    place.write("file", pattern(100));
    int reader = place.open("file", Posix.O_RDONLY);
    assertFails(Errno.EACCES, () -> place.map(reader, 0, 100, READ_WRITE, Mapping.MAP_SHARED));
    int writer = place.open("file", Posix.O_WRONLY);
    assertFails(
        Errno.EACCES, () -> place.map(writer, 0, 100, Mapping.PROT_READ, Mapping.MAP_SHARED));
    place.mkdir("directory");
    int directory = place.open("directory", Posix.O_RDONLY);
    assertFails(
        Errno.ENODEV, () -> place.map(directory, 0, 100, Mapping.PROT_READ, Mapping.MAP_SHARED));
  }

  @Scenario
  void mappingsOfFilesWithoutANameWork(Place place) {
    int fd = place.create("file");
    check(LIBC.ftruncate(fd, 30_000));
    Mapping mapping = place.map(fd, 0, 30_000, READ_WRITE, Mapping.MAP_SHARED);
    mapping.put(0, pattern(10_000));
    place.unlink("file");
    place.write("file", "another");
    mapping.put(20_000, pattern(10_000));
    mapping.sync();
    assertArrayEquals(pattern(10_000), Posix.read(fd, 0, 10_000));
    place.close(fd);
    assertArrayEquals(pattern(10_000), mapping.get(20_000, 10_000));
    assertEquals("another", place.text("file"));
  }

  @Scenario
  void syncBringsStoresAndTheirTime(Place place) {
    int fd = place.create("file");
    check(LIBC.ftruncate(fd, 8192));
    check(LIBC.futimens(fd, new long[] {1, 0, 1, 0}));
    Mapping mapping = place.map(fd, 0, 8192, READ_WRITE, Mapping.MAP_SHARED);
    mapping.put(100, pattern(5000));
    mapping.sync();
    assertTrue(Posix.stat(fd).modifyTime().getEpochSecond() > 1);
    mapping.put(100, pattern(5000, 2));
    check(LIBC.fsync(fd));
    assertArrayEquals(pattern(5000, 2), Posix.read(fd, 100, 5000));
  }

  @Scenario
  void storesFillHolesOfBigFiles(Place place) {
    int fd = place.create("file");
    long offset = 6L << 30;
    check(LIBC.ftruncate(fd, 8L << 30));
    Mapping mapping = place.map(fd, offset, 1 << 20, READ_WRITE, Mapping.MAP_SHARED);
    assertArrayEquals(new byte[1000], mapping.get(500_000, 1000));
    mapping.put(500_000, pattern(1000));
    mapping.close();
    check(LIBC.fsync(fd));
    assertArrayEquals(pattern(1000), Posix.read(fd, offset + 500_000, 1000));
    assertEquals(8L << 30, Posix.stat(fd).sizeBytes());
    assertTrue(Posix.stat(fd).blocks() < 1000);
  }

  @Scenario
  void punchedHolesShowInMappings(Place place) {
    int fd = place.create("file");
    Posix.writeAll(fd, pattern(40_000), 0);
    Mapping mapping = place.map(fd, 0, 40_000, READ_WRITE, Mapping.MAP_SHARED);
    mapping.put(0, pattern(40_000, 4));
    check(LIBC.fallocate(fd, Posix.PUNCH_HOLE | Posix.KEEP_SIZE, 10_001, 20_000));
    byte[] expected = pattern(40_000, 4);
    Arrays.fill(expected, 10_001, 30_001, (byte) 0);
    assertArrayEquals(expected, mapping.get(0, 40_000));
    mapping.sync();
    assertArrayEquals(expected, Posix.read(fd, 0, 50_000));
  }

  @Scenario
  void mappingsByTwoNamesShareTheirPages(Place place) {
    place.write("one", new byte[10_000]);
    place.link("one", "two");
    int one = place.open("one", Posix.O_RDWR);
    int two = place.open("two", Posix.O_RDWR);
    Mapping first = place.map(one, 0, 10_000, READ_WRITE, Mapping.MAP_SHARED);
    Mapping second = place.map(two, 0, 10_000, READ_WRITE, Mapping.MAP_SHARED);
    first.put(0, pattern(5000));
    assertArrayEquals(pattern(5000), second.get(0, 5000));
  }
}
