package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.SequenceInputStream;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** GNU tar is the judge of what we write, and the author of what we read. Needs root. */
class GnuTarTest {
  /** More than eleven octal digits tell. */
  private static final long BIG_BYTES = 9L << 30;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ZIP")
  void listsWhatWeWrite(PackageFormat format) throws Exception {
    try (TestHome home = new TestHome(directory)) {
      FileSystem source = home.tree(target -> Trees.fillRandomly(target, new Random(1), 50));
      Path file = directory.resolve("a." + format.text());
      Files.write(file, home.export(source, format));

      String listing = run("tar", "tvf", file.toString());

      if (format == PackageFormat.FIRN) {
        String[] lines = listing.split("\n");
        assertTrue(lines[0].matches("-rw-r--r-- firn/firn +\\d+ .* manifest.json"), lines[0]);
        assertTrue(lines[1].endsWith(" manifest.sha256"), lines[1]);
        assertTrue(lines[2].endsWith(" tree/00000.zst"), lines[2]);
        assertTrue(lines[3].endsWith(" data/00000.zst"), lines[3]);
      } else {
        assertEquals(Trees.describe(source, Trees.Except.SOCKETS).size(), lines(listing));
      }
    }
  }

  @Test
  void plainToolsCheckAPackage() throws Exception {
    try (TestHome home = new TestHome(directory)) {
      FileSystem source = home.tree(target -> Trees.fillRandomly(target, new Random(1), 50));
      Files.write(directory.resolve("a.firn"), home.export(source, PackageFormat.FIRN));
      run("tar", "xf", directory.resolve("a.firn").toString(), "-C", directory.toString());

      run("sh", "-c", "cd '" + directory + "' && sha256sum -c manifest.sha256");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"pax", "pax -S", "gnu", "gnu -S"})
  void restoresWhatWeWriteAndWeReadWhatItMakesOfIt(String options) throws Exception {
    Random random = Seeds.random("restoresWhatWeWriteAndWeReadWhatItMakesOfIt");
    boolean pax = options.startsWith("pax");
    try (TestHome home = new TestHome(directory)) {
      FileSystem source = home.tree(target -> Trees.fillRandomly(target, random, 150));
      Path ours = directory.resolve("ours.tar");
      Files.write(ours, home.export(source, PackageFormat.TAR));
      Path tree = Files.createDirectory(directory.resolve("tree"));
      List<String> attributes = List.of("--xattrs", "--xattrs-include=*", "--acls");
      List<String> extract =
          command(
              "tar",
              "--numeric-owner",
              "--warning=no-timestamp",
              "-xpf",
              ours.toString(),
              "-C",
              tree.toString());
      extract.addAll(attributes);
      run(extract.toArray(new String[0]));

      Path theirs = directory.resolve("theirs.tar");
      List<String> create =
          command("tar", "-cf", theirs.toString(), "-C", tree.toString(), "--numeric-owner");
      create.addAll(Arrays.asList(("--format=" + options).split(" ")));
      create.addAll(pax ? attributes : List.of());
      create.add(".");
      run(create.toArray(new String[0]));
      FileSystem imported = home.importFrom(Files.readAllBytes(theirs));

      List<Trees.Except> except =
          new ArrayList<>(List.of(Trees.Except.SOCKETS, Trees.Except.ACCESS_TIMES));
      if (!pax) {
        except.addAll(List.of(Trees.Except.XATTRS, Trees.Except.NANOSECONDS));
      }
      Trees.Except[] left = except.toArray(new Trees.Except[0]);
      List<String> expected = Trees.describe(source, left);
      assertEquals(expected, Trees.describe(imported, left));
    }
  }

