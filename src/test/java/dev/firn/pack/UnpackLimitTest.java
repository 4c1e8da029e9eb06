package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.ZstdOutputStream;
import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.vfs.FileSystem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.zip.Deflater;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small files that unpack to much. */
class UnpackLimitTest {
  private static final byte[] ZEROS = new byte[(int) Sizes.MIB];
  private static final byte[] LETTERS = Bytes.utf8("a".repeat((int) Sizes.MIB));
  private static final long FILE_BYTES = Sizes.GIB + 100 * Sizes.MIB;

  @TempDir Path directory;

  private static void refuse(Import reading) {
    FirnException refusal = assertThrows(FirnException.class, reading::run);
    assertEquals(ErrorKind.CORRUPT, refusal.kind(), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("--size"), refusal.getMessage());
    assertTrue(!refusal.getMessage().contains("\n"), refusal.getMessage());
  }

  private interface Import {
    void run() throws IOException;
  }

  /** One file of one letter, in about 40 KB. */
  private static byte[] archiveOfLetters() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new ZstdOutputStream(bytes))) {
      TarArchiveEntry entry = new TarArchiveEntry("letters");
      entry.setSize(FILE_BYTES);
      tar.putArchiveEntry(entry);
      for (long left = FILE_BYTES; left > 0; left -= LETTERS.length) {
        tar.write(LETTERS);
      }
      tar.closeArchiveEntry();
    }
    return bytes.toByteArray();
  }

  private static byte[] gzip(byte[] content, int times) throws IOException {
    GzipParameters parameters = new GzipParameters();
    parameters.setCompressionLevel(Deflater.BEST_COMPRESSION);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GzipCompressorOutputStream(bytes, parameters)) {
      for (int i = 0; i < times; i++) {
        gzip.write(content);
      }
    }
    return bytes.toByteArray();
  }

  private static long unpack(byte[] compressed, UnpackLimit limit) throws IOException {
    try (InputStream in =
        new Decompressed(PackageFormat.TAR_GZ, new ByteArrayInputStream(compressed), limit)) {
      return in.transferTo(OutputStream.nullOutputStream());
    }
  }

  @Test
  void anArchiveIsRefused() throws IOException {
    byte[] archive = archiveOfLetters();
    try (TestHome home = new TestHome(directory)) {
      refuse(() -> home.importFrom(archive));
      assertEquals(0, home.things(), "nothing is left behind");
    }
  }

  @Test
  void anArchiveOfADeclaredSizeIsTaken() throws IOException {
    try (TestHome home = new TestHome(directory)) {
      ImportOptions options = options(FILE_BYTES + Sizes.MIB);
      FileSystem imported = home.importFrom(archiveOfLetters(), options);
      assertEquals(
          FILE_BYTES, imported.lookup(FileSystem.ROOT_INODE, Bytes.utf8("letters")).sizeBytes());
    }
  }

  @Test
  void aZipFileIsRefusedByWhatItDeclares() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(bytes)) {
      for (String name : new String[] {"a", "b"}) {
        ZipArchiveEntry entry = new ZipArchiveEntry(name);
        entry.setMethod(ZipArchiveEntry.DEFLATED);
        entry.setSize(FILE_BYTES / 2);
        entry.setCompressedSize(10);
        entry.setCrc(0);
        zip.addRawArchiveEntry(entry, new ByteArrayInputStream(new byte[10]));
      }
    }
    try (TestHome home = new TestHome(directory)) {
      refuse(() -> home.importFrom(bytes.toByteArray()));
      assertEquals(0, home.things(), "nothing is left behind");
    }
  }

  @Test
  void runsCountAndZerosDoNot() throws IOException {
    UnpackLimit limit =
        new UnpackLimit(Sizes.MIB, UnpackLimit.of(options(null)).timesStored(), "x");
    refuse(() -> unpack(gzip(LETTERS, 8), limit));
    assertEquals(8 * Sizes.MIB, unpack(gzip(LETTERS, 8), withFree(limit, 8 * Sizes.MIB)));
    assertEquals(8 * Sizes.MIB, unpack(gzip(ZEROS, 8), limit));
  }

  @Test
  void whatIsDeclaredIsFree() {
    UnpackLimit undeclared = UnpackLimit.of(options(null));
    refuse(() -> undeclared.check(Sizes.GIB + 1, 0));
    undeclared.check(Sizes.GIB, 0);
    UnpackLimit declared = UnpackLimit.of(options(4 * Sizes.GIB));
    declared.check(5 * Sizes.GIB, 0);
    refuse(() -> declared.check(5 * Sizes.GIB + 1, 0));
    declared.check(Sizes.VOLUME_BYTES_MAX, Sizes.VOLUME_BYTES_MAX);
  }

  private static ImportOptions options(Long sizeBytes) {
    return new ImportOptions(null, sizeBytes);
  }

  private static UnpackLimit withFree(UnpackLimit limit, long freeBytes) {
    return new UnpackLimit(freeBytes, limit.timesStored(), limit.source());
  }
}
