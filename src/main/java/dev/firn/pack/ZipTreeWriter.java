package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Date;
import org.apache.commons.compress.archivers.zip.X000A_NTFS;
import org.apache.commons.compress.archivers.zip.X5455_ExtendedTimestamp;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.ZipExtraField;

/**
 * Writes the files of a snapshot as a zip file, with modes, owners, symbolic links and times of 100
 * ns. What a zip file cannot hold is told: hard links become files of their own, attributes and
 * special files are left out, holes become zeros. Names that are not UTF-8 are refused.
 */
final class ZipTreeWriter implements TreeWalker.Visitor {
  private static final int BUFFER_BYTES = 1 << 20;

  /** Compression may make a file a little longer. */
  private static final long SURELY_SMALL_BYTES = 0xf000_0000L;

  /** Days of DOS: from 1980 to 2107. */
  private static final long DOS_SECONDS_MIN = 315_532_800L;

  private static final long DOS_SECONDS_MAX = 4_354_819_198L;

  /** What the extended timestamp and the NTFS one can say. */
  private static final long NTFS_SECONDS_MIN = -11_644_473_600L;

  private static final long NTFS_SECONDS_MAX = 900_000_000_000L;

  private final FileSystem source;
  private final ZipArchiveOutputStream zip;
  private final Progress progress;
  private final FileReader reader;
  private long copies;
  private long attributes;

  private ZipTreeWriter(FileSystem source, OutputStream target, Progress progress) {
    this.source = source;
    this.progress = progress;
    this.reader = new FileReader(source, BUFFER_BYTES);
    this.zip = new ZipArchiveOutputStream(target);
    zip.setEncoding(StandardCharsets.UTF_8.name());
  }

  /** Writes all of the archive; does not close {@code target}. */
  static void write(FileSystem source, OutputStream target, Progress progress) throws IOException {
    ZipTreeWriter writer = new ZipTreeWriter(source, target, progress);
    TreeWalker.walk(source, writer);
    writer.zip.finish();
    if (writer.copies > 0) {
      progress.warning(
          writer.copies + " hard links became files of their own: a zip file cannot hold them");
    }
    if (writer.attributes > 0) {
      progress.warning(
          "extended attributes and access lists of "
              + writer.attributes
              + " files were left out: a zip file cannot hold them");
    }
  }

  @Override
  public void inode(Place place, Attributes inode) throws IOException {
    if (!source.listXattrs(inode.inode()).isEmpty()) {
      attributes++;
    }
    write(place, inode);
  }

  @Override
  public void link(Place place, Attributes inode, Place first) throws IOException {
    copies++;
    write(place, inode);
  }

  private void write(Place place, Attributes inode) throws IOException {
    if (place.isRoot()) {
      return;
    }
    byte[] path = place.path(new byte[0]);
    if (!Names.isUtf8(path)) {
      throw FirnException.failed(
          "a zip file cannot hold the name '%s', which is not UTF-8; export a tar", place);
    }
    String name = new String(path, StandardCharsets.UTF_8);
    switch (inode.mode() & FileMode.TYPE_MASK) {
      case FileMode.DIRECTORY -> {
        ZipArchiveEntry entry = entry(name + "/", inode);
        entry.setMethod(ZipArchiveEntry.STORED);
        entry.setSize(0);
        entry.setCrc(0);
        put(entry);
        zip.closeArchiveEntry();
      }
      case FileMode.SYMBOLIC_LINK -> {
        byte[] target = source.readLink(inode.inode());
        ZipArchiveEntry entry = entry(name, inode);
        entry.setSize(target.length);
        put(entry);
        zip.write(target);
        zip.closeArchiveEntry();
      }
      case FileMode.REGULAR -> {
        ZipArchiveEntry entry = entry(name, inode);
        entry.setSize(inode.sizeBytes());
        put(entry);
        writeContent(inode.inode(), inode.sizeBytes());
        zip.closeArchiveEntry();
      }
      default ->
          progress.warning(
              String.format("%s was left out: a zip file cannot hold a special file", place));
    }
  }

  private void put(ZipArchiveEntry entry) throws IOException {
    zip.setUseZip64(entry.getSize() > SURELY_SMALL_BYTES ? Zip64Mode.Always : Zip64Mode.AsNeeded);
    zip.putArchiveEntry(entry);
  }

  private ZipArchiveEntry entry(String name, Attributes inode) {
    ZipArchiveEntry entry = new ZipArchiveEntry(name);
    entry.setUnixMode(inode.mode());
    long seconds = inode.modifySeconds();
    // The field for DOS has the time of day without its zone; as if all the world were in UTC, so
    // that the same files give the same bytes.
    LocalDateTime utc =
        LocalDateTime.ofEpochSecond(
            Math.max(DOS_SECONDS_MIN, Math.min(DOS_SECONDS_MAX, seconds)), 0, ZoneOffset.UTC);
    entry.setTime(utc.atZone(ZoneId.systemDefault()).toInstant().toEpochMilli());
    entry.setExtraFields(new ZipExtraField[0]);
    if (seconds >= Integer.MIN_VALUE && seconds <= Integer.MAX_VALUE) {
      X5455_ExtendedTimestamp times = new X5455_ExtendedTimestamp();
      times.setModifyJavaTime(new Date(seconds * 1000));
      entry.addExtraField(times);
    }
    if (seconds >= NTFS_SECONDS_MIN && seconds <= NTFS_SECONDS_MAX) {
      X000A_NTFS times = new X000A_NTFS();
      times.setModifyFileTime(FileTime.from(Instant.ofEpochSecond(seconds, inode.modifyNanos())));
      entry.addExtraField(times);
    }
    entry.addExtraField(new ZipOwner(inode.uid(), inode.gid()));
    return entry;
  }

  private void writeContent(long inode, long size) throws IOException {
    byte[] zeros = new byte[0];
    long done = 0;
    reader.begin(inode, size, 1);
    while (done < size) {
      boolean data = reader.next();
      long dataStart = data ? reader.offset() : size;
      while (done < dataStart) {
        zeros = zeros.length > 0 ? zeros : new byte[BUFFER_BYTES];
        int count = (int) Math.min(zeros.length, dataStart - done);
        zip.write(zeros, 0, count);
        done += count;
      }
      if (data) {
        zip.write(reader.bytes(), 0, reader.length());
        done += reader.length();
        progress.advance(reader.length());
      }
    }
  }
}
