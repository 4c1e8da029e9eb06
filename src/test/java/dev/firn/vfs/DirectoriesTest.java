package dev.firn.vfs;

import static dev.firn.vfs.TestVolume.ROOT;
import static dev.firn.vfs.TestVolume.name;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.base.Sizes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Listings: their order, cookies, stability and size. */
class DirectoriesTest {
  @TempDir Path directory;
  private TestVolume volume;
  private VolumeFileSystem files;

  @BeforeEach
  void createVolume() throws IOException {
    volume = new TestVolume(directory, 4 * Sizes.GIB, Clock.systemUTC());
    files = volume.files;
  }

  @AfterEach
  void closeVolume() throws IOException {
    volume.close();
  }

  @Test
  void listingNamesTypesAndParents() throws IOException {
    long d = volume.directory(ROOT, "d");
    long sub = volume.directory(d, "sub");
    long f = volume.file(d, "file");
    long l = files.makeSymbolicLink(d, name("link"), name("x"), 0, 0).inode();
    List<String> expected =
        List.of(
            ". " + d + " " + FileMode.DIRECTORY,
            ".. 1 " + FileMode.DIRECTORY,
            "file " + f + " " + FileMode.REGULAR,
            "link " + l + " " + FileMode.SYMBOLIC_LINK,
            "sub " + sub + " " + FileMode.DIRECTORY);
    assertEquals(expected, shown(files, d));
    assertEquals(expected, shown(volume.freeze(), d));
  }

  private static List<String> shown(FileSystem files, long directory) throws IOException {
    List<String> shown = new ArrayList<>();
    for (DirectoryEntry entry : TestVolume.list(files, directory, 2)) {
      shown.add(Bytes.text(entry.name()) + " " + entry.inode() + " " + entry.type());
    }
    return shown;
  }

  /** Few entries are copied, many are read from a frozen root. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 511, 512, 513, 5000})
  void anOpenListingIsStableAndEveryCookieWorksAgain(int count) throws IOException {
    long d = volume.directory(ROOT, "d");
    for (int i = 0; i < count; i++) {
      volume.file(d, "before" + i);
    }
    long handle = files.openDirectory(d);
    List<DirectoryEntry> all = new ArrayList<>(files.readDirectory(handle, 0, 100));
    for (int i = 0; i < count; i++) {
      files.unlink(d, name("before" + i));
      volume.file(d, "after" + i);
    }
    while (true) {
      List<DirectoryEntry> more =
          files.readDirectory(handle, all.get(all.size() - 1).cookie(), 100);
      if (more.isEmpty()) {
        break;
      }
      all.addAll(more);
    }
    assertEquals(count + 2, all.size());
    Set<String> names = new HashSet<>();
    Set<Long> cookies = new HashSet<>();
    for (DirectoryEntry entry : all) {
      names.add(Bytes.text(entry.name()));
      cookies.add(entry.cookie());
    }
    assertEquals(count + 2, names.size());
    assertEquals(count + 2, cookies.size());
    assertTrue(!cookies.contains(0L));
    for (int i = 0; i < count; i++) {
      assertTrue(names.contains("before" + i));
    }
    Random random = Seeds.random("DirectoriesTest");
    for (int i = 0; i < 50; i++) {
      int index = random.nextInt(all.size());
      int limit = 1 + random.nextInt(5);
      List<DirectoryEntry> again = files.readDirectory(handle, all.get(index).cookie(), limit);
      assertEquals(Math.min(limit, all.size() - index - 1), again.size());
      for (int j = 0; j < again.size(); j++) {
        assertArrayEquals(all.get(index + 1 + j).name(), again.get(j).name());
        assertEquals(all.get(index + 1 + j).cookie(), again.get(j).cookie());
      }
    }
    files.releaseDirectory(handle);
  }

  /** A kernel may take it for the listing of this moment, and keep it. */
  @ParameterizedTest
  @ValueSource(ints = {1, 600})
  void readFromTheStartAListingIsOfThatMoment(int count) throws IOException {
    long d = volume.directory(ROOT, "d");
    long e = volume.directory(ROOT, "e");
    for (int i = 0; i < count; i++) {
      volume.file(d, "f" + i);
    }
    long handle = files.openDirectory(d);
    long before = files.openDirectory(d);
    assertEquals(count + 2, files.readDirectory(before, 0, 1000).size());
    volume.file(d, "new");
    assertEquals(count + 3, files.readDirectory(handle, 0, 1000).size(), "not read before");
    assertEquals(count + 3, files.readDirectory(before, 0, 1000).size(), "begun again");
    files.rename(d, name("new"), d, name("newer"), 0);
    assertEquals("newer", Bytes.text(files.readDirectory(handle, 0, 1000).get(count + 2).name()));
    files.unlink(d, name("newer"));
    assertEquals(count + 2, files.readDirectory(handle, 0, 1000).size());
    files.rename(ROOT, name("d"), e, name("d"), 0);
    assertEquals(e, files.readDirectory(handle, 0, 1000).get(1).inode(), "..");
    files.releaseDirectory(handle);
    files.releaseDirectory(before);
  }

  @Test
  void listingDoesNotShredWhatIsBeingWritten() throws IOException {
    long d = volume.directory(ROOT, "d");
    for (int i = 0; i < 1000; i++) {
      volume.file(d, "f" + i);
    }
    long file = volume.file(ROOT, "file");
    byte[] piece = new byte[1000];
    java.util.Arrays.fill(piece, (byte) 7);
    for (int i = 0; i < 262; i++) {
      volume.write(file, 1000L * i, piece);
      volume.file(d, "g" + i);
      assertEquals(1000 + i + 1 + 2, TestVolume.list(files, d, 5000).size());
    }
    files.syncAll();
    int extents = volume.map.read(v -> FileExtents.slices(v, file, 0, 262_000, 999)).size();
    // A few more than two for the commits that happen meanwhile.
    assertTrue(extents < 20, extents + " extents");
  }

  @Test
  void aHundredThousandEntries() throws IOException {
    long d = volume.directory(ROOT, "d");
    int count = 100_000;
    for (int i = 0; i < count; i++) {
      volume.file(d, "entry-" + i * 7919L % count);
    }
    assertEquals(count + 2, TestVolume.list(files, d, 1000).size());
    for (int i = 0; i < count; i += 1000) {
      assertTrue(volume.lookup(d, "entry-" + i).isRegular());
    }
    volume.reopen();
    assertEquals(count + 2, TestVolume.list(volume.files, d, 1000).size());
    for (int i = 0; i < count; i++) {
      volume.files.unlink(d, name("entry-" + i));
    }
    volume.files.removeDirectory(ROOT, name("d"));
    assertEquals(volume.countedBytes(), volume.usedBytes());
  }
}