  /** It takes names in pax headers for UTF-8 only, unless told in a way that GNU tar warns of. */
  @Test
  void bsdtarRestoresWhatWeWriteAndWeReadWhatItMakesOfIt() throws Exception {
    Random random = Seeds.random("bsdtarRestoresWhatWeWriteAndWeReadWhatItMakesOfIt");
    try (TestHome home = new TestHome(directory)) {
      FileSystem source = home.tree(target -> Trees.fillRandomly(target, random, 150, true));
      Path ours = directory.resolve("ours.tar");
      Files.write(ours, home.export(source, PackageFormat.TAR));
      Path tree = Files.createDirectory(directory.resolve("tree"));
      List<String> common = List.of("--xattrs", "--acls", "--numeric-owner");
      List<String> extract = command("bsdtar", "-xpf", ours.toString(), "-C", tree.toString());
      extract.addAll(common);
      run(extract.toArray(new String[0]));

      Path theirs = directory.resolve("theirs.tar");
      List<String> create =
          command("bsdtar", "-cf", theirs.toString(), "-C", tree.toString(), "--format=pax");
      create.addAll(common);
      create.add(".");
      run(create.toArray(new String[0]));
      FileSystem imported = home.importFrom(Files.readAllBytes(theirs));

      Trees.Except[] left = {Trees.Except.SOCKETS, Trees.Except.ACCESS_TIMES};
      assertEquals(inBsdtar(source, left), inBsdtar(imported, left));
    }
  }

  /**
   * It leaves the root's times alone, is wrong about fractions of times before 1970, and does not
   * know how GNU tar writes = and % in names of attributes.
   */
  private static List<String> inBsdtar(FileSystem files, Trees.Except... left) throws IOException {
    List<String> lines = Trees.describe(files, left);
    return lines.subList(1, lines.size()).stream()
        .map(line -> line.replaceFirst(" mtime=-[0-9.]+ ", " before 1970 "))
        .map(line -> line.replace("user.note%3D%25", "user.note=%"))
        .toList();
  }

  @Test
  void hugeSparseFilesCostOnlyTheirData() throws Exception {
    long size = 20L << 30;
    try (TestHome home = new TestHome(directory)) {
      FileSystem source =
          home.tree(
              target -> {
                long inode = Trees.file(target, 1, "huge", Bytes.utf8("data"));
                Trees.write(target, inode, size - 4, Bytes.utf8("more"));
              });
      for (PackageFormat format : PackageFormat.values()) {
        if (format == PackageFormat.ZIP) {
          // It has no holes.
          continue;
        }
        byte[] exported = home.export(source, format);
        assertTrue(exported.length < 50_000, format + " has " + exported.length);
        FileSystem imported = home.importFrom(exported);
        Attributes attributes = imported.lookup(1, Bytes.utf8("huge"));
        assertEquals(size, attributes.sizeBytes());
        assertEquals("data", text(imported, attributes.inode(), 0));
        assertEquals("more", text(imported, attributes.inode(), size - 4));
      }
      Path ours = directory.resolve("huge.tar");
      Files.write(ours, home.export(source, PackageFormat.TAR));
      Path tree = Files.createDirectory(directory.resolve("tree"));
      run("tar", "-xSpf", ours.toString(), "-C", tree.toString());
      assertEquals(size, Files.size(tree.resolve("huge")));
      assertEquals("data", text(tree.resolve("huge"), 0));
      assertEquals("more", text(tree.resolve("huge"), size - 4));

      for (String format : List.of("pax", "gnu")) {
        Path theirs = directory.resolve(format + ".tar");
        run(
            "tar",
            "-Scf",
            theirs.toString(),
            "--format=" + format,
            "-C",
            tree.toString(),
            "--numeric-owner",
            ".");
        assertTrue(Files.size(theirs) < 100_000, format + " has " + Files.size(theirs));
        FileSystem imported = home.importFrom(Files.readAllBytes(theirs));

        Attributes attributes = imported.lookup(1, Bytes.utf8("huge"));
        assertEquals(size, attributes.sizeBytes());
        assertTrue(attributes.allocatedBytes() < 100_000);
        assertEquals("data", text(imported, attributes.inode(), 0));
        assertEquals("more", text(imported, attributes.inode(), size - 4));
      }
    }
  }

