package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoundTripTest {
  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ZIP")
  void whatIsImportedEqualsWhatWasExported(PackageFormat format) throws IOException {
    Random random = Seeds.random("whatIsImportedEqualsWhatWasExported");
    try (TestHome home = new TestHome(directory)) {
      FileSystem source = home.tree(target -> Trees.fillRandomly(target, random, 200));
      byte[] exported = home.export(source, format);
      assertArrayEquals(exported, home.export(source, format), "the same snapshot, the same bytes");

      FileSystem imported = home.importFrom(exported);

      Trees.Except[] except =
          format == PackageFormat.FIRN
              ? new Trees.Except[0]
              : new Trees.Except[] {Trees.Except.SOCKETS};
      assertEquals(Trees.describe(source, except), Trees.describe(imported, except));
      if (format == PackageFormat.FIRN) {
        assertEquals(manifest(exported), manifest(home.export(imported, format)));
      }
    }
  }

  @Test
  void packageCarriesWhatIsKnownOfTheSnapshot() throws IOException {
    try (TestHome home = new TestHome(directory)) {
      byte[] exported = home.export(home.tree(target -> {}), PackageFormat.FIRN);

      home.importFrom(exported);

      assertEquals("monday", home.lastRequest().name());
      assertEquals(TestHome.VOLUME_BYTES, home.lastRequest().volumeSizeBytes());
      assertEquals(TestHome.snapshot().description(), home.lastRequest().description());
      assertEquals(TestHome.snapshot().tags(), home.lastRequest().tags());
      assertEquals(TestHome.CREATED, home.lastRequest().createdAt());
      assertEquals("data", home.lastRequest().sourceVolumeName());
    }
  }

  @Test
  void nameAndSizeOfTheUserWin() throws IOException {
    try (TestHome home = new TestHome(directory)) {
      byte[] exported = home.export(home.tree(target -> {}), PackageFormat.FIRN);

      home.importFrom(exported, new ImportOptions("tuesday", 5L << 30));

      assertEquals("tuesday", home.lastRequest().name());
      assertEquals(5L << 30, home.lastSizeBytes());
    }
  }

  @Test
  void archiveGetsAVolumeWithRoomToSpare() throws IOException {
    try (TestHome home = new TestHome(directory)) {
      home.importFrom(home.export(home.tree(target -> {}), PackageFormat.TAR));

      assertEquals(1L << 30, home.lastSizeBytes());
    }
  }

  @Test
  void membersAreTheSameHoweverTheStoreLaysFilesOut() throws IOException {
    byte[] content = Trees.random(new Random(1), 300_000);
    java.util.Arrays.fill(content, 100_000, 200_000, (byte) 0);
    try (TestHome home = new TestHome(directory)) {
      FileSystem atOnce = home.tree(target -> timed(target, Trees.file(target, 1, "f", content)));
      FileSystem inPieces =
          home.tree(
              target -> {
                long inode = Trees.file(target, 1, "f", new byte[0]);
                for (int at = content.length - 1000; at >= 0; at -= 1000) {
                  Trees.write(
                      target, inode, at, java.util.Arrays.copyOfRange(content, at, at + 1000));
                }
                timed(target, inode);
              });

      byte[] exported = home.export(atOnce, PackageFormat.FIRN);

      assertArrayEquals(exported, home.export(inPieces, PackageFormat.FIRN));
      assertTrue(manifest(exported).counts().dataBytes() < 210_000, "zeros are holes");
    }
  }

  @Test
  void treesMayBeDeeperThanAStack() throws IOException {
    try (TestHome home = new TestHome(directory)) {
      FileSystem source =
          home.tree(
              target -> {
                long inode = 1;
                for (int i = 0; i < 5000; i++) {
                  inode = target.makeDirectory(inode, Bytes.utf8("d"), 0755, 0, 0).inode();
                }
              });
      for (PackageFormat format : PackageFormat.values()) {
        if (format != PackageFormat.TAR_GZ && format != PackageFormat.ZIP) {
          FileSystem imported = home.importFrom(home.export(source, format));
          assertEquals(Trees.describe(source).size(), Trees.describe(imported).size());
        }
      }
    }
  }

  @Test
  void theLargestFilesKeepTheirEnd() throws IOException {
    byte[] content = Trees.random(new Random(1), 300_001);
    List<String> names = List.of("one", "two", "three");
    try (TestHome home = new TestHome(directory)) {
      FileSystem source =
          home.tree(
              target -> {
                for (String name : names) {
                  long inode = Trees.file(target, 1, name, Bytes.utf8(name));
                  Trees.write(target, inode, Long.MAX_VALUE - content.length, content);
                }
              });

      byte[] exported = home.export(source, PackageFormat.FIRN);
      FileSystem imported = home.importFrom(exported);

      // More than can be counted.
      assertEquals(Long.MAX_VALUE, manifest(exported).counts().logicalBytes());
      for (String name : names) {
        Attributes attributes = imported.lookup(1, Bytes.utf8(name));
        assertEquals(Long.MAX_VALUE, attributes.sizeBytes());
        ByteBuffer end = ByteBuffer.allocate(400_000);
        imported.read(attributes.inode(), Long.MAX_VALUE - content.length, end);
        assertEquals(ByteBuffer.wrap(content), end.flip());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 511, 512, 513, 5000})
  void archivesHoldTheLargestFilesEnd(int length) throws IOException {
    byte[] content = Trees.random(new Random(1), length);
    try (TestHome home = new TestHome(directory)) {
      FileSystem source =
          home.tree(
              target -> {
                long inode = Trees.file(target, 1, "f", new byte[] {1});
                Trees.write(target, inode, Long.MAX_VALUE - length, content);
              });

      TarReader tar =
          new TarReader(new ByteArrayInputStream(home.export(source, PackageFormat.TAR)), "test");

      tar.next();
      TarEntry entry = tar.next();
      assertEquals(Long.MAX_VALUE, entry.sizeBytes);
      assertEquals(Long.MAX_VALUE, entry.sparse.end());
      byte[] stored = new byte[(int) entry.storedBytes];
      int count = tar.read(stored, 0, stored.length);
      assertArrayEquals(content, java.util.Arrays.copyOfRange(stored, count - length, count));
      assertEquals(null, tar.next());
    }
  }

  /** So a reader from front to end keeps no more than one of each. */
  @Test
  void contentFollowsTheRecordsThatReferToIt() throws IOException {
    Random random = Seeds.random("contentFollowsTheRecordsThatReferToIt");
    byte[] scattered = new byte[4096];
    random.nextBytes(scattered);
    try (TestHome home = new TestHome(directory)) {
      FileSystem source =
          home.tree(
              target -> {
                Trees.fillRandomly(target, random, 20);
                // More records than a member of the tree holds, some of it with little content.
                long file = Trees.file(target, 1, "scattered", new byte[0]);
                for (int i = 0; i < 1_000; i++) {
                  Trees.write(target, file, i * 8192L, scattered);
                }
                for (int i = 0; i < 32_000; i++) {
                  target.makeNode(
                      1, Bytes.utf8(i + "-".repeat(200)), FileMode.FIFO | 0600, 0, 0, 0);
                }
                Trees.file(target, 1, "last", scattered);
              });
      byte[] exported = home.export(source, PackageFormat.FIRN);
      List<String> names =
          TestHome.manifest(exported).members().stream().map(Manifest.Member::name).toList();
      assertTrue(names.stream().filter(name -> name.startsWith("tree/")).count() >= 3);
      for (int i = 0; i < names.size(); i++) {
        assertTrue(!names.get(i).startsWith("data/") || names.get(i - 1).startsWith("tree/"));
      }
      assertEquals(Trees.describe(source), Trees.describe(home.importFrom(exported)));
    }
  }

  private static void timed(FileSystem target, long inode) throws IOException {
    SetAttributes.TimeChange time = SetAttributes.TimeChange.at(1_000_000_000, 1);
    target.setAttributes(inode, SetAttributes.times(time, time));
    target.setAttributes(1, SetAttributes.times(time, time));
  }

  private static Manifest manifest(byte[] exported) throws IOException {
    return TestHome.manifest(exported);
  }
}
