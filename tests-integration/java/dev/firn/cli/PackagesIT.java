package dev.firn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Snapshots as files and streams, whole and damaged, through the command line. */
class PackagesIT {
  private static final int CONTENT_BYTES = 3 << 20;

  @TempDir static Path directory;

  private static FirnCommand firn;
  private static Path mount;
  private static Path packaged;
  private static byte[] bytes;

  @BeforeAll
  static void open() throws IOException {
    firn = new FirnCommand(directory);
    firn.run("volume", "create", "data", "--size", "1G").line();
    mount = firn.mountPoint("mount");
    firn.run("mount", "data", mount).succeeded();
    byte[] content = new byte[CONTENT_BYTES];
    new Random(1).nextBytes(content);
    Files.write(mount.resolve("file"), content);
    Files.createSymbolicLink(mount.resolve("link"), Path.of("file"));
    Files.createDirectories(mount.resolve("a/b"));
    firn.run("snapshot", "create", "data", "--name", "first").line();
    packaged = directory.resolve("first.firn");
    firn.run("export", "data@first", packaged).succeeded();
    bytes = Files.readAllBytes(packaged);
  }

  @AfterAll
  static void close() throws IOException {
    firn.close();
  }

  @AfterEach
  void nothingIsLeftHalfMade() throws IOException {
    try (Stream<Path> left = Files.list(firn.home().resolve("tmp"))) {
      assertEquals(0, left.count());
    }
    try (Stream<Path> files = Files.list(directory)) {
      assertFalse(files.anyMatch(file -> file.toString().endsWith(".partial")));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"firn", "tar", "tar.gz", "tar.zst", "zip"})
  void everyFormatGoesThroughFilesAndPipes(String format) throws IOException {
    Path file = directory.resolve("tree." + format);
    firn.run("export", "data@first", file).succeeded();
    firn.shell("\"$FIRN\" export data@first - --format " + format + " | cmp - '" + file + "'")
        .succeeded();
    String fromFile = firn.run("import", file, "--name", "file-" + format).line();
    String fromPipe =
        firn.shell("cat '" + file + "' | \"$FIRN\" import - --name 'pipe-" + format + "'").line();
    Path copy = firn.mountPoint("copy");
    for (String id : new String[] {fromFile, fromPipe}) {
      firn.run("mount", id, copy).succeeded();
      firn.shell("diff -r --no-dereference '" + mount + "' '" + copy + "'").succeeded();
      firn.run("umount", copy).succeeded();
      firn.run("snapshot", "delete", id).succeeded();
    }
  }

  @Test
  void aFileThatExistsIsReplacedOnlyByForce() throws IOException {
    Path file = Files.writeString(directory.resolve("mine.tar"), "precious");
    firn.run("export", "data@first", file).failed(4, "--force");
    assertEquals("precious", Files.readString(file));
    firn.run("export", "data@first", file, "--force").succeeded();
    firn.shell("tar tf '" + file + "' | grep -q link").succeeded();
  }

  @Test
  void colonsInNamesAreNothingSpecialAndOtherUrlsAreTold() throws IOException {
    Path file = directory.resolve("12:30.firn");
    firn.run("export", "data@first", file).succeeded();
    String imported = firn.run("import", file, "--name", "with a colon").line();
    Path place = firn.mountPoint("at:half:past");
    firn.run("mount", imported, place).succeeded();
    assertEquals(CONTENT_BYTES, Files.size(place.resolve("file")));
    firn.run("umount", place).succeeded();
    firn.run("import", "ftp://host/file").failed(2, "http:// and https://");
    firn.run("export", "data@first", "https://host/x.firn?secret").failed(2, "'https://host/x");
  }

  @Test
  void whereAnExportCannotGo() {
    firn.run("export", "data@first", directory.resolve("no/where.tar")).failed(3, "directory");
    firn.run("export", "data@first", directory).failed(2, "");
    firn.run("export", "data@first", directory.resolve("x.rar")).failed(2, "--format");
    firn.run("export", "data@first", "-", "--format", "rar").failed(2, "'rar'");
    firn.run("export", "data@nothing", "-").failed(3, "'data@nothing'");
    firn.shell("\"$FIRN\" export data@first - >/dev/full").failed(1, "No space left on device");
  }

  @Test
  void aPackageCutShortOrAlteredIsRefused() throws IOException {
    String before = firn.run("snapshot", "list", "--json").output();
    for (int length : new int[] {0, 100, 5_000, bytes.length / 2, bytes.length - 1025}) {
      refused(Arrays.copyOf(bytes, length));
    }
    for (int i = 1; i < 10; i++) {
      byte[] altered = bytes.clone();
      altered[(int) ((long) bytes.length * i / 10)] ^= 0x10;
      refused(altered);
    }
    assertEquals(before, firn.run("snapshot", "list", "--json").output());
  }

  private static void refused(byte[] content) throws IOException {
    firn.runWithInput(new ByteArrayInputStream(content), "import", "-").failed(6, "");
    Path file = Files.write(directory.resolve("damaged"), content);
    firn.run("import", file).failed(6, file.toString());
  }

  @Test
  void whatIsNoPackage() throws IOException {
    firn.run("import", "/etc/passwd").failed(6, "not a package");
    firn.run("import", directory.resolve("missing")).failed(3, "there is no file");
    firn.run("import", directory).failed(2, "is a directory");
    firn.run("import", packaged, "--format", "tar").failed(6, "firn");
    firn.run("import", packaged, "--size", "1M").failed(5, "--size");
  }

  @Test
  void anExportThatIsInterruptedLeavesNothing() throws Exception {
    // Enough that it cannot be over before it is interrupted.
    firn.run("volume", "create", "large", "--size", "4G").line();
    Path large = firn.mountPoint("large");
    firn.run("mount", "large", large).succeeded();
    firn.shell("head -c 400M /dev/urandom >'" + large + "/file'").succeeded();
    firn.run("snapshot", "create", "large", "--name", "big").line();
    Process export = firn.start("export", "large@big", directory.resolve("large.tar.zst"));
    Path partial = directory.resolve(".large.tar.zst.partial");
    while (!Files.exists(partial)) {
      Thread.sleep(5);
    }
    export.destroy();
    export.waitFor();
    while (Files.exists(partial)) {
      Thread.sleep(20);
    }
    assertFalse(Files.exists(directory.resolve("large.tar.zst")));
    firn.run("umount", large).succeeded();
    firn.run("volume", "delete", "large").succeeded();
    firn.run("snapshot", "delete", "large@big").succeeded();
  }
}
