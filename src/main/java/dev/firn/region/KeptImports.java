package dev.firn.region;

import dev.firn.base.DurableFiles;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * How far imports came that may be gone on with: a file each, beside a frozen root of their block
 * map that has the same sequence number. The file is durable before the root is, so the newest root
 * always has its file; a file without a root is of a moment that no crash must have left.
 */
final class KeptImports {
  /** What the metadata of such a root begins with; that of a snapshot is JSON. */
  private static final byte[] ROOT_PREFIX = "import ".getBytes(StandardCharsets.US_ASCII);

  /** Roots of imports have numbers that snapshots never reach. */
  private static final long ROOT_NUMBER_MIN = 1L << 62;

  private final Path directory;

  KeptImports(Path home) {
    this.directory = home.resolve("imports");
  }

  /**
   * @param sequence counts what one import has kept, from 1
   * @param identity of what is imported
   * @param state of whoever imports
   */
  record Kept(long sequence, String accountId, String identity, byte[] state) {
    long rootNumber() {
      return ROOT_NUMBER_MIN + sequence;
    }

    byte[] rootMetadata() {
      return ROOT_PREFIX;
    }
  }

  /** Whether a frozen root is one of these, by its metadata. */
  static boolean isRoot(byte[] metadata) {
    return Arrays.equals(metadata, ROOT_PREFIX);
  }

  static long sequenceOf(long rootNumber) {
    return rootNumber - ROOT_NUMBER_MIN;
  }

  private Path file(long volumeNumber, long sequence) {
    return directory.resolve(String.format("%08x-%08x", volumeNumber, sequence));
  }

  /** Durable on return. */
  void write(long volumeNumber, Kept kept) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF(kept.accountId);
    out.writeUTF(kept.identity);
    out.writeInt(kept.state.length);
    out.write(kept.state);
    out.writeInt(checksum(bytes.toByteArray(), bytes.size()));
    Files.createDirectories(directory);
    Path file = file(volumeNumber, kept.sequence);
    Files.write(file, bytes.toByteArray());
    DurableFiles.force(file);
    DurableFiles.force(directory);
  }

  /** Null if there is none, or none that can be read. */
  Kept read(long volumeNumber, long sequence) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file(volumeNumber, sequence));
    } catch (NoSuchFileException e) {
      return null;
    }
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    try {
      String accountId = in.readUTF();
      String identity = in.readUTF();
      byte[] state = new byte[Math.min(in.readInt(), bytes.length)];
      in.readFully(state);
      int length = bytes.length - in.available();
      return in.readInt() == checksum(bytes, length)
          ? new Kept(sequence, accountId, identity, state)
          : null;
    } catch (IOException | NegativeArraySizeException cutShort) {
      return null;
    }
  }

  private static int checksum(byte[] bytes, int length) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, 0, length);
    return (int) checksum.getValue();
  }

  /** What an import kept last, whether its root became durable or not; null: nothing. */
  Kept newest(long volumeNumber) throws IOException {
    Kept newest = null;
    for (long sequence : sequences(volumeNumber)) {
      Kept kept = read(volumeNumber, sequence);
      newest = kept != null ? kept : newest;
    }
    return newest;
  }

  /** Ascending. */
  private List<Long> sequences(long volumeNumber) throws IOException {
    List<Long> found = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      String glob = String.format("%08x-*", volumeNumber);
      try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, glob)) {
        for (Path file : files) {
          String name = file.getFileName().toString();
          found.add(Long.parseLong(name.substring(name.indexOf('-') + 1), 16));
        }
      }
    }
    found.sort(Comparator.naturalOrder());
    return found;
  }

  /** Removes what is of none of these imports. */
  void retain(List<Long> volumeNumbers) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (!volumeNumbers.contains(Long.parseLong(name.substring(0, name.indexOf('-')), 16))) {
          Files.delete(file);
        }
      }
    }
  }

  void remove(long volumeNumber, long sequence) throws IOException {
    Files.deleteIfExists(file(volumeNumber, sequence));
  }

  void removeAll(long volumeNumber) throws IOException {
    for (long sequence : sequences(volumeNumber)) {
      remove(volumeNumber, sequence);
    }
  }
}
