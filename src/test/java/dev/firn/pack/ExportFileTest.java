package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.ZstdInputStream;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.vfs.FileSystem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ExportFileTest {
  private static final int CONTENT_BYTES = 20_000_000;

  @TempDir Path directory;
  private TestHome home;
  private FileSystem source;
  private Path target;
  private Path file;

  @BeforeEach
  void open() throws IOException {
    home = new TestHome(directory.resolve("home"));
    byte[] content = Trees.random(new Random(3), CONTENT_BYTES);
    source = home.tree(volume -> Trees.file(volume, 1, "f", content));
    target = Files.createDirectory(directory.resolve("target"));
    file = target.resolve("a.package");
  }

  @AfterEach
  void close() throws IOException {
    home.close();
  }

  private void export(PackageFormat format, Path to, ProgressListener listener) throws IOException {
    Exporter.writeFile(ExportSource.full(TestHome.snapshot(), source), format, null, to, listener);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(target)) {
      return files.map(path -> path.getFileName().toString()).toList();
    }
  }

  @ParameterizedTest
  @EnumSource(PackageFormat.class)
  void replacesTheFileAndLeavesNothingElse(PackageFormat format) throws IOException {
    Files.writeString(file, "old");
    Files.writeString(target.resolve(".a.package.partial"), "of an export that was killed");

    export(format, file, ProgressListener.NONE);

    assertEquals(List.of("a.package"), names());
    assertArrayEquals(home.export(source, format), Files.readAllBytes(file));
  }

  @ParameterizedTest
  @EnumSource(PackageFormat.class)
  void failureLeavesTheOldFileAndNothingElse(PackageFormat format) throws IOException {
    Files.writeString(file, "old");
    ProgressListener failing =
        (done, total) -> {
          throw new IllegalStateException("in the middle");
        };

    assertThrows(IllegalStateException.class, () -> export(format, file, failing));

    assertEquals(List.of("a.package"), names());
    assertEquals("old", Files.readString(file));
  }

  @ParameterizedTest
  @EnumSource(names = {"TAR_GZ", "TAR_ZST"})
  void aStreamThatFailedDoesNotLookWhole(PackageFormat format) throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    ProgressListener failing =
        (done, total) -> {
          if (stream.size() > 0) {
            throw new IllegalStateException("in the middle");
          }
        };
    ExportSource exported = ExportSource.full(TestHome.snapshot(), source);
    assertThrows(
        IllegalStateException.class, () -> Exporter.write(exported, format, null, stream, failing));
    InputStream begun = new ByteArrayInputStream(stream.toByteArray());
    assertThrows(
        IOException.class,
        () -> {
          try (InputStream plain =
              format == PackageFormat.TAR_GZ
                  ? new GZIPInputStream(begun)
                  : new ZstdInputStream(begun)) {
            plain.readAllBytes();
          }
        });
  }

  @Test
  void progressGrowsToItsTotal() throws IOException {
    List<Long> steps = new ArrayList<>();
    List<Long> totals = new ArrayList<>();

    export(
        PackageFormat.FIRN,
        file,
        (done, total) -> {
          steps.add(done);
          totals.add(total);
        });

    assertTrue(steps.size() > 10);
    assertEquals(steps.stream().sorted().toList(), steps);
    assertEquals(1, totals.stream().distinct().count());
    assertTrue(totals.get(0) >= CONTENT_BYTES);
  }

  @Test
  void oneExportAtATimeToAFile() throws IOException {
    Path partial = target.resolve(".a.package.partial");
    try (FileChannel other =
        FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      other.lock();
      FirnException refusal =
          assertThrows(
              FirnException.class, () -> export(PackageFormat.TAR, file, ProgressListener.NONE));
      assertEquals(ErrorKind.CONFLICT, refusal.kind());
    }
  }

  @Test
  void aSecondExportTakesNoLockAway() throws IOException {
    for (boolean resumed : new boolean[] {false, true}) {
      Path written = resumed ? file : target.resolve(".a.package.partial");
      AtomicInteger refused = new AtomicInteger();
      Exports exports = resumed ? this::resume : this::export;
      ProgressListener another =
          (done, total) -> {
            FirnException refusal =
                assertThrows(
                    FirnException.class,
                    () -> exports.run(PackageFormat.TAR, file, ProgressListener.NONE));
            assertEquals(ErrorKind.CONFLICT, refusal.kind());
            assertTrue(assertDoesNotThrow(() -> isLocked(written)));
            refused.incrementAndGet();
          };
      exports.run(PackageFormat.TAR, file, another);
      assertTrue(refused.get() > 0);
    }
  }

  /** Whether this or another process has a lock of a file. */
  private static boolean isLocked(Path path) throws IOException {
    String inode = ":" + Files.getAttribute(path, "unix:ino") + " ";
    return Files.readString(Path.of("/proc/locks")).contains(inode);
  }

  private interface Exports {
    void run(PackageFormat format, Path to, ProgressListener listener) throws IOException;
  }

  @Test
  void placesThatAreNone() {
    FirnException missing =
        assertThrows(
            FirnException.class,
            () -> export(PackageFormat.TAR, target.resolve("no/such/file"), ProgressListener.NONE));
    assertEquals(ErrorKind.NOT_FOUND, missing.kind());
    FirnException directoryItself =
        assertThrows(
            FirnException.class, () -> export(PackageFormat.TAR, target, ProgressListener.NONE));
    assertEquals(ErrorKind.USAGE, directoryItself.kind());
  }

  @ParameterizedTest
  @EnumSource(names = {"FIRN", "TAR_ZST"})
  void goesOnWithWhatAnInterruptionLeft(PackageFormat format) throws IOException {
    export(format, file, ProgressListener.NONE);
    byte[] whole = Files.readAllBytes(file);
    Path rest = target.resolve("rest");
    for (int length : new int[] {-1, 0, 1, 700, whole.length / 2, whole.length - 1, whole.length}) {
      Files.deleteIfExists(rest);
      if (length >= 0) {
        Files.write(rest, Arrays.copyOf(whole, length));
      }
      resume(format, rest, ProgressListener.NONE);
      assertArrayEquals(whole, Files.readAllBytes(rest));
    }
    byte[] other = Arrays.copyOf(whole, whole.length / 2);
    other[other.length - 9] ^= 1;
    for (byte[] wrong : new byte[][] {other, Arrays.copyOf(whole, whole.length + 1)}) {
      Files.write(rest, wrong);
      FirnException refusal =
          assertThrows(FirnException.class, () -> resume(format, rest, ProgressListener.NONE));
      assertEquals(ErrorKind.CONFLICT, refusal.kind());
      assertArrayEquals(wrong, Files.readAllBytes(rest), "it is left as it was");
    }
  }

  private void resume(PackageFormat format, Path to, ProgressListener listener) throws IOException {
    Exporter.resumeFile(ExportSource.full(TestHome.snapshot(), source), format, null, to, listener);
  }

  @Test
  void aStreamLeavesOutWhatIsThereAlready() throws IOException {
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    SkippingOutput skipping = new SkippingOutput(bytes, 5);
    skipping.write(new byte[] {1, 2, 3});
    skipping.write(4);
    skipping.write(new byte[] {5, 6, 7, 8}, 0, 3);
    skipping.finish();
    assertArrayEquals(new byte[] {6, 7}, bytes.toByteArray());
    SkippingOutput tooFar = new SkippingOutput(bytes, 5);
    tooFar.write(new byte[4]);
    assertThrows(FirnException.class, tooFar::finish);
  }
}
