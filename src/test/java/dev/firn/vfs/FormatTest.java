package dev.firn.vfs;

import static dev.firn.vfs.TestVolume.name;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The bytes of native-notes/vfs-keys.md: volumes made by earlier versions have exactly these. */
class FormatTest {
  private static final String INODE =
      "01000000 ed810000 e8030000 feffffff 03010000"
          + "01000000 02000000 03000000"
          + "1000000000000000 1100000000000000 ffffffffffffffff"
          + "0200000000000000 0000000040000000 0010000000000000 0500000000000000"
          + "0700000000000000 0807060504030201";

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  private static void assertHex(String expected, byte[] actual) {
    assertEquals(expected.replace(" ", ""), HexFormat.of().formatHex(actual));
  }

  @Test
  void keysHaveTheirBytes() {
    assertHex("0000000000000000 00", Keys.meta());
    assertHex("0000000000000102 01", Keys.inode(0x102));
    assertHex("0000000000000003 02 612e62 00 0102", Keys.xattr(3, name("a.b"), 0x102));
    assertHex("0000000000000003 03 6162", Keys.entry(3, name("ab")));
    assertHex("0000000000000003 04 0000000100000000", Keys.extent(3, 1L << 32));
    assertHex("0000000000000000 05 0000000000000009", Keys.orphan(9));

    assertArrayEquals(name("ab"), Keys.entryNameOf(Keys.entry(3, name("ab"))));
    assertArrayEquals(name("a.b"), Keys.xattrNameOf(Keys.xattr(3, name("a.b"), 7)));
    assertEquals(0x102, Keys.xattrChunkOf(Keys.xattr(3, name("a.b"), 0x102)));
    assertEquals(1L << 32, Keys.numberOf(Keys.extent(3, 1L << 32)));
    assertHex("0900000000000000 04", Tree.entryValue(9, FileMode.DIRECTORY));
    assertEquals(FileMode.DIRECTORY, Tree.entryType(bytes("090000000000000004")));
    assertEquals(FileMode.SOCKET, Tree.entryType(bytes("09000000000000000c")));
  }

  @Test
  void inodesHaveTheirBytes() throws IOException {
    byte[] value = bytes(INODE);
    Attributes found = InodeCodec.attributes(12, value);
    Attributes expected =
        new Attributes(
            12,
            FileMode.REGULAR | 0755,
            1000,
            -2,
            2,
            1L << 38,
            4096,
            0x103,
            0x0102030405060708L,
            16,
            1,
            17,
            2,
            -1,
            3);
    assertEquals(expected, found);
    assertEquals(7, InodeCodec.parent(value));
    assertHex(INODE, InodeCodec.encode(InodeCodec.decode(12, value)));
    value[0] = 2;
    assertThrows(IOException.class, () -> InodeCodec.attributes(12, value));
  }

  @Test
  void countersHaveTheirBytes() throws IOException {
    SortedEditor editor = new SortedEditor();
    VolumeCounters counters = new VolumeCounters();
    counters.nextInode = 3;
    counters.inodeCount = 1;
    counters.usedBytes = 512;
    counters.changed();
    counters.save(editor);
    assertHex(
        "0100000000000000 0300000000000000 0100000000000000 0002000000000000",
        editor.get(Keys.meta()).value());
    assertEquals(512, VolumeCounters.load(editor).usedBytes);
  }
}