  /** A header has no room for it in octal: GNU has it in base 256, pax in a record. */
  @ParameterizedTest
  @CsvSource({"gnu, 1", "pax, 3"})
  void readsContentsOfMoreThan8GiB(String format, int headerBlocks) throws Exception {
    run("truncate", "-s", Long.toString(BIG_BYTES), directory.resolve("big").toString());
    Files.writeString(directory.resolve("behind"), "text");
    String create = "cd '" + directory + "' && tar --format=" + format + " -c ";
    // It stops writing when head does.
    run("sh", "-c", create + "big | head -c " + headerBlocks * TarHeader.BLOCK_BYTES + " > head");
    run("sh", "-c", create + "behind > tail");
    InputStream archive =
        new SequenceInputStream(
            Collections.enumeration(
                List.of(
                    Files.newInputStream(directory.resolve("head")),
                    new AnyBytes(BIG_BYTES),
                    Files.newInputStream(directory.resolve("tail")))));
    try (archive) {
      TarReader reader = new TarReader(archive, "test");

      TarEntry big = reader.next();
      assertEquals("big", big.shown());
      assertEquals(BIG_BYTES, big.sizeBytes);
      assertEquals(BIG_BYTES, big.storedBytes);
      byte[] buffer = new byte[1 << 20];
      long read = 0;
      // The rest is skipped.
      while (read < BIG_BYTES - buffer.length) {
        read += reader.read(buffer, 0, buffer.length);
      }
      assertEquals("behind", reader.next().shown());
      assertNull(reader.next());
    }
  }

  /** Of which a test looks at the number only. */
  private static final class AnyBytes extends InputStream {
    private long left;

    AnyBytes(long count) {
      this.left = count;
    }

    @Override
    public int read() {
      return left-- > 0 ? 0 : -1;
    }

    @Override
    public int read(byte[] target, int from, int length) {
      int count = (int) Math.min(length, left);
      left -= count;
      return count == 0 ? -1 : count;
    }
  }

  @Test
  void listsContentsOfMoreThan8GiB() throws Exception {
    Path archive = directory.resolve("big.tar");
    try (TestHome home = new TestHome(directory);
        HoleyFile target = new HoleyFile(archive)) {
      FileSystem source =
          home.tree(
              files -> {
                long inode = Trees.file(files, 1, "big", Bytes.utf8("data"));
                files.setAttributes(inode, SetAttributes.size(BIG_BYTES));
                Trees.file(files, 1, "last", Bytes.utf8("text"));
              });
      long big = source.lookup(1, Bytes.utf8("big")).inode();

      TarTreeWriter.write(
          withoutHoles(source, big), target, new Progress(ProgressListener.NONE, BIG_BYTES));
    }

    // For readers that know no base 256.
    String record = " size=" + BIG_BYTES + "\n";
    try (InputStream in = Files.newInputStream(archive)) {
      assertTrue(new String(in.readNBytes(1 << 16), StandardCharsets.US_ASCII).contains(record));
    }
    String[] lines = run("tar", "tvf", archive.toString()).split("\n");
    assertEquals(3, lines.length);
    assertTrue(lines[1].matches(".* " + BIG_BYTES + " .* \\./big"), lines[1]);
    assertTrue(lines[2].endsWith("./last"), lines[2]);
  }

  /** One file's holes are told as data, of which nothing is read. */
  private static FileSystem withoutHoles(FileSystem source, long inode) {
    return (FileSystem)
        Proxy.newProxyInstance(
            FileSystem.class.getClassLoader(),
            new Class<?>[] {FileSystem.class},
            (proxy, method, arguments) -> {
              boolean ofFile = arguments.length > 0 && arguments[0].equals(inode);
              if (ofFile && method.getName().equals("seek")) {
                return (boolean) arguments[2] ? BIG_BYTES : arguments[1];
              }
              if (ofFile && method.getName().equals("read")) {
                ByteBuffer target = (ByteBuffer) arguments[2];
                int count = target.remaining();
                target.position(target.limit());
                return count;
              }
              return method.invoke(source, arguments);
            });
  }

