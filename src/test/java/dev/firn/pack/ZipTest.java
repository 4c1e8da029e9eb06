package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Info-ZIP is the judge of what we write, and the author of what we read. Needs root. */
class ZipTest {
  private static final byte[] CONTENT = Trees.random(new Random(1), 300_000);

  @TempDir Path directory;
  private TestHome home;

  @BeforeEach
  void open() throws IOException {
    home = new TestHome(directory.resolve("home"));
  }

  @AfterEach
  void close() throws IOException {
    home.close();
  }

  /** All that a zip file can hold; times are of whole 100 ns. */
  private static void fill(FileSystem target) throws IOException {
    SetAttributes.TimeChange time = SetAttributes.TimeChange.at(1_700_000_001L, 123_456_700);
    List<Long> inodes = new ArrayList<>();
    long d = target.makeDirectory(1, Bytes.utf8("d"), 02750, 12, 34).inode();
    inodes.add(target.makeSymbolicLink(d, Bytes.utf8("link"), Bytes.utf8("../x"), 5, 6).inode());
    long f = target.makeNode(d, Bytes.utf8("ünï"), FileMode.REGULAR | 0640, 0, 70_000, 9).inode();
    Trees.write(target, f, 0, CONTENT);
    inodes.add(f);
    long sparse = Trees.file(target, 1, "sparse", new byte[0]);
    Trees.write(target, sparse, 1 << 20, new byte[] {7});
    target.setAttributes(sparse, SetAttributes.size(3 << 20));
    inodes.add(sparse);
    inodes.add(Trees.file(target, d, "empty", new byte[0]));
    inodes.add(target.makeDirectory(1, Bytes.utf8("nothing"), 0700, 0, 0).inode());
    inodes.add(d);
    for (long inode : inodes) {
      target.setAttributes(inode, SetAttributes.times(time, time));
    }
  }

