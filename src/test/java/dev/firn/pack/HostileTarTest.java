package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.vfs.FileSystem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.ZipEncodingHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives made to do harm. */
class HostileTarTest {
  @TempDir Path directory;
  private TestHome home;

  @BeforeEach
  void open() throws IOException {
    home = new TestHome(directory);
  }

  @AfterEach
  void close() throws IOException {
    assertEquals(0, home.things(), "nothing is left behind");
    home.close();
  }

  private interface Content {
    void write(TarArchiveOutputStream tar) throws IOException;
  }

  private static byte[] archive(Content content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_STAR);
      content.write(tar);
    }
    return bytes.toByteArray();
  }

  private static void put(TarArchiveOutputStream tar, char type, String name, String link)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name, (byte) type, true);
    entry.setLinkName(link);
    entry.setSize(0);
    entry.setModTime(0L);
    tar.putArchiveEntry(entry);
    tar.closeArchiveEntry();
  }

  private static void putPax(TarArchiveOutputStream tar, byte[] body) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry("pax", (byte) 'x', true);
    entry.setSize(body.length);
    tar.putArchiveEntry(entry);
    tar.write(body);
    tar.closeArchiveEntry();
  }

  private FirnException refuse(byte[] archive, String... parts) {
    FirnException refusal = assertThrows(FirnException.class, () -> home.importFrom(archive));
    assertEquals(ErrorKind.CORRUPT, refusal.kind(), refusal.getMessage());
    assertTrue(!refusal.getMessage().contains("\n"), refusal.getMessage());
    for (String part : parts) {
      assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }
    return refusal;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x",
        "a/../../x",
        "..",
        "a/..",
        "./../x",
        "/etc/x",
        "//etc/x",
        "./a/b/../../.."
      })
  void namesThatLeadOut(String name) throws IOException {
    refuse(archive(tar -> put(tar, '0', name, "")), name);
    refuse(archive(tar -> put(tar, '5', name, "")), name);
    refuse(
        archive(
            tar -> {
              put(tar, '0', "x", "");
              put(tar, '1', "y", name);
            }));
  }

  @Test
  void writingThroughASymbolicLink() throws IOException {
    refuse(
        archive(
            tar -> {
              put(tar, '2', "etc", "/etc");
              put(tar, '0', "etc/passwd", "");
            }),
        "etc/passwd",
        "no directory");
    refuse(
        archive(
            tar -> {
              put(tar, '2', "etc", "/etc");
              put(tar, '5', "etc", "");
              put(tar, '0', "etc/passwd", "");
            }),
        "etc");
    refuse(
        archive(
            tar -> {
              put(tar, '2', "out", "..");
              put(tar, '1', "in", "out/x");
            }),
        "in");
  }

  @Test
  void entriesThatAreThereTwice() throws IOException {
    for (char second : new char[] {'0', '2', '5', '6'}) {
      refuse(
          archive(
              tar -> {
                put(tar, '0', "dir/a", "");
                put(tar, second, "dir/a", "b");
              }),
          "dir/a");
    }
  }

  @Test
  void linksToNothing() throws IOException {
    refuse(archive(tar -> put(tar, '1', "a", "b")), "'a'", "'b'");
    refuse(
        archive(
            tar -> {
              put(tar, '5', "d", "");
              put(tar, '1', "a", "d");
            }),
        "'a'",
        "'d'");
    refuse(archive(tar -> put(tar, '1', "a", "a")), "'a'");
    refuse(archive(tar -> put(tar, '2', "a", "")), "'a'");
  }

  @Test
  void impossibleSizes() throws IOException {
    byte[] petabyte =
        archive(
            tar -> {
              TarArchiveEntry entry = new TarArchiveEntry("big");
              entry.setSize(0);
              tar.putArchiveEntry(entry);
              tar.closeArchiveEntry();
            });
    TarArchiveEntry declared = new TarArchiveEntry("big");
    declared.setSize(1L << 50);
    declared.writeEntryHeader(
        petabyte, ZipEncodingHelper.getZipEncoding(StandardCharsets.US_ASCII), true);
    refuse(petabyte, "'big'", "1125899906842624");

    PaxRecords records = new PaxRecords();
    records.add("GNU.sparse.major", "1");
    records.add("GNU.sparse.minor", "0");
    records.add("GNU.sparse.name", "sparse");
    records.add("GNU.sparse.realsize", Long.toString(1L << 50));
    refuse(
        archive(
            tar -> {
              putPax(tar, records.toBytes());
              TarArchiveEntry entry = new TarArchiveEntry("x");
              entry.setSize(512);
              tar.putArchiveEntry(entry);
              tar.write(Arrays.copyOf(Bytes.utf8("1\n0\n0\n"), 512));
              tar.closeArchiveEntry();
            }),
        "'sparse'",
        "1125899906842624");
  }

  @Test
  void moreThanTheVolumeHolds() throws IOException {
    byte[] archive =
        archive(
            tar -> {
              TarArchiveEntry entry = new TarArchiveEntry("big");
              entry.setSize(3 << 20);
              tar.putArchiveEntry(entry);
              tar.write(new byte[3 << 20]);
              tar.closeArchiveEntry();
            });
    FirnException refusal =
        assertThrows(
            FirnException.class, () -> home.importFrom(archive, new ImportOptions(null, 2L << 20)));
    assertEquals(ErrorKind.NO_SPACE, refusal.kind());
    assertTrue(refusal.getMessage().contains("--size"), refusal.getMessage());
  }

  @Test
  void namesInPaxHeaders() throws IOException {
    for (String name :
        List.of("../x", "/etc/x", "a\0b", "x".repeat(256), "a/" + "x".repeat(256) + "/b")) {
      PaxRecords records = new PaxRecords();
      records.add("path", name);
      refuse(
          archive(
              tar -> {
                putPax(tar, records.toBytes());
                put(tar, '0', "harmless", "");
              }));
    }
  }

  @Test
  void malformedPaxHeaders() throws IOException {
    for (String body :
        List.of(
            "x", "999999999999 a=b\n", "99 a=b\n", "6 a=bc", "-6 a=b\n", "4 ab\n", "5 =b\n\n")) {
      refuse(
          archive(
              tar -> {
                putPax(tar, Bytes.utf8(body));
                put(tar, '0', "file", "");
              }));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mtime=x",
        "mtime=1e999999999",
        "atime=-",
        "size=-1",
        "size=9223372036854775808",
        "size=99999999999999999999",
        "uid=4294967295",
        "gid=-1",
        "LIBARCHIVE.xattr.user.a=!",
        "LIBARCHIVE.xattr.user.%zz=aaaa",
        "GNU.sparse.numbytes=1",
        "GNU.sparse.map=1",
        "GNU.sparse.map=1,",
        "GNU.sparse.map=1,x",
      })
  void impossibleValuesInPaxHeaders(String record) throws IOException {
    int equals = record.indexOf('=');
    PaxRecords records = new PaxRecords();
    records.add(record.substring(0, equals), record.substring(equals + 1));
    refuse(
        archive(
            tar -> {
              putPax(tar, records.toBytes());
              put(tar, '0', "file", "");
            }),
        "'file'");
  }

  @Test
  void sparseMapsThatDoNotFit() throws IOException {
    for (String map :
        List.of("0,1,0,1", "5,1,0,1", "0,99999999", "900000000000000000,900000000000000000")) {
      PaxRecords records = new PaxRecords();
      records.add("GNU.sparse.size", "1000");
      records.add("GNU.sparse.map", map);
      refuse(
          archive(
              tar -> {
                putPax(tar, records.toBytes());
                put(tar, '0', "file", "");
              }),
          "'file'",
          "sparse map");
    }
  }

  @Test
  void unknownTypes() throws IOException {
    for (char type : new char[] {'M', 'N', 'Q', (char) 200}) {
      refuse(archive(tar -> put(tar, type, "file", "")), "'file'", "type");
    }
  }

  @Test
  void headersWithoutEnd() throws IOException {
    byte[] bomb =
        archive(
            tar -> {
              PaxRecords records = new PaxRecords();
              records.add("comment", new byte[1 << 20]);
              for (int i = 0; i < 40; i++) {
                putPax(tar, records.toBytes());
              }
              put(tar, '0', "file", "");
            });
    refuse(bomb, "too large");
  }

  @Test
  void rootThatIsAFile() throws IOException {
    refuse(archive(tar -> put(tar, '0', ".", "")), "leads out");
  }

  @Test
  void messagesShowNoControlCharacters() throws IOException {
    FirnException refusal = refuse(archive(tar -> put(tar, '0', "../\u001b[31m\nx", "")));
    assertTrue(refusal.getMessage().contains("\\x1b[31m\\x0ax"), refusal.getMessage());
  }

  @Test
  void usualOddities() throws IOException {
    byte[] archive =
        archive(
            tar -> {
              put(tar, '5', "./", "");
              put(tar, '5', "./a//b/./", "");
              put(tar, '5', "./a/", "");
              put(tar, '0', "a/b/c", "");
              put(tar, '1', "./d", "./a/b/c");
            });

    FileSystem imported = home.importFrom(archive);

    assertEquals(5, Trees.describe(imported).size());
    // The import stays; the check for leftovers is not for it.
    home.close();
    home = new TestHome(directory.resolve("other"));
  }
}
