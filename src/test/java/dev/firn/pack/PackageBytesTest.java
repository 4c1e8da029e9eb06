package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.github.luben.zstd.Zstd;
import dev.firn.base.Bytes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pins the bytes that native-notes/package.md describes, without the code that writes them. */
class PackageBytesTest {
  /** All of the third 4 KiB block of a file of 10,000 bytes: whole blocks are data or holes. */
  private static final byte[] CONTENT = Arrays.copyOf(Bytes.utf8("hello, world"), 1808);

  @TempDir Path directory;

  @Test
  void packageIsAsItsNoteSays() throws IOException {
    try (TestHome home = new TestHome(directory)) {
      byte[] exported = home.export(home.tree(PackageBytesTest::fill), PackageFormat.FIRN);

      List<String> names = new ArrayList<>();
      List<byte[]> bodies = new ArrayList<>();
      try (TarArchiveInputStream tar =
          new TarArchiveInputStream(new ByteArrayInputStream(exported))) {
        for (TarArchiveEntry entry = tar.getNextEntry();
            entry != null;
            entry = tar.getNextEntry()) {
          assertEquals("firn", entry.getUserName());
          assertEquals("firn", entry.getGroupName());
          assertEquals(0, entry.getLongUserId());
          assertEquals(0, entry.getModTime().getTime());
          assertEquals(0100644, entry.getMode());
          names.add(entry.getName());
          bodies.add(tar.readAllBytes());
        }
      }
      assertEquals(
          List.of(
              "manifest.json",
              "manifest.sha256",
              "tree/00000.zst",
              "data/00000.zst",
              "contents.json",
              "contents.sha256",
              "contents.at"),
          names);
      assertArrayEquals(tree(), Zstd.decompress(bodies.get(2), tree().length));
      assertArrayEquals(CONTENT, Zstd.decompress(bodies.get(3), CONTENT.length));
      assertEquals(manifest(), Bytes.text(bodies.get(0)));
      assertEquals(sha256(bodies.get(0)) + "  manifest.json\n", Bytes.text(bodies.get(1)));
      assertEquals(contents(bodies), Bytes.text(bodies.get(4)));
      assertEquals(sha256(bodies.get(4)) + "  contents.json\n", Bytes.text(bodies.get(5)));
      int contentsAt = 0;
      for (byte[] body : bodies.subList(0, 4)) {
        contentsAt += 512 + (body.length + 511) / 512 * 512;
      }
      assertEquals(String.format("%020d\n", contentsAt), Bytes.text(bodies.get(6)));
    }
  }

  /** Readers take no other header: a library that came to write another would part us from them. */
  @Test
  void headersAreAsTheNoteSays() throws IOException {
    byte[] header = new byte[512];
    put(header, 0, "data/00012.zst");
    put(header, 100, "0100644 ");
    put(header, 108, "0000000 0000000 ");
    put(header, 124, "00000011403 00000000000 ");
    put(header, 156, "0");
    put(header, 257, "ustar\u000000firn");
    put(header, 297, "firn");
    put(header, 329, "0000000 0000000 ");
    int sum = 8 * ' ';
    for (byte value : header) {
      sum += value;
    }
    put(header, 148, String.format("%06o\u0000 ", sum));

    assertArrayEquals(header, PackageTar.header("data/00012.zst", 011403));
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  private static void fill(FileSystem target) throws IOException {
    long file =
        target.makeNode(1, Bytes.utf8("file"), FileMode.REGULAR | 0640, 0, 1000, 100).inode();
    Trees.write(target, file, 8192, CONTENT);
    target.setAttributes(file, SetAttributes.size(10000));
    target.setXattr(file, Bytes.utf8("user.a"), new byte[] {1, 2}, 0);
    target.link(file, 1, Bytes.utf8("hard"));
    long link = target.makeSymbolicLink(1, Bytes.utf8("soft"), Bytes.utf8("file"), 7, 8).inode();
    for (long inode : new long[] {file, link, 1}) {
      target.setAttributes(
          inode,
          SetAttributes.times(
              SetAttributes.TimeChange.at(5, 6), SetAttributes.TimeChange.at(-3, 4)));
    }
  }

  private static byte[] tree() {
    ByteBuffer tree = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    inode(tree, 0040755, 0, 0, 1, 0, "", "");
    inode(tree, 0100640, 1000, 100, 2, 10000, "file", "");
    tree.put((byte) 4).putInt(20).putLong(8192).putInt(CONTENT.length).putInt(0).putInt(0);
    tree.put((byte) 3).putInt(14).putShort((short) 6).putInt(2);
    tree.put(Bytes.utf8("user.a")).put(new byte[] {1, 2});
    tree.put((byte) 2).putInt(22).putLong(0).putLong(1).putShort((short) 4);
    tree.put(Bytes.utf8("hard"));
    inode(tree, 0120777, 7, 8, 1, 0, "soft", "file");
    tree.put((byte) 5).putInt(32).putLong(3).putLong(1).putLong(1).putLong(CONTENT.length);
    return Arrays.copyOf(tree.array(), tree.position());
  }

  private static void inode(
      ByteBuffer tree, int mode, int uid, int gid, int names, long size, String name, String to) {
    tree.put((byte) 1).putInt(64 + name.length() + to.length());
    tree.putLong(0).putInt(mode).putInt(uid).putInt(gid).putInt(0).putInt(names).putLong(size);
    tree.putLong(-3).putInt(4).putLong(5).putInt(6);
    tree.putShort((short) name.length()).putShort((short) to.length());
    tree.put(Bytes.utf8(name)).put(Bytes.utf8(to));
  }

  private static String sha256(byte[] bytes) {
    return Digests.sha256(bytes, bytes.length);
  }

  private static String manifest() {
    return """
        {
          "format" : "firn-package",
          "formatVersion" : 4,
          "base" : null,
          "snapshot" : {
            "id" : "snap-0123abcd",
            "name" : "monday",
            "description" : "before the \\"upgrade\\"",
            "createdAt" : "2024-05-06T07:08:09.123456Z",
            "tags" : {
              "owner" : "Zoë",
              "stage" : "test"
            }
          },
          "volume" : {
            "name" : "data",
            "sizeBytes" : 1073741824
          }
        }
        """;
  }

  private static String contents(List<byte[]> bodies) {
    return """
        {
          "manifest" : "%s",
          "counts" : {
            "directories" : 1,
            "files" : 1,
            "symbolicLinks" : 1,
            "others" : 0,
            "hardLinks" : 1,
            "logicalBytes" : 10000,
            "dataBytes" : 1808
          },
          "members" : [
            {
              "name" : "tree/00000.zst",
              "bytes" : %d,
              "rawBytes" : %d,
              "sha256" : "%s"
            },
            {
              "name" : "data/00000.zst",
              "bytes" : %d,
              "rawBytes" : 1808,
              "sha256" : "%s"
            }
          ]
        }
        """
        .formatted(
            sha256(bodies.get(0)),
            bodies.get(2).length,
            tree().length,
            sha256(bodies.get(2)),
            bodies.get(3).length,
            sha256(bodies.get(3)));
  }
}