  /** A file with holes for zeros. */
  private static final class HoleyFile extends OutputStream {
    private static final byte[] ZEROS = new byte[1 << 16];
    private final RandomAccessFile file;
    private long sizeBytes;

    HoleyFile(Path path) throws IOException {
      this.file = new RandomAccessFile(path.toFile(), "rw");
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      if (!Arrays.equals(bytes, from, from + length, ZEROS, 0, length)) {
        file.seek(sizeBytes);
        file.write(bytes, from, length);
      }
      sizeBytes += length;
    }

    @Override
    public void close() throws IOException {
      file.setLength(sizeBytes);
      file.close();
    }
  }

  @Test
  void readsOldSparseForms() throws Exception {
    Path file = directory.resolve("sparse");
    run("sh", "-c", "printf data | dd of=" + file + " bs=1 seek=50000000 2>&1");
    run("sh", "-c", "printf more | dd of=" + file + " bs=1 seek=300000 conv=notrunc 2>&1");
    run("truncate", "-s", "60000000", file.toString());
    try (TestHome home = new TestHome(directory)) {
      for (String version : List.of("0.0", "0.1", "1.0")) {
        Path archive = directory.resolve(version + ".tar");
        run(
            "tar",
            "-C",
            directory.toString(),
            "-Sc",
            "--format=pax",
            "--sparse-version=" + version,
            "-f",
            archive.toString(),
            "sparse");
        assertTrue(Files.size(archive) < 1_000_000, "it is sparse");

        FileSystem imported = home.importFrom(Files.readAllBytes(archive));

        Attributes attributes = imported.lookup(1, Bytes.utf8("sparse"));
        assertEquals(60_000_000, attributes.sizeBytes());
        assertTrue(attributes.allocatedBytes() < 1_000_000);
        assertEquals("more", text(imported, attributes.inode(), 300_000));
        assertEquals("data", text(imported, attributes.inode(), 50_000_000));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"v7", "ustar", "oldgnu", "gnu", "pax"})
  void readsEveryFormatOfTar(String format) throws Exception {
    Path tree = Files.createDirectories(directory.resolve("tree/a/b"));
    Files.writeString(tree.resolve("file"), "text");
    Files.createSymbolicLink(tree.resolve("link"), Path.of("../file"));
    Files.createLink(tree.resolve("second"), tree.resolve("file"));
    Path archive = directory.resolve("t.tar");
    // Without entries for the directories above: they are only implied.
    run(
        "tar",
        "-C",
        directory.toString(),
        "-cf",
        archive.toString(),
        "--format=" + format,
        "tree/a/b/file",
        "tree/a/b/link",
        "tree/a/b/second");
    try (TestHome home = new TestHome(directory)) {
      FileSystem imported = home.importFrom(Files.readAllBytes(archive));

      List<String> lines = Trees.describe(imported, Trees.Except.ACCESS_TIMES);
      assertEquals(7, lines.size(), lines.toString());
      assertTrue(lines.get(3).startsWith("/tree/a/b 40755 0:0 "), lines.get(3));
      assertTrue(lines.get(5).contains(" to=../file "), lines.get(5));
      assertEquals("/tree/a/b/second -> /tree/a/b/file", lines.get(6));
    }
  }

  private static String text(FileSystem source, long inode, long offset) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(4);
    source.read(inode, offset, buffer);
    return new String(buffer.array(), StandardCharsets.US_ASCII);
  }

  private static String text(Path file, long offset) throws IOException {
    byte[] bytes = new byte[4];
    try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "r")) {
      opened.seek(offset);
      opened.readFully(bytes);
    }
    return new String(bytes, StandardCharsets.US_ASCII);
  }

  private static long lines(String text) {
    return text.lines().count();
  }

  private static List<String> command(String... words) {
    return new ArrayList<>(List.of(words));
  }

  private static String run(String... command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C.UTF-8");
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), String.join(" ", command) + ": " + output);
    return output;
  }
}
