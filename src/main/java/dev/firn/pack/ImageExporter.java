package dev.firn.pack;

import dev.firn.base.DurableFiles;
import dev.firn.base.FirnException;
import dev.firn.base.Program;
import dev.firn.region.Region;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FileSystemStatus;
import dev.firn.vfs.VolumeKind;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;

/**
 * Writes snapshots as images of disks: of a block volume the disk it is, of a filesystem volume an
 * ext4 file system with its files. Used once, by one thread.
 */
public final class ImageExporter {
  private static final int BUFFER_BYTES = 1 << 18;

  private final FileSystem source;
  private final Snapshot snapshot;
  private final TreeMounter mounter;
  private final ProgressListener listener;
  private final Progress progress;
  private final FileSystemStatus status;

  /** Asks whether there still is somebody who wants the image. */
  private final Program.Watcher watcher;

  private ImageExporter(
      FileSystem source, Snapshot snapshot, TreeMounter mounter, ProgressListener listener)
      throws IOException {
    this.source = source;
    this.snapshot = snapshot;
    this.mounter = mounter;
    this.listener = listener;
    this.status = source.status();
    long usedBytes = status.totalBytes() - status.freeBytes();
    this.progress = new Progress(listener, usedBytes);
    this.watcher = () -> listener.progress(0, Progress.UNKNOWN);
  }

  /** Writes to a stream, and does not close it. */
  public static void export(
      Region region,
      String snapshotReference,
      ImageFormat format,
      OutputStream target,
      TreeMounter mounter,
      ProgressListener listener)
      throws IOException {
    Snapshot snapshot = region.snapshot(snapshotReference);
    try (FileSystem source = region.openSnapshot(snapshot.id(), "an export")) {
      Path directory = Exporter.spoolDirectory(region);
      Path work = Files.createTempFile(directory, ".firn-", ".image");
      try {
        ImageExporter exporter = new ImageExporter(source, snapshot, mounter, listener);
        exporter.writeStream(format, target, work);
        exporter.progress.finish();
      } finally {
        Files.deleteIfExists(work);
      }
    } catch (IOException e) {
      throw FullDisk.explain(e, "the disk of the home, or the one that is written to,");
    }
  }

  /**
   * Writes to a file, which is complete and on disk when this returns, and untouched when it
   * throws. Replaces a file of that name.
   *
   * @throws FirnException as {@link Exporter#exportToFile}
   */
  public static void exportToFile(
      Region region,
      String snapshotReference,
      ImageFormat format,
      Path file,
      TreeMounter mounter,
      ProgressListener listener)
      throws IOException {
    Snapshot snapshot = region.snapshot(snapshotReference);
    Path target = Exporter.checkTarget(file);
    try (FileSystem source = region.openSnapshot(snapshot.id(), "an export")) {
      ImageExporter exporter = new ImageExporter(source, snapshot, mounter, listener);
      exporter.replaceFile(format, target, file);
      exporter.progress.finish();
    } catch (IOException e) {
      throw FullDisk.explain(e, "the disk of '" + file + "'");
    }
  }

  private void replaceFile(ImageFormat format, Path target, Path file) throws IOException {
    String name = "." + target.getFileName();
    Path guard = target.resolveSibling(name + ".partial");
    Path image = target.resolveSibling(name + ".image.partial");
    Path work = target.resolveSibling(name + ".work.partial");
    // What others write cannot be locked by us, so there is a file beside it that is.
    try (Exporter.Claim claim = Exporter.claim(guard, file)) {
      FileChannel lock = Exporter.create(claim, file);
      try (lock) {
        try {
          writeFile(format, image, work, file);
          Files.move(
              image, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
          // The guard while it is locked: another process may have one of that name afterwards.
          Files.deleteIfExists(image);
          Files.deleteIfExists(work);
          Files.deleteIfExists(guard);
        }
      }
    }
    DurableFiles.force(target.getParent());
  }

  private void writeFile(ImageFormat format, Path image, Path work, Path file) throws IOException {
    // What is there is left of an export that was killed, or leads to somebody's file.
    Files.deleteIfExists(image);
    if (format.isCompressed()) {
      writeCompressed(format, image, work, file);
    } else if (isDisk() && !format.isQcow2()) {
      RawDisk.writeFile(source, image, progress);
    } else {
      make(format.isQcow2(), image, work);
      DurableFiles.force(image);
    }
  }

  private void writeCompressed(ImageFormat format, Path image, Path work, Path file)
      throws IOException {
    CRC32C written = new CRC32C();
    try (OutputStream out =
        new CheckedOutputStream(
            Files.newOutputStream(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            written)) {
      writeStream(format, out, work);
    }
    DurableFiles.force(image);
    ReadBack.verify(image, written.getValue(), file);
  }

  /**
   * @param work the name of a temporary file
   */
  private void writeStream(ImageFormat format, OutputStream target, Path work) throws IOException {
    boolean direct = isDisk() && !format.isQcow2();
    if (!direct) {
      Path second = work.resolveSibling(work.getFileName() + ".2");
      try {
        make(format.isQcow2(), work, second);
      } finally {
        Files.deleteIfExists(second);
      }
    }
    UnclosedOutput.write(
        target,
        below ->
            format.isCompressed()
                ? new GzipCompressorOutputStream(below)
                : new BufferedOutputStream(below, BUFFER_BYTES),
        out -> {
          if (direct) {
            RawDisk.write(source, out, progress);
          } else {
            copy(work, out);
          }
        });
  }

  private void copy(Path file, OutputStream out) throws IOException {
    Progress copied = new Progress(listener, Files.size(file));
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        out.write(buffer, 0, count);
        copied.advance(count);
      }
    }
  }

  /** Makes an image that is not compressed, and checks it. */
  private void make(boolean qcow2, Path image, Path work) throws IOException {
    if (qcow2) {
      QemuImg.requireInstalled();
    }
    Files.deleteIfExists(image);
    try (TreeMounter.Mounted mounted = mounter.mount(source, true)) {
      if (isDisk()) {
        Path raw = mounted.directory().resolve(Disk.NAME);
        QemuImg.fromRaw(raw, image, snapshot.sizeBytes(), listener);
        return;
      }
      Files.deleteIfExists(work);
      Ext4Image.make(mounted.directory(), snapshot, status, qcow2 ? work : image, watcher);
    }
    if (qcow2) {
      QemuImg.fromRaw(work, image, Files.size(work), listener);
      Files.delete(work);
    }
  }

  private boolean isDisk() {
    return snapshot.kind() == VolumeKind.BLOCK;
  }
}
