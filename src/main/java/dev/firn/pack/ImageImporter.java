package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.region.ImportRequest;
import dev.firn.region.Region;
import dev.firn.region.SnapshotImport;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import dev.firn.vfs.VolumeKind;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Makes a snapshot of a block volume from a disk's image. Nothing of it is visible until all of it
 * has been read; a failure leaves nothing behind. Safe to use from several threads.
 *
 * <p>Images are hostile. One of QEMU's is copied into the home, with the header that was checked,
 * so that it does not change before it is read; and no more of it than such an image can have.
 */
public final class ImageImporter {
  private static final int BUFFER_BYTES = 1 << 18;

  private ImageImporter() {}

  /**
   * Reads {@code in} to its end; does not close it.
   *
   * @throws FirnException of kind CORRUPT if it is no such image, damaged, or wants other files;
   *     NO_SPACE if it does not fit into a disk of the wanted size, or under the home
   */
  public static Snapshot importFrom(
      Region region,
      InputStream in,
      ImageFormat format,
      ImportOptions options,
      TreeMounter mounter,
      ProgressListener listener)
      throws IOException {
    try {
      InputStream buffered = new BufferedInputStream(in, BUFFER_BYTES);
      if (!format.isCompressed()) {
        return importPlain(region, buffered, format, options, mounter, listener);
      }
      try (InputStream plain =
          new Decompressed(PackageFormat.TAR_GZ, buffered, UnpackLimit.of(options))) {
        return importPlain(region, plain, format, options, mounter, listener);
      }
    } catch (IOException e) {
      throw FullDisk.explain(e, "the disk of the home");
    }
  }

  private static Snapshot importPlain(
      Region region,
      InputStream in,
      ImageFormat format,
      ImportOptions options,
      TreeMounter mounter,
      ProgressListener listener)
      throws IOException {
    if (format.isQcow2()) {
      return importQcow2(region, in, options, mounter, listener);
    }
    return importRaw(region, in, options, listener);
  }

  private static Snapshot importRaw(
      Region region, InputStream in, ImportOptions options, ProgressListener listener)
      throws IOException {
    boolean sized = options.sizeBytes() != null;
    long sizeBytes = sized ? options.sizeBytes() : Sizes.VOLUME_BYTES_MAX;
    try (SnapshotImport session = region.beginImport(request(options, sizeBytes))) {
      Progress progress = new Progress(listener, Progress.UNKNOWN);
      long disk = makeDisk(region, session.target());
      long length = RawDisk.read(in, session.target(), disk, sizeBytes, options.source(), progress);
      if (length == 0) {
        throw FirnException.corrupt("%s is empty, and no disk", options.source());
      }
      if (!sized) {
        session.resize(diskBytes(length));
      }
      progress.finish();
      return session.publish();
    }
  }

  private static Snapshot importQcow2(
      Region region,
      InputStream in,
      ImportOptions options,
      TreeMounter mounter,
      ProgressListener listener)
      throws IOException {
    QemuImg.requireInstalled();
    byte[] head = in.readNBytes(Qcow2Header.BYTES);
    long declared = Qcow2Header.diskBytes(head, options.source());
    long sizeBytes = options.sizeBytes() == null ? diskBytes(declared) : options.sizeBytes();
    if (declared > sizeBytes) {
      throw FirnException.noSpace(
          "%s is of a disk of %d bytes, which does not fit into %d; give more with --size",
          options.source(), declared, sizeBytes);
    }
    Path directory = Exporter.spoolDirectory(region);
    Path image = Files.createTempFile(directory, ".firn-", ".qcow2");
    try {
      copy(head, in, image, declared, options.source(), listener);
      try (SnapshotImport session = region.beginImport(request(options, sizeBytes))) {
        FileSystem target = session.target();
        target.setAttributes(makeDisk(region, target), SetAttributes.size(declared));
        try (TreeMounter.Mounted mounted = mounter.mount(target, false)) {
          Path raw = mounted.directory().resolve(Disk.NAME);
          QemuImg.toRaw(image, raw, declared, options.source(), listener);
        }
        return session.publish();
      }
    } finally {
      Files.deleteIfExists(image);
    }
  }

  /** Writes an image of a disk of {@code diskBytes} that begins with {@code head}. */
  private static void copy(
      byte[] head,
      InputStream in,
      Path image,
      long diskBytes,
      String source,
      ProgressListener listener)
      throws IOException {
    Progress progress = new Progress(listener, Progress.UNKNOWN);
    long bytesMax = Qcow2Header.imageBytesMax(diskBytes);
    try (OutputStream out = Files.newOutputStream(image)) {
      out.write(head);
      byte[] buffer = new byte[BUFFER_BYTES];
      long bytes = head.length;
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        bytes += count;
        if (bytes > bytesMax) {
          throw FirnException.corrupt(
              "%s has more bytes than an image of a disk of %s can have; if it keeps snapshots of"
                  + " its own, make one without them with 'qemu-img convert -O qcow2' first",
              source, Sizes.format(diskBytes));
        }
        out.write(buffer, 0, count);
        progress.advance(count);
      }
    }
  }

  private static ImportRequest request(ImportOptions options, long sizeBytes) {
    return new ImportRequest(
        options.name(), sizeBytes, null, Map.of(), null, null, VolumeKind.BLOCK, null);
  }

  /** The size of the smallest disk that holds so many bytes. */
  private static long diskBytes(long bytes) {
    long sectors = (bytes + Disk.SECTOR_BYTES - 1) / Disk.SECTOR_BYTES;
    return Math.max(Sizes.MIB, sectors * Disk.SECTOR_BYTES);
  }

  /** Makes the one file, for the home's owner; answers its inode. */
  private static long makeDisk(Region region, FileSystem target) throws IOException {
    int uid = (Integer) Files.getAttribute(region.home(), "unix:uid");
    int gid = (Integer) Files.getAttribute(region.home(), "unix:gid");
    target.setAttributes(FileSystem.ROOT_INODE, SetAttributes.owner(uid, gid));
    int mode = FileMode.REGULAR | 0600;
    return target.makeNode(FileSystem.ROOT_INODE, Disk.name(), mode, 0, uid, gid).inode();
  }
}