  /** The root has no entry. */
  private static List<String> describe(FileSystem files) throws IOException {
    List<String> lines = Trees.describe(files, Trees.Except.ACCESS_TIMES);
    return lines.subList(1, lines.size());
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("a.zip"), bytes);
  }

  private void run(Path in, String... command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).directory(in.toFile());
    builder.environment().put("LC_ALL", "C.UTF-8");
    Process process =
        builder
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output").toFile())
            .start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), () -> Arrays.toString(command));
  }

  @Test
  void whatAZipFileCanHoldComesBack() throws IOException {
    FileSystem source = home.tree(ZipTest::fill);
    byte[] bytes = home.export(source, PackageFormat.ZIP);
    assertArrayEquals(bytes, home.export(source, PackageFormat.ZIP));
    assertEquals(describe(source), describe(home.importFrom(bytes)));
  }

  @Test
  void infoZipRestoresWhatWeWrite() throws Exception {
    FileSystem source = home.tree(ZipTest::fill);
    Path file = write(home.export(source, PackageFormat.ZIP));
    Path tree = Files.createDirectory(directory.resolve("tree"));

    run(tree, "unzip", "-qX", file.toString());

    assertArrayEquals(CONTENT, Files.readAllBytes(tree.resolve("d/ünï")));
    assertEquals("../x", Files.readSymbolicLink(tree.resolve("d/link")).toString());
    assertEquals(
        "rw-r-----",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(tree.resolve("d/ünï"))));
    assertEquals(70_000, Files.getAttribute(tree.resolve("d/ünï"), "unix:uid"));
    assertEquals(
        1_700_000_001L, Files.getLastModifiedTime(tree.resolve("d/ünï")).to(TimeUnit.SECONDS));
    assertEquals(3 << 20, Files.size(tree.resolve("sparse")));
  }

  @Test
  void weReadWhatInfoZipWrites() throws Exception {
    Path tree = Files.createDirectories(directory.resolve("tree/sub/empty"));
    Path top = directory.resolve("tree");
    Files.write(top.resolve("sub/ünï"), CONTENT);
    Files.createSymbolicLink(top.resolve("sub/link"), Path.of("ünï"));
    Files.setAttribute(top.resolve("sub/ünï"), "unix:uid", 1234);
    Files.setPosixFilePermissions(
        top.resolve("sub/ünï"), PosixFilePermissions.fromString("rwxr-x--x"));
    assertTrue(Files.isDirectory(tree));
    for (String options : new String[] {"-qry", "-0qry", "-9qry", "-Xqry"}) {
      Path file = directory.resolve(options + ".zip");
      run(top, "zip", options, file.toString(), ".");

      FileSystem files = home.importFrom(Files.readAllBytes(file));

      long sub = files.lookup(1, Bytes.utf8("sub")).inode();
      Attributes read = files.lookup(sub, Bytes.utf8("ünï"));
      assertEquals(FileMode.REGULAR | 0751, read.mode());
      assertEquals(options.startsWith("-X") ? 0 : 1234, read.uid());
      long seconds = Files.getLastModifiedTime(top.resolve("sub/ünï")).to(TimeUnit.SECONDS);
      assertTrue(Math.abs(seconds - read.modifySeconds()) <= 2, "DOS counts in steps of two");
      java.nio.ByteBuffer content = java.nio.ByteBuffer.allocate(CONTENT.length);
      files.read(read.inode(), 0, content);
      assertArrayEquals(CONTENT, content.array());
      long link = files.lookup(sub, Bytes.utf8("link")).inode();
      assertEquals("ünï", Bytes.text(files.readLink(link)));
      assertTrue(files.lookup(sub, Bytes.utf8("empty")).isDirectory());
    }
  }

  @Test
  void whatItCannotHoldIsTold() throws IOException {
    List<String> warnings = new ArrayList<>();
    FileSystem source =
        home.tree(
            target -> {
              long f = Trees.file(target, 1, "f", CONTENT);
              target.link(f, 1, Bytes.utf8("g"));
              target.setXattr(f, Bytes.utf8("user.x"), new byte[1], 0);
              target.makeNode(1, Bytes.utf8("fifo"), FileMode.FIFO | 0600, 0, 0, 0);
            });
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Exporter.write(
        ExportSource.full(TestHome.snapshot(), source),
        PackageFormat.ZIP,
        null,
        bytes,
        new ProgressListener() {
          @Override
          public void progress(long doneBytes, long totalBytes) {}

          @Override
          public void warning(String message) {
            warnings.add(message);
          }
        });
    assertEquals(3, warnings.size(), warnings::toString);
    assertEquals(2, describe(home.importFrom(bytes.toByteArray())).size());

    FileSystem latin =
        home.tree(
            target ->
                target.makeDirectory(
                    1, "\u00ff".getBytes(StandardCharsets.ISO_8859_1), 0755, 0, 0));
    FirnException refusal =
        assertThrows(FirnException.class, () -> home.export(latin, PackageFormat.ZIP));
    assertTrue(refusal.getMessage().contains("\\xff"), refusal.getMessage());
  }

  private interface Filler {
    void fill(ZipArchiveOutputStream zip) throws IOException;
  }

  private static byte[] zip(Filler filler) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(bytes)) {
      filler.fill(zip);
    }
    return bytes.toByteArray();
  }

  private static void put(ZipArchiveOutputStream zip, String name, int mode, byte[] content)
      throws IOException {
    ZipArchiveEntry entry = new ZipArchiveEntry(name);
    entry.setUnixMode(mode);
    zip.putArchiveEntry(entry);
    zip.write(content);
    zip.closeArchiveEntry();
  }

  private void refuse(ErrorKind kind, byte[] bytes) throws IOException {
    long before = home.things();
    FirnException refusal =
        assertThrows(
            FirnException.class, () -> home.importFrom(bytes, new ImportOptions(null, 1L << 30)));
    assertEquals(kind, refusal.kind(), refusal.getMessage());
    assertEquals(before, home.things());
  }

  @Test
  void namesThatLeadOutAreRefused() throws IOException {
    for (String name : new String[] {"../x", "/x", "a/../../x", "a/..", "."}) {
      refuse(ErrorKind.CORRUPT, zip(zip -> put(zip, name, 0100644, CONTENT)));
    }
    refuse(
        ErrorKind.CORRUPT,
        zip(
            zip -> {
              put(zip, "a", 0120777, Bytes.utf8("/tmp"));
              put(zip, "a/x", 0100644, CONTENT);
            }));
    refuse(
        ErrorKind.CORRUPT,
        zip(
            zip -> {
              put(zip, "a", 0100644, CONTENT);
              put(zip, "a", 0100644, CONTENT);
            }));
  }

  @Test
  void liesAboutSizesAreRefused() throws IOException {
    byte[] good = zip(zip -> put(zip, "a", 0100644, new byte[50_000]));
    int directory = good.length - 22 - 46 - 1 - extra(good);
    for (int size : new int[] {0, 1, 49_999, 50_001, Integer.MAX_VALUE}) {
      byte[] lie = good.clone();
      Bytes.putInt(lie, directory + 24, size);
      refuse(size == Integer.MAX_VALUE ? ErrorKind.NO_SPACE : ErrorKind.CORRUPT, lie);
    }
    byte[] checksum = good.clone();
    checksum[directory + 16] ^= 1;
    refuse(ErrorKind.CORRUPT, checksum);
    byte[] encrypted = good.clone();
    encrypted[directory + 8] |= 1;
    refuse(ErrorKind.FAILED, encrypted);
    byte[] method = good.clone();
    method[directory + 10] = 12;
    refuse(ErrorKind.FAILED, method);
  }

  private static int extra(byte[] zip) {
    int directory = Bytes.getInt(zip, zip.length - 22 + 16);
    return Bytes.getShort(zip, directory + 30);
  }

  @Test
  void entriesThatShareBytesAreRefused() throws IOException {
    byte[] good =
        zip(
            zip -> {
              put(zip, "a", 0100644, new byte[50_000]);
              put(zip, "b", 0100644, new byte[50_000]);
            });
    int start = Bytes.getInt(good, good.length - 22 + 16);
    int second = start + 46 + 1 + Bytes.getShort(good, start + 30);
    byte[] overlapping = good.clone();
    Bytes.putInt(overlapping, second + 42, 0);
    refuse(ErrorKind.CORRUPT, overlapping);
  }

  @Test
  void moreThanTheVolumeHoldsIsRefused() throws IOException {
    byte[] content = Trees.random(new Random(2), 3 << 20);
    byte[] bytes = zip(zip -> put(zip, "a", 0100644, content));
    FirnException refusal =
        assertThrows(
            FirnException.class, () -> home.importFrom(bytes, new ImportOptions(null, 1L << 20)));
    assertEquals(ErrorKind.NO_SPACE, refusal.kind());
  }

  @Test
  void importsWithoutUnixModesGetUsualOnes() throws IOException {
    byte[] bytes = zip(zip -> put(zip, "d/f", 0, CONTENT));
    FileSystem files = home.importFrom(bytes);
    long d = files.lookup(1, Bytes.utf8("d")).inode();
    assertEquals(0100644, files.lookup(d, Bytes.utf8("f")).mode());
    assertEquals(Map.of(), home.lastRequest().tags());
    assertEquals(
        List.of(), describe(home.importFrom(zip(ZipArchiveOutputStream::flush))), "an empty one");
    assertTrue(
        new ByteArrayInputStream(bytes).read() == 'P', "it is told from others by its beginning");
  }
}
